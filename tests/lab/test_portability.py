"""docs/portability.md is what its command writes, and what it says of the code is there."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from lab.portability import page, seen
from lab.portability.main import PAGE
from lab.portability.platforms import PLATFORMS
from lab.portability.seen import Outcome

JUNIT = """<?xml version="1.0"?>
<testsuites><testsuite name="pytest" tests="5">
<testcase classname="tests.test_a" name="test_good" />
<testcase classname="tests.test_a" name="test_bad"><failure message="no">x</failure></testcase>
<testcase classname="tests.test_a" name="test_broken"><error message="no">x</error></testcase>
<testcase classname="tests.test_b" name="test_left_out">
<skipped type="pytest.skip" message="no fish">x</skipped></testcase>
<testcase classname="tests.test_b" name="test_wrong">
<skipped type="pytest.xfail" message="a mistake">x</skipped></testcase>
</testsuite></testsuites>
"""
FACTS = {"system": "Some", "python": "3.99", "machine": "abacus, 8 bit", "kernel": "K", "libc": ""}


@pytest.fixture
def outcome(tmp_path: Path) -> Outcome:
    (tmp_path / "junit.xml").write_text(JUNIT)
    (tmp_path / "facts.json").write_text(json.dumps(FACTS))
    return seen.read(tmp_path)


def test_the_page_is_what_the_command_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page.render(seen.all_kept(), page.calls())


def test_what_was_seen_is_of_platforms_that_are_known() -> None:
    assert set(seen.all_kept()) <= set(PLATFORMS)


def test_each_test_is_counted_once(outcome: Outcome) -> None:
    assert outcome.passed == 1
    assert outcome.failed == ["tests.test_a.test_bad", "tests.test_a.test_broken"]
    assert (outcome.skipped, outcome.expected) == ({"no fish": 1}, {"a mistake": 1})
    assert outcome.sentence("here") == "here: 1 passed, 2 failed, 1 skipped"


def test_what_failed_is_run_again(outcome: Outcome) -> None:
    assert outcome.to_repeat() == ["tests/test_a.py::test_bad", "tests/test_a.py::test_broken"]
    again = outcome.repeated(replace(outcome, passed=1, failed=["tests.test_a.test_bad"]))
    assert (again.passed, again.failed) == (2, ["tests.test_a.test_bad"])
    assert again.skipped == outcome.skipped


def test_a_reason_stands_once_with_where_it_is_one(outcome: Outcome) -> None:
    lines = page.render({"one": outcome, "two": outcome}, []).splitlines()
    assert "- no fish (one 1, two 1)" in lines
    assert "- expected to fail: a mistake (one 1, two 1)" in lines
    assert "| one: Some | abacus, 8 bit | 3.99 | K | 1 | 2 | 2 |" in "\n".join(lines)


def test_a_call_names_files_and_pages() -> None:
    """That the files are there is for tests/test_documents.py."""
    for call in page.calls():
        assert re.search(r"`(?:papayad|papayactl|contrib)/[^`]+`", call["here"]), call["what"]
        assert call["pages"]
        assert all(re.fullmatch(r"\w+\(\d\)|[\w.-]+\(\d\)", one) for one in call["pages"])
