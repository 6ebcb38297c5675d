r"""Process titles and short names, written and parsed in this one place (design section 7).

A leaf. The titles are an interface: `pkill -f 'papayad\[main\]: alice@'` and rc scripts match them.
Anyone can set a title, so whoever parses one uses it as a label and believes kernel facts only.
"""

import re
from dataclasses import dataclass

ACCEPTOR = "acceptor"
RECV = "recv"
SEND = "send"
REAPER = "reaper"

_COMM = 15  # bytes of a short name, proc_pid_comm(5)

Name = tuple[str, str]  # what a process is called: its title, and its short name

_TITLE = re.compile(
    r"papayad\[(?P<room>[a-z0-9._-]+)\]: "
    r"(?:(?P<own>acceptor|reaper)(?: (?P<detail>.*))?|"
    r"(?P<user>[a-z0-9._-]+)@(?P<peer>\S+) (?P<role>recv|send))\Z"
)


@dataclass(frozen=True, slots=True)
class Title:
    """What a title says. `role` is one of the constants above; `user` and `peer` name a client."""

    room: str
    role: str
    user: str = ""
    peer: str = ""


def acceptor(room: str, addresses: list[str]) -> Name:
    return f"papayad[{room}]: {ACCEPTOR} {' '.join(addresses)}".rstrip(), _comm(room, ACCEPTOR)


def reaper(room: str) -> Name:
    return f"papayad[{room}]: {REAPER}", _comm(room, REAPER)


def client(room: str, user: str, peer: str, role: str) -> Name:
    """The names of RECV or SEND; `peer` is "203.0.113.7:51234" or "[2001:db8::1]:51234"."""
    return f"papayad[{room}]: {user}@{peer} {role}", _comm(user, role)


def _comm(whose: str, role: str) -> str:
    """ "alice recv": the end of `whose` is cut off if it is too long."""
    return f"{whose[: _COMM - 1 - len(role)]} {role}"


def parse(title: str) -> Title | None:
    """The title's parts, or None when it is none of ours."""
    match = _TITLE.match(title)
    if match is None:
        return None
    role = match["own"] or match["role"]
    return Title(match["room"], role, match["user"] or "", match["peer"] or "")
