"""The roster: a file per cluster, locked by it: a free lock means it is gone (design section 5).

The acceptor makes an entry before it forks; the cluster inherits the lock and adds its two pids. A
complete entry is one line:

    USER session=S peer=P since=T group=PGID token=ID presence=on recv=PID send=PID

Whoever reads it looks at the lock first. papayad/log/presence.py removes the entries of the gone.

On a full disk there is no place for a line. Then the file is empty: its name has the facts, and its
time the pids, which are known later. A name and an inode are all that the disk has to have.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from errno import EDQUOT, ENOSPC
from os import SEEK_END, SEEK_SET, lseek, unlink, write
from pathlib import Path

from papayad.system.files import plain_names, read_plain
from papayad.system.locks import create_locked, is_held_at

_NO_SPACE = {ENOSPC, EDQUOT}
_SEPARATOR = ","  # no user, session, peer or token contains it
_SECOND = 1_000_000_000
_HIGHEST_PID = 1 << 22  # Linux; the BSDs stay below. No entry is written in early 1970.
_BYTES_AT_MOST = 1024  # of an entry's file

NAME = re.compile(r"[0-9][0-9.]{0,31}(?:,[!-~]{1,200})?\Z")
_ENTRY = re.compile(
    r"(?P<user>[a-z0-9][a-z0-9._-]{0,31}) session=(?P<session>[A-Za-z0-9_-]{0,32}) "
    r"peer=(?P<peer>(?:[0-9.]{7,15}|\[[0-9a-f:.]{2,45}(?:%[0-9A-Za-z._@:+-]{1,16})?\]):[0-9]{1,5}) "
    r"since=(?P<since>[0-9]{1,11}\.[0-9]{6}) group=(?P<group>[1-9][0-9]{0,6}) "
    r"token=(?P<token>[0-9a-z._-]{0,16}) presence=(?P<presence>on|off)"
    r"(?: recv=(?P<recv>[1-9][0-9]{0,6}) send=(?P<send>[1-9][0-9]{0,6})\n)?\Z"
)


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
    """Like `create`; people can come in even when the disk is full. Raises OSError."""
    try:
        return Seat(path, entry, create(path, entry))
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise
    return Seat(path, *create_on_full_disk(path, entry))


def remove(seat: Seat) -> None:
    """Remove the entry: there is no cluster after all, or it has written its `part`."""
    with suppress(FileNotFoundError):
        if is_own(seat):
            unlink(f"{seat.path}/{seat.entry.name}")


def is_own(seat: Seat) -> bool:
    """Whether the file of this name is the one that we hold locked, and not another's."""
    try:
        named, held = os.stat(f"{seat.path}/{seat.entry.name}"), os.fstat(seat.descriptor)
    except OSError:
        return False
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)


def create_on_full_disk(path: str | Path, entry: Entry) -> tuple[Entry, int]:
    """Like `create`, with all facts in the name; also returns the entry with that name."""
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
    finally:
        count_messages(descriptor, 0)
    os.utime(descriptor, ns=(0, recv * _SECOND + send))


def count_messages(descriptor: int, messages: int) -> None:
    """Say how many messages the client has written: by the file's position, which fdinfo shows.

    No other call uses this position any more, and to move it takes no memory and no disk.
    """
    lseek(descriptor, messages, SEEK_SET)


def read(path: str | Path, name: str) -> Entry | None:
    """The entry in a file, whether its cluster lives or not; None when it is gone or not one.

    An attacker in a client's process can write any entry. So its form is checked here, and
    programs that act on it believe only the kernel.
    """
    content = read_plain(f"{path}/{name}", _BYTES_AT_MOST)
    if content is None:
        return None
    text = content.decode("ascii", "replace") or name.partition(_SEPARATOR)[2]
    found = _ENTRY.match(text.replace(_SEPARATOR, " "))
    if found is None:
        return None
    known = found.groupdict()
    recv, send = int(known["recv"] or 0), int(known["send"] or 0)
    if not content:
        recv, send = _pids_from_time(Path(path, name))
    return Entry(
        name=name,
        user=known["user"],
        peer=known["peer"],
        since=float(known["since"]),
        group=int(known["group"]),
        session=known["session"],
        token=known["token"],
        presence=known["presence"] == "on",
        recv=recv,
        send=send,
    )


def _pids_from_time(path: Path) -> tuple[int, int]:
    """The pids of an entry on a full disk; zeros while it has none."""
    try:
        recv, send = divmod(path.stat(follow_symlinks=False).st_mtime_ns, _SECOND)
    except FileNotFoundError:
        return 0, 0
    return (recv, send) if 0 < recv <= _HIGHEST_PID and 0 < send <= _HIGHEST_PID else (0, 0)


def _line(entry: Entry) -> str:
    presence = "on" if entry.presence else "off"
    return (
        f"{entry.user} session={entry.session} peer={entry.peer} since={entry.since:.6f} "
        f"group={entry.group} token={entry.token} presence={presence}"
    )


def names(path: str | Path) -> list[str]:
    """Every entry's file name, of living and of gone clusters."""
    return [name for name in plain_names(path) if NAME.match(name)]


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
