"""What a cluster is given at its fork: the client, and what all clusters have in common.

The acceptor makes it before it forks: a process that was just forked pays a page for each object
that it makes or touches for the first time.
"""

import socket
from dataclasses import dataclass, field

from papayad.formats import wire
from papayad.formats.titles import Name
from papayad.net.private_key import Place
from papayad.net.tls import TLS
from papayad.sandbox.prepare import Sandbox
from papayad.sandbox.rlimits import largest_file
from papayad.settings import Settings
from papayad.state import groups, roster
from papayad.state.roster import Seat
from papayad.system.journal import Journal


@dataclass(slots=True)  # frozen would cost ten pages more a client, and twice the time
class Client:
    """A client that may come in. `rest` came after the hello; `older` are roster entries."""

    socket: socket.socket
    tls: TLS | None
    hello: wire.Hello
    rest: bytes = field(repr=False)
    compat: bool
    seat: Seat
    older: tuple[str, ...]
    recv_name: Name
    send_name: Name


@dataclass(frozen=True, slots=True)
class Shared:
    """What all clusters of an acceptor have in common. `group` is its group file's descriptor."""

    settings: Settings
    log: str
    group: int
    journal: Journal
    sandbox: Sandbox
    state_dir: str
    groups: str
    roster: str
    pid_file: str
    linger: float  # seconds
    pins: bytes  # the notice that announces them over TLS
    file_bytes: int  # of the largest file that a child may write
    relay: int  # the end to write to
    kept: frozenset[int]  # descriptors that every child has
    key: tuple[Place, ...]  # what every child blots out


def share(
    settings: Settings,
    log: str,
    group: int,
    relay: int,
    journal: Journal,
    sandbox: Sandbox,
    pins: tuple[str, ...],
    key: tuple[Place, ...] = (),
) -> Shared:
    """Make it once, with what follows from the settings; strings, since pathlib costs pages."""
    return Shared(
        settings,
        log,
        group,
        journal,
        sandbox,
        state_dir=str(settings.state_dir),
        groups=str(groups.directory(settings.state_dir)),
        roster=str(roster.directory(settings.state_dir)),
        pid_file=str(settings.pid_file),
        linger=settings.limits.linger_ms / 1000,
        pins=wire.render_notice(wire.Notice("pins", " ".join(pins))) if pins else b"",
        file_bytes=largest_file(settings.chatlog.segment_bytes, settings.limits.message_bytes),
        relay=relay,
        kept=frozenset({group, relay, *sandbox.rulesets.values()}),
        key=key,
    )
