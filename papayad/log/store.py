"""The state directory: made whole before the acceptor serves (design section 4).

Run by the acceptor at start, by the holder of the pid file's lock. With a live group the log is in
use and whole; with none its last segment is checked record by record, since after a power cut
sectors may read as zeros, and `committed` is rebuilt.
"""

import os
from collections.abc import Callable
from pathlib import Path

from papayad.errors import CONFIGURATION, Fault
from papayad.formats import record
from papayad.log import committed, segments
from papayad.state import groups, marks, penalty, roster
from papayad.system.files import sync_directory, write_whole

_IDENTITY = "identity"
_DIRECTORIES = (
    groups.directory,
    roster.directory,
    marks.seen,
    marks.frozen,
    marks.muted,
    penalty.directory,
)


def identity(state_dir: Path) -> str:
    """The log's identity, 32 hex characters; drawn anew when committed bytes were lost.

    A Fault (78) when it is away: `prepare` leaves it so while clients are connected, who know it.
    """
    try:
        return (state_dir / _IDENTITY).read_text().strip()
    except FileNotFoundError:
        remedy = "put it back, or papayactl shutdown: then the next start draws a new one"
        raise Fault(
            str(state_dir / _IDENTITY), "is away, and clients are connected", remedy,
            code=CONFIGURATION,
        ) from None  # fmt: skip


def prepare(state_dir: Path, warn: Callable[[str], None]) -> None:
    """Make what is missing and repair what a crash left; raises OSError."""
    for directory in _DIRECTORIES:
        directory(state_dir).mkdir(mode=0o700, exist_ok=True)
    if not groups.live(groups.directory(state_dir)):
        _repair(state_dir, warn)


def first_bad_byte(path: str, base: int) -> tuple[int, int]:
    """The offset after the last whole record of a segment, and the segment's end."""
    good = base
    with open(path, "rb") as file:
        for line in file:
            if not line.endswith(b"\n") or record.parse(line[:-1]) is None:
                break
            good += len(line)
        return good, base + os.fstat(file.fileno()).st_size


def _repair(state_dir: Path, warn: Callable[[str], None]) -> None:
    known = segments.bases(state_dir)
    shown = _committed_before(state_dir)
    end = _cut(state_dir, known[-1], warn) if known else 0
    lost = shown > end or (shown < 0 and bool(known))
    if lost or not (state_dir / _IDENTITY).exists():
        write_whole(state_dir / _IDENTITY, f"{os.urandom(16).hex()}\n".encode())
    if lost:
        warn(f"committed records are lost: the log ends at {end}, and is a new one to its clients")
    if shown != end:
        write_whole(state_dir / committed.FILE, b"%020d\n" % end)
    if not known:  # last: a segment without a committed end is one that lost it
        os.close(os.open(segments.path(state_dir, 0), os.O_CREAT | os.O_WRONLY, 0o600))
    sync_directory(state_dir)


def _committed_before(state_dir: Path) -> int:
    """The committed end that a former life left; -1 when there is none, or none to be read."""
    try:
        text = (state_dir / committed.FILE).read_bytes()
        return int(text) if len(text) == 21 else -1
    except (FileNotFoundError, ValueError):
        return -1


def _cut(state_dir: Path, base: int, warn: Callable[[str], None]) -> int:
    """Cut the last segment at its first bad record, sync it, and return its end."""
    path = segments.path(state_dir, base)
    good, end = first_bad_byte(path, base)
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        if good < end:
            os.ftruncate(descriptor, good - base)
            warn(f"cut {end - good} bytes after offset {good}: not whole records")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return good
