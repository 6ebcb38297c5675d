"""A client's cluster, from the fork on: RECV, and SEND as its child (design sections 6 and 8).

Runs in what the acceptor forked. What it holds is listed in `begin`: the client's socket, the
roster entry's lock and the group's lock; everything else that it inherited is closed there. It ends
with os._exit and never returns into the acceptor's code.
"""

import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from os import close, fork, getpgrp, getpid, pipe, set_blocking
from signal import set_wakeup_fd
from typing import NoReturn

from papayad.cluster.farewell import refuse_busy, see_off
from papayad.cluster.inlet import Inlet, PlainInlet, TLSInlet
from papayad.cluster.lines import Splitter
from papayad.cluster.notice_pipe import NoticeReader, NoticeWriter
from papayad.cluster.outlet import CompatOutlet, Outlet, PlainOutlet, TLSOutlet
from papayad.cluster.recv import Receiver
from papayad.cluster.send import SIGNALS, Room, prepare_signals, run
from papayad.cluster.takeover import left_behind, wait_until_gone
from papayad.cluster.tie import Tie, pair, tighten
from papayad.formats import compat, wire
from papayad.formats.titles import RECV, SEND, Name
from papayad.formats.wire import parse_upstream
from papayad.log import presence
from papayad.log.appender import Appender
from papayad.log.presence import enter
from papayad.log.reader import Reader
from papayad.log.resume import Start, resolve
from papayad.net.throttle import Throttle
from papayad.net.tls import TLS
from papayad.sandbox.prepare import Sandbox
from papayad.sandbox.rlimits import confine
from papayad.settings import Settings
from papayad.state import groups, roster
from papayad.state.groups import announce
from papayad.system.descriptors import close_all_but, silence_standard_streams
from papayad.system.journal import Journal
from papayad.system.plain_signals import (
    BLOCK,
    DEFAULT,
    IGNORED,
    SET,
    UNBLOCK,
    set_handler,
    set_mask,
)
from papayad.system.proctitle import set_title

_PATIENCE = 2.0  # seconds for SEND to end
_NOT_OURS = tuple(
    int(one)
    for one in (
        signal.SIGHUP, signal.SIGINT, signal.SIGPIPE,
        signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
    )
)  # fmt: skip
_SIGTERM, _SIGCHLD = int(signal.SIGTERM), int(signal.SIGCHLD)


@dataclass(slots=True)  # frozen would cost ten pages more a client, and twice the time
class Client:
    """Whom the acceptor let in. `rest` came behind the hello; `older` are roster entries."""

    socket: socket.socket
    hello: wire.Hello
    tls: TLS | None
    rest: bytes = field(repr=False)
    compat: bool
    entry: roster.Entry
    older: tuple[str, ...]
    titles: tuple[Name, Name]  # RECV's and SEND's


