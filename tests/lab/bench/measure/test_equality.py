"""A run whose work was not equal does not count."""

from typing import Any

import pytest

from lab.bench.measure import equality

EQUAL = {
    "processes": 65, "wanted": 65, "read": 1.0, "written": 1.12, "rate": 1.0, "generator": 20.0,
}  # fmt: skip


def test_equal_work_counts() -> None:
    assert equality.why_not(EQUAL) == ""
    assert equality.why_not(EQUAL | {"read": None}) == ""  # recv(2), which nobody counts
    assert equality.flag(EQUAL, 30.0) == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"read": 0.0}, "read 0 % of what was sent"),
        ({"written": 0.5}, "wrote 50 % of what was sent"),
        ({"processes": 30}, "30 of 65 processes"),
        ({"rate": 0.9}, "was sent 90 % of the load"),
    ],
)
def test_what_is_not_equal_is_dropped(change: dict[str, Any], why: str) -> None:
    assert equality.why_not(EQUAL | change) == why


def test_who_uses_all_of_a_core_is_flagged() -> None:
    assert equality.flag(EQUAL, 99.0) == "saturated"
    assert equality.flag(EQUAL | {"generator": 95.0}, 20.0) == "generator busy"
