"""The state directory: completed and repaired before the acceptor serves (design section 4).

Run by the acceptor at start, when it holds the pid file's lock. If a group lives, the log is in use
and whole. If none does, its last segment is checked record by record, since sectors may read as
zeros after a power cut, and `committed` is rebuilt.
"""

import os
import re
from collections.abc import Callable
from errno import EDQUOT, ENOSPC
from pathlib import Path

from papayad.errors import CONFIGURATION, Fault
from papayad.log import committed, segments, strays, surplus
from papayad.state import groups, history, marks, penalty, roster
from papayad.system.files import read_plain, sync_directory, write_whole

_IDENTITY = "identity"
_HEX = re.compile(rb"[0-9a-f]{32}\n")
_NUMBER = re.compile(rb"[0-9]{20}\n")
_SMALL = 64  # bytes; identity and committed are smaller
_RESTORED = "take the log as it is with papayactl log restored"
_DIRECTORIES = (
    groups.directory,
    roster.directory,
    marks.seen,
    marks.frozen,
    marks.muted,
    penalty.directory,
    history.byes,
)


def identity(state_dir: Path) -> str:
    """The log's identity, 32 hex characters; drawn anew when committed bytes were lost.

    A Fault (78) if there is none: `prepare` draws no new one while clients are connected, since
    they know the old one.
    """
    text = _small(state_dir / _IDENTITY)
    if not _HEX.fullmatch(text):
        remedy = "put it back, or papayactl shutdown: then the next start draws a new one"
        why = f"is {'spoiled' if text else 'away'}, and clients are connected"
        raise Fault(str(state_dir / _IDENTITY), why, remedy, code=CONFIGURATION)
    return text.decode().strip()


def prepare(state_dir: Path, warn: Callable[[str], None]) -> None:
    """Make what is missing and repair what a crash left.

    Raises OSError, and a Fault (78) if only a person can say which log is the right one.
    """
    for directory in _DIRECTORIES:
        directory(state_dir).mkdir(mode=0o700, exist_ok=True)
    if line := strays.words(state_dir):
        warn(f"{state_dir}: {line}")
    if _is_in_use(state_dir):
        _check_in_use(state_dir)
    else:
        _repair(state_dir, warn)
    for misfit in segments.misfits(state_dir):
        warn(f"{misfit}: who reads there gets a gap")


def check(state_dir: Path) -> None:
    """Raise the Fault (78) that a start would raise, but change nothing. Raises OSError."""
    if _is_in_use(state_dir):
        _check_in_use(state_dir)
        identity(state_dir)
    else:
        _refuse_strange_log(state_dir)


def renew_identity(state_dir: Path) -> None:
    """Draw a new identity: to its clients it is another log, and each begins a new copy."""
    _write(state_dir / _IDENTITY, f"{os.urandom(16).hex()}\n".encode())


def take_as_it_is(state_dir: Path, warn: Callable[[str], None]) -> int:
    """Take the segments as they are, and forget what was known before.

    For papayactl, when the room has no clients. Returns the log's end; raises OSError.
    """
    known = segments.bases(state_dir)
    renew_identity(state_dir)
    end = _cut(state_dir, known[-1], warn) if known else 0
    _finish(state_dir, known, end)
    return end


def _repair(state_dir: Path, warn: Callable[[str], None]) -> None:
    known = segments.bases(state_dir)
    shown = _committed_before(state_dir)
    _refuse_strange_log(state_dir)
    end = _cut(state_dir, known[-1], warn) if known else 0
    lost = shown > end or (shown < 0 and bool(known))
    if lost or not _HEX.fullmatch(_small(state_dir / _IDENTITY)):
        renew_identity(state_dir)
    if lost:
        warn(f"committed records are lost: the log ends at {end}, and is a new one to its clients")
    elif 0 <= shown < end:
        warn(f"{end - shown} bytes of records after the committed end {shown} are kept")
    _finish(state_dir, known, end, shown)


def _finish(state_dir: Path, known: list[int], end: int, shown: int = -1) -> None:
    if shown != end:
        _write(state_dir / committed.FILE, b"%020d\n" % end)
    if not known:  # made last: a segment without a committed end counts as one that lost it
        os.close(segments.open_segment(state_dir, 0, os.O_CREAT | os.O_WRONLY))
    sync_directory(state_dir)


def _is_in_use(state_dir: Path) -> bool:
    path = groups.directory(state_dir)
    return path.is_dir() and bool(groups.live(path))


def _check_in_use(state_dir: Path) -> None:
    """Check only: nothing is repaired while clusters live, which have the files and the lock.

    A new `committed` would have a new lock, and there could be two writers at once.
    """
    end, path = _committed_before(state_dir), state_dir / committed.FILE
    if end < 0 or end >= committed.IMPOSSIBLE:
        why = "is gone, or has no possible end, and there are clients"
        remedy = "end them with papayactl shutdown, then start papayad"
        raise Fault(str(path), why, remedy, code=CONFIGURATION)


def _refuse_strange_log(state_dir: Path) -> None:
    """Refuse (with a Fault, 78) a last segment that may not be one, or that somebody has edited:
    to cut it could remove what people have seen.

    After a segment was removed, the next one begins at the committed end.
    """
    known, shown = segments.bases(state_dir), _committed_before(state_dir)
    if not known:
        return
    last, path = known[-1], segments.path(state_dir, known[-1])
    lines = surplus.look(state_dir, last, last)
    hole = surplus.hole_before(state_dir, last)
    if hole and not last <= shown <= lines.end:
        remedy = f"move away what is no segment of this log; if both are, {_RESTORED}"
        raise Fault(path, str(hole), remedy, code=CONFIGURATION)
    if lines.goes_on and not lines.zeros:
        why = f"the line at byte {lines.good - last} is no record, and records come after it"
        raise Fault(path, why, f"put it right, or {_RESTORED}", code=CONFIGURATION)


def _committed_before(state_dir: Path) -> int:
    """The committed end that was stored before; -1 if there is none, or no valid one."""
    text = _small(state_dir / committed.FILE)
    return int(text) if _NUMBER.fullmatch(text) else -1


def _cut(state_dir: Path, base: int, warn: Callable[[str], None]) -> int:
    """Cut the last segment at its first bad record, sync it, and return its end.

    If there are records in what is cut away, it stays in a file beside the segment: a power cut may
    leave a sector of zeros before records that people have seen.
    """
    lines = surplus.look(state_dir, base, base)
    descriptor = segments.open_segment(state_dir, base, os.O_RDWR)
    try:
        if lines.good < lines.end:
            if lines.goes_on:
                kept = _set_aside(state_dir, descriptor, base, lines)
                warn(f"{kept} has what came after offset {lines.good}, where there is no record")
            os.ftruncate(descriptor, lines.good - base)
            warn(f"cut {lines.end - lines.good} bytes after offset {lines.good}: not whole records")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return lines.good


def _set_aside(state_dir: Path, descriptor: int, base: int, lines: surplus.Lines) -> Path:
    path = state_dir / f"{lines.good:020d}{strays.CUT}"
    size = min(lines.end - lines.good, surplus.FURTHEST)
    write_whole(path, os.pread(descriptor, size, lines.good - base))
    return path


def _small(path: Path) -> bytes:
    return read_plain(path, _SMALL) or b""


def _write(path: Path, content: bytes) -> None:
    """Write a file anew; on a full disk in place, where there is room for it."""
    try:
        write_whole(path, content)
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT) or len(_small(path)) != len(content):
            raise
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, content, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
