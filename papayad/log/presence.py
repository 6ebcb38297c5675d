"""Reaping: removing the entries of clusters that ended, and writing `part` (design section 5).

A short-lived child of the acceptor does it (the acceptor itself never waits for the log's lock),
RECV before it answers WHO, and papayactl. The removal and the record are one transaction, so if two
processes see that the same cluster ended, there is one `part`.
"""

import os
from collections.abc import Collection
from pathlib import Path

from papayad.formats import record
from papayad.log.appender import Appender, Line, StorageError
from papayad.state import roster
from papayad.state.roster import Seat, complete


def reap(appender: Appender, path: str | Path, names: Collection[str]) -> int:
    """Remove the named entries whose clusters are gone; returns how many. Raises OSError.

    On a full disk the entries are removed without a record.
    """
    if not names:
        return 0
    with appender.transaction():
        entries = [(name, roster.read(path, name)) for name in names if _is_gone(path, name)]
        joined = [entry for _, entry in entries if entry and entry.presence and entry.recv]
        parts = [part(entry.user) for entry in joined]
        _write(appender, parts)
        for name, _ in entries:
            Path(path, name).unlink(missing_ok=True)
    return len(entries)


def enter(appender: Appender, seat: Seat, send: int, older: Collection[str]) -> None:
    """RECV at its start: complete the own entry and write the `join`, in one transaction.

    The clusters that it took over get their `part` first.
    """
    reap(appender, seat.path, older)
    with appender.transaction():
        complete(seat.descriptor, os.getpid(), send)
        _write(appender, [join(seat.entry.user)] if seat.entry.presence else [])


def leave(appender: Appender, seat: Seat) -> None:
    """RECV at its end: write the `part` and remove the own entry, which it still holds."""
    with appender.transaction():
        if roster.is_own(seat):
            if seat.entry.presence:
                _write(appender, [part(seat.entry.user)])
            roster.remove(seat)


def _write(appender: Appender, lines: list[Line]) -> None:
    """Write lines; on a full disk people come and go without a record."""
    try:
        appender.write(lines)
    except StorageError:
        return


def join(user: str) -> Line:
    return record.SERVER, record.NO_ID, f"join {user}"


def part(user: str) -> Line:
    return record.SERVER, record.NO_ID, f"part {user}"


def _is_gone(path: str | Path, name: str) -> bool:
    return os.path.exists(f"{path}/{name}") and not roster.is_live(path, name)
