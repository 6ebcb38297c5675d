"""Numbers for people."""

import pytest

from papayactl.cli import figures


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"),
        (0, "0"),
        (999, "999"),
        (1000, "1.0K"),
        (1024, "1.0K"),
        (1234567, "1.2M"),
        (10 * 1024, "10K"),
        (1023 * 1024, "1.0M"),
        (5 << 40, "5.0T"),
    ],
)
def test_size(count: int | None, text: str) -> None:
    assert figures.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.031, "0.03s"), (12.34, "12.3s"), (192, "3m12s"), (4 * 3600 + 420, "4h07m")],
)
def test_cpu(seconds: float, text: str) -> None:
    assert figures.cpu(int(seconds * 1e9)) == text


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert figures.total([1, 2]) == 3
    assert figures.total([1, None]) is None
