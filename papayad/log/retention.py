"""Retention: which sealed segments are too many or too old (design section 4).

A leaf, run at rotation by the process that holds the log's lock; a SEND that was still below gets a
gap.
"""

import itertools
import os
from pathlib import Path

from papayad.formats import record
from papayad.log import moments, segments
from papayad.settings import Chatlog

_DAY = 86400.0


def prune(state_dir: str | Path, chatlog: Chatlog, now: float) -> list[int]:
    """Remove what `retain_bytes` and `retain_days` do not keep; returns the bases, oldest first."""
    removed = excess(state_dir, chatlog, now)
    for base in removed:
        os.unlink(segments.path(state_dir, base))
    return removed


def excess(
    state_dir: str | Path, chatlog: Chatlog, now: float, *, last_too: bool = False
) -> list[int]:
    """The bases of the segments that are too many or too old, oldest first.

    There is never a hole: a segment goes only if all older ones go. The last one is being
    written, and stays; `last_too`: it will be sealed before, and counts like the others.
    """
    bases = segments.bases(state_dir)
    end = bases[-1] if bases else 0
    found: list[int] = []
    for base, successor in itertools.pairwise(bases):
        too_many = chatlog.retain_bytes and end - successor >= chatlog.retain_bytes
        if not (too_many or is_old(state_dir, base, chatlog.retain_days, now)):
            return found
        found.append(base)
    if last_too and bases and is_old(state_dir, end, chatlog.retain_days, now):
        found.append(end)
    return found


def is_old(state_dir: str | Path, base: int, days: int, now: float) -> bool:
    """A sealed segment is as old as its last record: nothing writes to it any more."""
    if days <= 0:
        return False
    oldest = now - days * _DAY
    if stamp := moments.last(state_dir, base):
        return stamp < record.stamp(oldest)
    return os.stat(segments.path(state_dir, base)).st_mtime < oldest
