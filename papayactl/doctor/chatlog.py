"""Whether the chat log's files fit together, and how long the disk has room for more.

For doctor; changes nothing, and waits for no lock. `papayactl log verify` reads every byte, this
only the names, the sizes, and what lies beyond the committed end.
"""

import os
import time
from collections.abc import Iterator

from papayactl.cli import figures
from papayactl.cli.shell import command
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.look import clients, living
from papayactl.system import descriptors
from papayad.log import committed, forecast, segments, strays, surplus
from papayad.log.committed import Committed
from papayad.settings import Settings
from papayad.state import groups

_REOPEN = "papayactl shutdown, then papayactl acceptor start"


def files(settings: Settings) -> Iterator[Finding]:
    checks = (_end, _other_end, _surplus, _misfits, _set_aside)
    found = [one for check in checks for one in check(settings)]
    yield from found or [Finding(OK, "the log", "its segments and its committed end fit together")]


def growth(settings: Settings) -> Iterator[Finding]:
    """When the disk will be full, by what the log grew of late."""
    seen = forecast.forecast(settings.state_dir, settings.chatlog, time.time())
    if seen is None:
        return
    level = WARNING if seen.is_soon else OK
    if seen.seconds is not None and seen.seconds < forecast.DAY:
        level = FAILURE
    remedy = "papayactl log prune --keep-days N, and set chatlog.retain_days or retain_bytes"
    yield Finding(level, "the log's disk", str(seen), "" if level == OK else remedy)


def _end(settings: Settings) -> Iterator[Finding]:
    """Whether there is a committed end, and the last segment has it."""
    state_dir = settings.state_dir
    end, known = clients.committed_end(settings), segments.bases(state_dir)
    if end is None:
        if known:
            words = "there is a log, and no committed end"
            yield Finding(FAILURE, "the log", words, _remedy(settings))
        return
    written = _written(settings, known[-1]) if known else 0
    if end > written or end >= committed.IMPOSSIBLE:
        words = f"it ends at {written}, before its committed end {end}"
        yield Finding(FAILURE, "the log", words, _remedy(settings))


def _written(settings: Settings, last: int) -> int:
    """Where the last segment ends."""
    return last + os.stat(segments.path(settings.state_dir, last)).st_size


def _remedy(settings: Settings) -> str:
    """A start puts the end right, when nobody has the files open."""
    path = groups.directory(settings.state_dir)
    lives = path.is_dir() and bool(groups.live(path))
    return _REOPEN if lives else "papayactl acceptor start"


def _other_end(settings: Settings) -> Iterator[Finding]:
    """Clients that have another file open than the one that has the name: another lock."""
    path = settings.state_dir / committed.FILE
    for entry in living.living(settings):
        opened = descriptors.read(entry.recv) or []
        if any(one.target == f"{path} (deleted)" for one in opened):
            words = f"{living.label(entry)} has another one open: it was replaced"
            yield Finding(FAILURE, str(path), words, _REOPEN)
            return


def _surplus(settings: Settings) -> Iterator[Finding]:
    """Records beyond the committed end that no writer has just left there."""
    state_dir = settings.state_dir
    end, known = clients.committed_end(settings), segments.bases(state_dir)
    if end is None or not known or end > _written(settings, known[-1]):
        return
    own = Committed(state_dir)
    try:
        kept = surplus.settle(state_dir, known[-1], end, own.touched())
        if kept != end and own.load() == end:  # and nobody wrote meanwhile
            words = f"went back to {end}: whoever comes or talks next keeps the records to {kept}"
            yield Finding(WARNING, "the committed end", words, "papayactl log rotate")
    except OSError as error:
        words = f"nobody can tell what was said: {error.strerror}"
        yield Finding(FAILURE, "the log", words, "papayactl log verify")
    finally:
        own.close()


def _misfits(settings: Settings) -> Iterator[Finding]:
    for one in segments.misfits(settings.state_dir):
        words = f"{one.sentence()}: who reads there gets a gap"
        yield Finding(FAILURE, one.path, words, "restore it from a backup; papayactl log verify")


def _set_aside(settings: Settings) -> Iterator[Finding]:
    for name in strays.set_aside(settings.state_dir):
        path = settings.state_dir / name
        words = f"has {figures.size(path.stat().st_size)} that a start found behind zeros"
        yield Finding(WARNING, str(path), words, f"look into it, then {command('rm', path)}")
