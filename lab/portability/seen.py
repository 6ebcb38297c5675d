"""The results of a platform: read from pytest's report, and kept in `seen.json` between runs."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

KEPT = Path(__file__).with_name("seen.json")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`failed` are the tests' names; `skipped` counts reasons, and so does `expected` (xfail)."""

    date: str
    facts: dict[str, str]
    passed: int
    failed: list[str]
    skipped: dict[str, int]
    expected: dict[str, int]

    def sentence(self, name: str) -> str:
        skipped = sum(self.skipped.values())
        return f"{name}: {self.passed} passed, {len(self.failed)} failed, {skipped} skipped"

    def to_repeat(self) -> list[str]:
        """The names of the tests that failed, in the form that pytest takes."""
        names = (name.partition(".test_") for name in self.failed)
        places = ((f"{path}.test_{rest.partition('.')[0]}", rest) for path, _, rest in names)
        return [f"{place.replace('.', '/')}.py::{rest.partition('.')[2]}" for place, rest in places]

    def repeated(self, again: "Outcome") -> "Outcome":
        """This outcome, with the new results of its failed tests after they ran once more."""
        passed = self.passed + again.passed
        return replace(self, date=again.date, passed=passed, failed=again.failed)


def read(report: Path) -> Outcome:
    """The outcome in a directory with junit.xml and facts.json."""
    cases = list(ElementTree.parse(report / "junit.xml").iter("testcase"))
    failed = [
        f"{case.get('classname')}.{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    left_out = [(kind, why) for case in cases for kind, why in _left_out(case)]
    return Outcome(
        time.strftime("%Y-%m-%d", time.gmtime()),
        json.loads((report / "facts.json").read_text()),
        len(cases) - len(failed) - len(left_out),
        failed,
        dict(Counter(why for kind, why in left_out if kind == "pytest.skip")),
        dict(Counter(why for kind, why in left_out if kind == "pytest.xfail")),
    )


def _left_out(case: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for element in case.iter("skipped"):
        yield element.get("type", ""), element.get("message", "").removeprefix("Skipped: ")


def keep(name: str, outcome: Outcome) -> None:
    kept = all_kept() | {name: outcome}
    values = {name: asdict(kept[name]) for name in sorted(kept)}
    KEPT.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def all_kept() -> dict[str, Outcome]:
    if not KEPT.exists():
        return {}
    return {
        name: Outcome(**values)
        for name, values in json.loads(KEPT.read_text(encoding="utf-8")).items()
    }
