"""Retention: which sealed segments are too many or too old (design section 4).

A leaf, run at rotation by whoever holds the log's lock; a SEND that was still below gets a gap.
"""

import itertools
import os
from pathlib import Path

from papayad import segments
from papayad.config import Chatlog

_DAY = 86400.0


def prune(state_dir: Path, chatlog: Chatlog, now: float) -> list[int]:
    """Remove what `retain_bytes` and `retain_days` do not keep; returns the bases, oldest first.

    Oldest first and never with a hole: a segment goes only when every older one has gone.
    """
    bases = segments.bases(state_dir)
    end = bases[-1] if bases else 0
    removed = []
    for base, successor in itertools.pairwise(bases):
        too_many = chatlog.retain_bytes and end - successor >= chatlog.retain_bytes
        if not (too_many or _is_old(state_dir, base, chatlog.retain_days, now)):
            break
        os.unlink(segments.path(state_dir, base))
        removed.append(base)
    return removed


def _is_old(state_dir: Path, base: int, days: int, now: float) -> bool:
    """A sealed segment is as old as its last record: nothing writes to it any more."""
    return days > 0 and os.stat(segments.path(state_dir, base)).st_mtime < now - days * _DAY