@dataclass(frozen=True, slots=True)
class Shared:
    """What all clusters of an acceptor have in common. `group` is its group file's descriptor.

    What follows from it is made once, here: a process that was just forked pays a page for each
    object that it touches.
    """

    settings: Settings
    log: str
    group: int
    journal: Journal
    sandbox: Sandbox
    state_dir: str = field(init=False)
    groups: str = field(init=False)
    roster: str = field(init=False)
    pid_file: str = field(init=False)
    room: Room = field(init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        limits = settings.limits
        room = Room(settings.room, self.log, limits.message_bytes, limits.linger_ms / 1000)
        for name, value in (
            ("state_dir", str(settings.state_dir)),
            ("groups", str(groups.directory(settings.state_dir))),
            ("roster", str(roster.directory(settings.state_dir))),
            ("pid_file", str(settings.pid_file)),
            ("room", room),
        ):
            object.__setattr__(self, name, value)


def begin(client: Client, entry: int, shared: Shared) -> None:
    """RECV's whole life; `entry` is the descriptor of the roster entry's lock."""
    shared.journal.reopen()
    descriptor = client.socket.fileno()
    close_all_but({descriptor, entry, shared.group})
    silence_standard_streams()
    reset_signals()
    set_title(client.titles[0])
    if client.older and (left := wait_until_gone(shared.roster, client.older)):
        shared.journal.error(f"{client.entry.user} is busy: {left_behind(left)}")
        _give_up(shared.roster, client)
    start = _start_of(client, shared)
    set_blocking(descriptor, True)
    own, other = pair()
    incoming, outgoing = pipe()
    tie = tighten(own)
    child = _fork_send(shared.roster, client)
    if child == 0:
        tie = tighten(other)
        close(own)
        close(outgoing)
        _send(client, start, shared, tie, incoming)
        return
    close(other)
    close(incoming)
    _recv(client, shared, child, entry, tie, NoticeWriter(outgoing, child))


def reset_signals() -> None:
    """From the acceptor's dispositions to a cluster's; SIGUSR1 and SIGUSR2 are ignored already.

    The acceptor blocked everything before it forked, so none was taken by its handlers meanwhile.
    """
    set_wakeup_fd(-1)
    for signum in _NOT_OURS:
        set_handler(signum, IGNORED)
    set_handler(_SIGTERM, DEFAULT)
    set_handler(_SIGCHLD, DEFAULT)
    set_mask(SET, ())


def _fork_send(roster: str, client: Client) -> int:
    """Fork with SEND's signals blocked; a client that cannot have one is told so."""
    set_mask(BLOCK, SIGNALS)
    try:
        child = fork()
    except OSError:
        _give_up(roster, client)
    if child:
        set_mask(UNBLOCK, SIGNALS)
    return child


def _give_up(roster: str, client: Client) -> NoReturn:
    with suppress(FileNotFoundError):
        os.unlink(f"{roster}/{client.entry.name}")
    refuse_busy(client.socket, client.tls)
    os._exit(os.EX_TEMPFAIL)


def _start_of(client: Client, shared: Shared) -> Start:
    """Where the stream begins: known before RECV appends, so that a client sees what it says.

    The reader is closed before the fork, since a lock that is inherited excludes nobody.
    """
    reader = Reader(shared.state_dir, shared.journal.warning)
    try:
        lines = shared.settings.limits.history_lines
        return resolve(client.hello, reader, shared.log, lines)
    finally:
        reader.close()


def _send(client: Client, start: Start, shared: Shared, tie: Tie, incoming: int) -> None:
    prepare_signals()
    set_title(client.titles[1])
    outlet = _outlet(client, tie)
    reader = Reader(shared.state_dir, shared.journal.warning)
    _confine(SEND, shared)
    run(client.entry.user, start, shared.room, reader, outlet, NoticeReader(incoming), tie)


def _recv(
    client: Client,
    shared: Shared,
    child: int,
    descriptor: int,
    tie: Tie,
    notices: NoticeWriter,
) -> None:
    settings, entry, path = shared.settings, client.entry, shared.roster
    appender = Appender(
        shared.state_dir, settings.chatlog, announcer(shared.groups), shared.journal.warning
    )
    _confine(RECV, shared)
    enter(appender, path, descriptor, entry, getpid(), child, client.older)
    receiver = Receiver(
        entry.user,
        _inlet(client, tie),
        client.socket.fileno(),
        Splitter(settings.limits.message_bytes),
        Throttle(settings.limits.messages_per_second, settings.limits.message_burst),
        settings.limits.message_burst,
        appender,
        notices,
        path,
        compat.parse_upstream if client.compat else parse_upstream,
    )
    last = receiver.run(client.rest)
    tie.loosen_before(lambda: notices.finish(last), _PATIENCE)
    presence.leave(appender, path, entry)
    see_off(client.socket)


def _confine(role: str, shared: Shared) -> None:
    confine(role, shared.settings.limits.cpu_seconds)
    shared.sandbox.enter(role, shared.state_dir)


def announcer(groups: str) -> Callable[[], None]:
    """What an Appender calls: wakes every SEND of the room, from inside one of its groups."""
    own = getpgrp()
    return lambda: announce(groups, own)


def _inlet(client: Client, tie: Tie) -> Inlet:
    plain = PlainInlet(client.socket.fileno(), tie)
    return TLSInlet(plain, client.tls) if client.tls else plain


def _outlet(client: Client, tie: Tie) -> Outlet:
    plain = PlainOutlet(client.socket.fileno(), tie)
    outlet = TLSOutlet(plain, client.tls) if client.tls else plain
    return CompatOutlet(outlet) if client.compat else outlet
