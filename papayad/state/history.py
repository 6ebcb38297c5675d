"""The history of a room: who came and went, and what admins did (design section 6).

`state_dir/history` has a line for each, appended whole, so that it needs no lock:

    TIME in NAME USER@PEER session=S token=ID
    TIME out NAME USER@PEER seconds=N cause=WORDS
    TIME act WHO | WHAT | OUTCOME | REASON

The acceptor writes who came and went, with the NAME of the roster entry; papayactl writes what was
done. At 4 MiB the file becomes `history.1` and another is begun. `papayactl last` and `audit` read
it. An attacker in a client's process could write to it, too; nobody here can forge the system's
journal, which has the same lines.

Before a process ends a client, it writes why into `state_dir/byes/NAME`: the word of a `! bye`, and
words for a person. The client's RECV and the acceptor read it there.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papayad.formats.record import stamp
from papayad.state.roster import Entry
from papayad.system.files import open_plain, read_plain

FILES = _OLDER, _FILE = "history.1", "history"
_BYTES_AT_MOST = 4 << 20
_BYE_AT_MOST = 200  # bytes
_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT[0-9:.]{15}Z) (?:(?P<kind>in|out) (?P<name>[^ ]{1,300}) "
    r"(?P<user>[a-z0-9._-]{1,32})@(?P<peer>[0-9a-zA-Z.:%\[\]_-]{1,80}) (?P<facts>.*)"
    r"|act (?P<act>.*))\Z"
)
_OUT = re.compile(r"seconds=(?P<seconds>[0-9]{1,12}) cause=(?P<cause>.*)\Z")


@dataclass(frozen=True, slots=True)
class Event:
    """A line. `kind` is in, out or act; out has `seconds` and `cause`, act has `words`."""

    time: str
    kind: str
    name: str = ""
    user: str = ""
    peer: str = ""
    seconds: int = 0
    cause: str = ""
    words: str = ""


def append(state_dir: str | Path, line: str) -> None:
    """Add a line, without its LF. Raises OSError."""
    path = f"{state_dir}/{_FILE}"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, f"{' '.join(line.split())}\n".encode())
        if os.fstat(descriptor).st_size > _BYTES_AT_MOST:
            os.rename(path, f"{state_dir}/{_OLDER}")
    finally:
        os.close(descriptor)


def came(state_dir: str | Path, entry: Entry) -> None:
    """Write that a client was let in; ignore it if that is impossible."""
    facts = f"session={entry.session or '-'} token={entry.token}"
    _note(state_dir, "in", entry, facts)


def went(state_dir: str | Path, entry: Entry, cause: str) -> None:
    """Write that a client's cluster ended; ignore it if that is impossible."""
    seconds = max(0, int(time.time() - entry.since))
    _note(state_dir, "out", entry, f"seconds={seconds} cause={cause}")


def _note(state_dir: str | Path, kind: str, entry: Entry, facts: str) -> None:
    who = f"{entry.user}@{entry.peer}"
    with suppress(OSError):
        append(state_dir, f"{stamp(time.time())} {kind} {entry.name} {who} {facts}")


def read(state_dir: Path) -> Iterator[Event]:
    """What happened, the oldest first; malformed lines are left out. Raises OSError."""
    for name in FILES:
        descriptor = open_plain(state_dir / name)
        if descriptor < 0:
            continue
        with open(descriptor, "rb") as file:
            left = 2 * _BYTES_AT_MOST
            while left > 0 and (line := file.readline(65536)):
                left -= len(line)
                if event := parse(line.decode("utf-8", "replace").rstrip("\n")):
                    yield event


def parse(line: str) -> Event | None:
    match = _LINE.match(line)
    if match is None:
        return None
    if match["act"] is not None:
        return Event(match["time"], "act", words=match["act"])
    event = Event(match["time"], match["kind"], match["name"], match["user"], match["peer"])
    if match["kind"] == "in":
        return event
    out = _OUT.match(match["facts"])
    if out is None:
        return None
    known = (match["name"], match["user"], match["peer"], int(out["seconds"]), out["cause"])
    return Event(match["time"], "out", *known)


def byes(state_dir: Path) -> Path:
    """A directory with a file for each cluster that somebody is about to end."""
    return state_dir / "byes"


def leave_bye(state_dir: str | Path, name: str, words: str) -> None:
    """Write why a cluster is going to be ended; ignore it if that is impossible."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with suppress(OSError):
        descriptor = os.open(f"{state_dir}/byes/{name}", flags, 0o600)
        with open(descriptor, "wb") as file:
            file.write(" ".join(words.split()).encode()[:_BYE_AT_MOST])


def bye(state_dir: str | Path, name: str) -> str:
    """Why a cluster is being ended, in one line; empty if that was not written."""
    try:
        content = read_plain(f"{state_dir}/byes/{name}", _BYE_AT_MOST)
    except OSError:
        return ""
    return " ".join((content or b"").decode("utf-8", "ignore").split())


def remove_bye(state_dir: str | Path, name: str) -> None:
    with suppress(OSError):
        os.unlink(f"{state_dir}/byes/{name}")
