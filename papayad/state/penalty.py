"""Penalties: what the failures of a source cost it, and how that fades (design section 8).

A leaf: the acceptor keeps a table and leaves a mark for each source that failed, a file in
`state_dir/penalties`; papayactl reads the marks, and removes one to forgive. A mark is one line:

    SOURCE score=S at=T failures=N reason=WORD

with T on the monotonic clock, which does not change when the wall clock is set. It is the same for
all processes of a machine, and after a boot the old marks are void.
"""

import math
import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from papayad.system.files import plain_names, read_plain

WEIGHTS = {"auth": 2.0, "garbage": 2.0, "handshake": 1.0, "deadline": 1.0}

_MOST = 64.0  # times the threshold: what a score may grow to, six half-lives above it
_FORGOTTEN = 0.5  # a score below this is none
_BYTES_AT_MOST = 256  # of a mark

_MARK = re.compile(
    r"(?P<source>[0-9a-f.:/]{2,50}) score=(?P<score>[0-9]{1,12}\.[0-9]{2}) "
    r"at=(?P<at>[0-9]{1,12}\.[0-9]{3}) failures=(?P<failures>[0-9]{1,9}) "
    rf"reason=(?P<reason>{'|'.join(WEIGHTS)})\n?\Z"
)


@dataclass(frozen=True, slots=True)
class Scale:
    """A source with `threshold` points is refused (0: none ever is); half of them fade in
    `half_life` seconds."""

    threshold: float
    half_life: float


@dataclass(frozen=True, slots=True)
class Penalty:
    """A source's points at a moment, and its failures since it last had no points."""

    source: str
    score: float
    at: float
    failures: int
    reason: str

    def faded(self, scale: Scale, now: float) -> float:
        """The points that are left now."""
        return float(self.score * 0.5 ** (max(0.0, now - self.at) / scale.half_life))

    def refuses(self, scale: Scale, now: float) -> bool:
        return 0 < scale.threshold <= self.faded(scale, now)

    def refused_for(self, scale: Scale, now: float) -> float:
        """Seconds until the source is no longer refused; 0 when it is not."""
        left = self.faded(scale, now)
        if not 0 < scale.threshold <= left:
            return 0.0
        return scale.half_life * math.log2(left / scale.threshold)

    def is_over(self, scale: Scale, now: float) -> bool:
        """Whether it counts no more: it has faded, or is of another boot (it is in the future)."""
        return now < self.at or self.faded(scale, now) < _FORGOTTEN


class Table:
    """The penalties of the sources that failed last, at most `most`."""

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._known: OrderedDict[str, Penalty] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, source: str) -> Penalty | None:
        return self._known.get(source)

    def charge(self, source: str, reason: str, scale: Scale, now: float) -> Penalty:
        """Add a failure: the n-th one in a row costs n times its weight."""
        old = self._known.get(source)
        left, failures = 0.0, 0
        if old and not old.is_over(scale, now):
            left, failures = old.faded(scale, now), old.failures
        failures += 1
        score = min(left + WEIGHTS[reason] * failures, _MOST * max(scale.threshold, 1.0))
        penalty = Penalty(source, score, now, failures, reason)
        self.put(penalty)
        return penalty

    def put(self, penalty: Penalty) -> None:
        self._known[penalty.source] = penalty
        self._known.move_to_end(penalty.source)

    def forget(self, source: str) -> None:
        self._known.pop(source, None)

    def surplus(self, scale: Scale, now: float) -> list[str]:
        """Forget the oldest: those above the bound, and those that have faded. Return them."""
        forgotten = []
        while self._known:
            oldest = next(iter(self._known.values()))
            if len(self._known) <= self._most and not oldest.is_over(scale, now):
                break
            forgotten.append(oldest.source)
            del self._known[oldest.source]
        return forgotten


def directory(state_dir: Path) -> Path:
    return state_dir / "penalties"


def mark(state_dir: Path, source: str) -> Path:
    """The file of a source; a network's slash cannot stand in a file's name."""
    return directory(state_dir) / source.replace("/", "_")


def render(penalty: Penalty) -> str:
    return (
        f"{penalty.source} score={penalty.score:.2f} at={penalty.at:.3f} "
        f"failures={penalty.failures} reason={penalty.reason}\n"
    )


def parse(line: str) -> Penalty | None:
    """The penalty in a mark, None when the line is not one."""
    found = _MARK.match(line)
    if found is None:
        return None
    score, at, failures = float(found["score"]), float(found["at"]), int(found["failures"])
    return Penalty(found["source"], score, at, failures, found["reason"])


def read_all(state_dir: Path) -> list[Penalty]:
    """The penalties of all marks, the oldest first. Raises OSError."""
    found = []
    for name in plain_names(directory(state_dir)):
        content = read_plain(directory(state_dir) / name, _BYTES_AT_MOST) or b""
        penalty = parse(content.decode("ascii", "replace"))
        if penalty and mark(state_dir, penalty.source).name == name:
            found.append(penalty)
    return sorted(found, key=lambda penalty: penalty.at)
