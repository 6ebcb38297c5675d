"""The roster: a file per cluster, locked by it: a free lock means it is gone (design section 5).

The acceptor makes an entry before it forks, the cluster inherits the lock and adds its two pids. A
complete entry is one line:

    USER session=S peer=P since=T group=PGID token=ID presence=on recv=PID send=PID

Whoever reads it looks at the lock first. papayad/log/presence.py removes the entries of the gone.

On a full disk there is no place for a line. Then the file is empty, the facts are its name, and the
pids, which come later, its time: of those a name and an inode are all that has to be had.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from errno import EDQUOT, ENOSPC
from os import SEEK_END, lseek, unlink, write
from pathlib import Path

from papayad.system.locks import create_locked, is_held_at

_NO_SPACE = {ENOSPC, EDQUOT}
_SEPARATOR = ","  # in no user, session, peer or token
_SECOND = 1_000_000_000
_HIGHEST_PID = 1 << 22  # Linux; the BSDs stay below. No entry is written in early 1970.


@dataclass(frozen=True, slots=True)
class Entry:
    """A cluster. `since` is in seconds since the epoch; the pids are 0 while it is starting."""

    name: str  # of the file
    user: str
    peer: str
    since: float
    group: int
    session: str = ""
    token: str = field(default="", repr=False)  # Token.id
    presence: bool = True
    recv: int = 0
    send: int = 0


@dataclass(slots=True)
class Seat:
    """A cluster's own entry in the directory `path`; the descriptor holds its lock."""

    path: str
    entry: Entry
    descriptor: int


def directory(state_dir: Path) -> Path:
    return state_dir / "roster"


def create(path: str | Path, entry: Entry) -> int:
    """Write the entry without its pids; the descriptor holds the lock and is for the cluster.

    Raises OSError.
    """
    return create_locked(f"{path}/{entry.name}", _line(entry).encode())


def enter(path: str, entry: Entry) -> Seat:
    """`create`, and on a full disk people come in all the same. Raises OSError."""
    try:
        return Seat(path, entry, create(path, entry))
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
    return Seat(path, *create_on_full_disk(path, entry))


def remove(seat: Seat) -> None:
    """There is no such cluster after all, or it has said that it leaves."""
    with suppress(FileNotFoundError):
        unlink(f"{seat.path}/{seat.entry.name}")


def create_on_full_disk(path: str | Path, entry: Entry) -> tuple[Entry, int]:
    """Like `create`, with everything in the name; returns the entry under its new name, too."""
    facts = _line(entry).replace(" ", _SEPARATOR)
    named = replace(entry, name=f"{entry.name}{_SEPARATOR}{facts}")
    descriptor = create_locked(f"{path}/{named.name}")
    os.utime(descriptor, ns=(0, 0))
    return named, descriptor


def complete(descriptor: int, recv: int, send: int) -> None:
    """Add the pids and the LF that makes the entry whole."""
    try:
        if lseek(descriptor, 0, SEEK_END):
            write(descriptor, f" recv={recv} send={send}\n".encode())
            return
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
    os.utime(descriptor, ns=(0, recv * _SECOND + send))


def read(path: str | Path, name: str) -> Entry | None:
    """The entry in a file, whether its cluster lives or not; None when it is gone or not one."""
    try:
        text = Path(path, name).read_text() or name.partition(_SEPARATOR)[2]
        words = text.replace(_SEPARATOR, " ").split()
        known = dict(word.partition("=")[::2] for word in words[1:])
        if "recv" not in known:
            known |= _pids_from_time(Path(path, name))
        return Entry(
            name=name,
            user=words[0],
            peer=known["peer"],
            since=float(known["since"]),
            group=int(known["group"]),
            session=known["session"],
            token=known["token"],
            presence=known["presence"] == "on",
            recv=int(known["recv"]),
            send=int(known["send"]),
        )
    except (FileNotFoundError, IndexError, KeyError, ValueError):
        return None


def _pids_from_time(path: Path) -> dict[str, str]:
    """The pids of an entry that had no place for them; zeros while there are none."""
    recv, send = divmod(path.stat().st_mtime_ns, _SECOND)
    if recv > _HIGHEST_PID:
        recv = send = 0
    return {"recv": str(recv), "send": str(send)}


def _line(entry: Entry) -> str:
    presence = "on" if entry.presence else "off"
    return (
        f"{entry.user} session={entry.session} peer={entry.peer} since={entry.since:.6f} "
        f"group={entry.group} token={entry.token} presence={presence}"
    )


def names(path: str | Path) -> list[str]:
    """Every entry's file name, of living and of gone clusters."""
    return [name for name in os.listdir(path) if not name.startswith(".")]


def is_live(path: str | Path, name: str) -> bool:
    return is_held_at(f"{path}/{name}")


def living(path: str | Path) -> list[Entry]:
    """The entries of the clusters that live, oldest first."""
    entries = [read(path, name) for name in names(path) if is_live(path, name)]
    return sorted((entry for entry in entries if entry), key=lambda entry: entry.since)


def gone(path: str | Path) -> list[str]:
    """The names of the entries whose clusters ended and that nobody removed yet."""
    return [name for name in names(path) if not is_live(path, name)]


def online(path: str | Path) -> list[str]:
    """The users who are here, each once, in alphabetical order; presence=off is not."""
    return sorted({entry.user for entry in living(path) if entry.presence})
