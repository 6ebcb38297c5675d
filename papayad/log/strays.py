"""Strays: files in a state directory that are not papaya's. The start logs them once; doctor too.

A process that reads a directory of the state skips names that it does not know, and says nothing:
RECV looks there at every message. This module knows all of the names, and says what was skipped.
"""

import re
from collections.abc import Callable
from pathlib import Path

from papayad.formats.harmless import harmless
from papayad.formats.record import NAME
from papayad.log import committed, segments
from papayad.state import groups, history, marks, penalty, pidfile, roster
from papayad.system.files import number, plain_names

CUT = ".cut"  # behind an offset: what a start found behind a sector of zeros, and kept

_CUT = re.compile(rf"[0-9]{{20}}\{CUT}")
_TEMPORARY = re.compile(r"\.[!-~]*\Z")  # a file before it is renamed
_FILES = {committed.FILE, "identity", "shutdown", *history.FILES}
_NAMED_AT_MOST = 5


def find(state_dir: Path) -> list[str]:
    """The paths, below the state directory, of files that papaya does not make. Raises OSError."""
    directories: dict[Path, Callable[[str], object]] = {
        groups.directory(state_dir): number,
        roster.directory(state_dir): roster.NAME.match,
        marks.seen(state_dir): re.compile(r"[0-9a-f]{8}\Z").match,
        marks.frozen(state_dir): NAME.match,
        marks.muted(state_dir): NAME.match,
        history.byes(state_dir): roster.NAME.match,
        penalty.directory(state_dir): re.compile(r"[0-9a-f.:_]{2,50}\Z").match,
    }
    known = {segments.name(base) for base in segments.bases(state_dir)} | _FILES
    known |= {path.name for path in (*directories, pidfile.lock_of(state_dir))} | set(
        set_aside(state_dir)
    )
    found = [one.name for one in state_dir.iterdir() if one.name not in known]
    for path, has_form in directories.items():
        if path.is_dir():
            plain = set(plain_names(path))
            found += [
                f"{path.name}/{one.name}"
                for one in path.iterdir()
                if one.name not in plain or not has_form(one.name)
            ]
    return sorted(name for name in found if not _TEMPORARY.match(Path(name).name))


def set_aside(state_dir: Path) -> list[str]:
    """The names of what starts have cut away and kept, for somebody to look at."""
    return [name for name in plain_names(state_dir) if _CUT.fullmatch(name)]


def words(state_dir: Path) -> str:
    """The line about them, empty if there are none. Raises OSError."""
    found = find(state_dir)
    if not found:
        return ""
    names = " ".join(map(harmless, found[:_NAMED_AT_MOST]))
    more = f" and {len(found) - _NAMED_AT_MOST} more" if len(found) > _NAMED_AT_MOST else ""
    return f"{names}{more}: nobody's, and left alone"
