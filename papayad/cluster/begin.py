"""A client's cluster, from the fork on: RECV, and SEND as its child (design sections 6 and 8).

Runs in the child that the acceptor forked. `begin` lists what the child keeps: the client's socket,
the roster entry's lock and the group's lock; it closes everything else that it inherited. It ends
with os._exit and never returns into the acceptor's code.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from os import close, fork, getpgrp, pipe, set_blocking
from signal import set_wakeup_fd
from typing import NoReturn

from papayad.cluster.farewell import refuse_busy, see_off
from papayad.cluster.inlet import Inlet, PlainInlet, TLSInlet
from papayad.cluster.notice_pipe import NoticeReader, NoticeWriter
from papayad.cluster.outlet import CompatOutlet, PlainOutlet, TLSOutlet
from papayad.cluster.recv import Receiver
from papayad.cluster.send import SIGNALS, Sender, prepare_signals
from papayad.cluster.shared import Client, Shared
from papayad.cluster.takeover import left_behind, wait_until_gone
from papayad.cluster.tie import Tie, pair, tighten
from papayad.formats import compat
from papayad.formats.titles import RECV, SEND
from papayad.formats.wire import Greeting
from papayad.log import presence
from papayad.log.appender import Appender, StorageError
from papayad.log.reader import Reader
from papayad.log.resume import Start, resolve
from papayad.net.private_key import blot_out
from papayad.sandbox.rlimits import confine
from papayad.state import roster
from papayad.state.groups import DEAF_TO, announce
from papayad.system.descriptors import close_all_but, lift, silence_standard_streams
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

_SEND_MAY_TAKE = 2.0  # seconds for SEND to send what is committed, and to end
_ENDED_MAY_TAKE = 0.2  # the same, and for the client to get the bye, when SIGTERM ended this one
_SIGTERM, _SIGCHLD = int(signal.SIGTERM), int(signal.SIGCHLD)


def begin(client: Client, shared: Shared) -> None:
    """RECV's whole life."""
    shared.journal.reopen()
    descriptor, seat = client.socket.fileno(), client.seat
    seat.descriptor = lift(seat.descriptor)
    close_all_but(shared.kept | {descriptor, seat.descriptor})
    reset_signals()
    blot_out(shared.key)
    set_title(client.recv_name)
    if client.older and (left := wait_until_gone(shared.roster, client.older)):
        shared.journal.error(f"{seat.entry.user} is busy: {left_behind(left)}")
        _give_up(client)
    try:
        start = start_of(client, shared)
    except OSError as error:
        shared.journal.error(f"{seat.entry.user} is busy: the log cannot be read: {error}")
        _give_up(client)
    set_blocking(descriptor, True)
    shared.journal.speak_through(shared.relay)
    silence_standard_streams()
    own, other = pair()
    incoming, outgoing = pipe()
    tie = tighten(own)
    child = _fork_send(client)
    if child == 0:
        tie = tighten(other)
        close(own)
        close(outgoing)
        _send(client, shared, start, tie, NoticeReader(incoming))
        return
    close(other)
    close(incoming)
    _recv(client, shared, child, tie, NoticeWriter(outgoing, child))


def reset_signals() -> None:
    """Replace the acceptor's signal handlers; SIGUSR1 and SIGUSR2 are ignored already.

    The acceptor blocked all signals before it forked, so its handlers took none since then.
    """
    set_wakeup_fd(-1)
    for signum in DEAF_TO:
        set_handler(signum, IGNORED)
    set_handler(_SIGTERM, DEFAULT)
    set_handler(_SIGCHLD, DEFAULT)
    set_mask(SET, ())


def _fork_send(client: Client) -> int:
    """Fork with SEND's signals blocked; if there is no process for it, tell the client."""
    set_mask(BLOCK, SIGNALS)
    try:
        child = fork()
    except OSError:
        _give_up(client)
    if child:
        set_mask(UNBLOCK, SIGNALS)
    return child


def _give_up(client: Client) -> NoReturn:
    roster.remove(client.seat)
    refuse_busy(client.socket, client.tls)
    os._exit(os.EX_TEMPFAIL)


def start_of(client: Client, shared: Shared) -> Start:
    """Where the stream begins; known before RECV appends, so a client sees its own messages.

    The reader is closed before the fork, since a lock that is inherited excludes nobody.
    """
    reader = Reader(shared.state_dir, shared.journal.ring)
    try:
        if reader.goes_on_beyond_end():
            _settle(shared)
        lines = shared.settings.limits.history_lines
        if client.compat:
            lines = min(lines, compat.HISTORY_LINES)
        return resolve(client.hello, reader, shared.log, lines)
    finally:
        reader.close()


def _settle(shared: Shared) -> None:
    """Cut, or keep, what lies beyond the committed end before this client takes that: it looks for
    its messages up to there, and sends again what it does not find."""
    appender = appender_of(shared)
    with suppress(StorageError):  # it can be read all the same
        appender.append([])
    appender.close()


def _send(client: Client, shared: Shared, start: Start, tie: Tie, notices: NoticeReader) -> None:
    prepare_signals()
    set_title(client.send_name)
    outlet = outlet_of(client, tie)
    reader = Reader(shared.state_dir, shared.journal.ring)
    _confine(SEND, shared)
    greeting = greeting_of(client, shared, start)
    announced = shared.pins if client.tls else b""
    Sender(shared.linger, reader, outlet, notices, tie).run(greeting, start.gap, announced)


def greeting_of(client: Client, shared: Shared, start: Start) -> Greeting:
    return Greeting(
        client.seat.entry.user, shared.settings.room, shared.log,
        start.offset, start.end, shared.settings.limits.message_bytes,
    )  # fmt: skip


def _recv(client: Client, shared: Shared, child: int, tie: Tie, notices: NoticeWriter) -> None:
    appender = appender_of(shared)
    _confine(RECV, shared)
    presence.enter(appender, client.seat, child, client.older)
    receiver = Receiver(client, shared, inlet_of(client, tie), appender, notices)
    last = receiver.run(client.rest)
    if receiver.ended:  # the process that ended it waits until the entry is gone
        tie.loosen_before(lambda: notices.finish(last), _ENDED_MAY_TAKE)
        see_off(client.socket, _ENDED_MAY_TAKE)
        presence.leave(appender, client.seat)
        return
    tie.loosen_before(lambda: notices.finish(last), _SEND_MAY_TAKE)
    presence.leave(appender, client.seat)
    see_off(client.socket)


def appender_of(shared: Shared) -> Appender:
    announce = announcer(shared.groups)
    chatlog, journal = shared.settings.chatlog, shared.journal
    return Appender(shared.state_dir, chatlog, announce, journal.warning, journal.ring)


def _confine(role: str, shared: Shared) -> None:
    confine(role, shared.settings.limits.cpu_seconds, shared.file_bytes)
    shared.sandbox.enter(role)


def announcer(groups: str) -> Callable[[], None]:
    """The function that an Appender calls: it wakes every SEND of the room."""
    own = getpgrp()
    return lambda: announce(groups, own)


def inlet_of(client: Client, tie: Tie) -> Inlet:
    plain = PlainInlet(client.socket.fileno(), tie)
    return TLSInlet(plain, client.tls) if client.tls else plain


def outlet_of(client: Client, tie: Tie) -> PlainOutlet | TLSOutlet | CompatOutlet:
    plain = PlainOutlet(client.socket.fileno(), tie)
    outlet = TLSOutlet(plain, client.tls) if client.tls else plain
    return CompatOutlet(outlet) if client.compat else outlet
