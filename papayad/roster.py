"""The roster: a file per cluster, held locked by it: a free lock means it is gone (section 5).

The acceptor makes an entry before it forks, the cluster inherits the lock and adds its two pids. A
complete entry is one line:

    USER session=S peer=P since=T group=PGID token=ID presence=on recv=PID send=PID

Anybody who reads it checks the lock first. Who removes the entry of a gone cluster is in reaper.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from papayad.locks import create_locked, is_held_at


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


def directory(state_dir: Path) -> Path:
    return state_dir / "roster"


def create(path: Path, entry: Entry) -> int:
    """Write the entry without its pids; the descriptor holds the lock and is for the cluster."""
    presence = "on" if entry.presence else "off"
    line = (
        f"{entry.user} session={entry.session} peer={entry.peer} since={entry.since:.6f} "
        f"group={entry.group} token={entry.token} presence={presence}"
    )
    return create_locked(path / entry.name, line.encode())


def complete(descriptor: int, recv: int, send: int) -> None:
    """Add the pids and the LF that makes the entry whole."""
    os.lseek(descriptor, 0, os.SEEK_END)
    os.write(descriptor, f" recv={recv} send={send}\n".encode())


def read(path: Path, name: str) -> Entry | None:
    """The entry in a file, whether its cluster lives or not; None when it is gone or not one."""
    try:
        words = (path / name).read_text().split()
        known = dict(word.partition("=")[::2] for word in words[1:])
        return Entry(
            name=name,
            user=words[0],
            peer=known["peer"],
            since=float(known["since"]),
            group=int(known["group"]),
            session=known["session"],
            token=known["token"],
            presence=known["presence"] == "on",
            recv=int(known.get("recv", 0)),
            send=int(known.get("send", 0)),
        )
    except (FileNotFoundError, IndexError, KeyError, ValueError):
        return None


def names(path: Path) -> list[str]:
    """Every entry's file name, of living and of gone clusters."""
    return [name for name in os.listdir(path) if not name.startswith(".")]


def is_live(path: Path, name: str) -> bool:
    return is_held_at(path / name)


def living(path: Path) -> list[Entry]:
    """The entries of the clusters that live, oldest first."""
    entries = [read(path, name) for name in names(path) if is_live(path, name)]
    return sorted((entry for entry in entries if entry), key=lambda entry: entry.since)


def gone(path: Path) -> list[str]:
    """The names of the entries whose clusters ended and that nobody removed yet."""
    return [name for name in names(path) if not is_live(path, name)]


def online(path: Path) -> list[str]:
    """The users who are here, each once, in alphabetical order; presence=off is not."""
    return sorted({entry.user for entry in living(path) if entry.presence})
