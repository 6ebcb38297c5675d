"""A client's cluster, from the fork on: RECV, and SEND as its child (design sections 6 and 8).

Runs in what the acceptor forked. What it holds is listed in `begin`: the client's socket, the
roster entry's lock and the group's lock; everything else that it inherited is closed there. It ends
with os._exit and never returns into the acceptor's code.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from papayad import (
    compat,
    confine,
    cursor,
    descriptors,
    groups,
    reaper,
    recv,
    roster,
    send,
    titles,
    wire,
)
from papayad.appender import Appender
from papayad.config import Config
from papayad.inlet import Inlet, PlainInlet, TLSInlet
from papayad.journal import Journal
from papayad.notices import NoticeReader, NoticeWriter
from papayad.outlet import CompatOutlet, Outlet, PlainOutlet, TLSOutlet
from papayad.proctitle import set_title
from papayad.reader import Reader
from papayad.sandbox import Sandbox
from papayad.splitter import Splitter
from papayad.throttle import Throttle
from papayad.tie import Tie, pair, tighten
from papayad.tls import TLS

_PATIENCE = 2.0  # seconds for an older cluster to end, and at the end for SEND and for the client
_MOST_PATIENCE = 5.0  # seconds, when SIGKILL does not end it: it waits for a disk
_STEP = 0.002
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Client:
    """Whom the acceptor let in. `rest` came behind the hello; `older` are roster entries."""

    socket: socket.socket
    hello: wire.Hello
    tls: TLS | None
    rest: bytes = field(repr=False)
    compat: bool
    entry: roster.Entry
    older: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """What all clusters of an acceptor have in common. `group` is its group file's descriptor."""

    config: Config
    log: str
    group: int
    journal: Journal
    sandbox: Sandbox


def begin(client: Client, entry: int, shared: Shared) -> None:
    """RECV's whole life; `entry` is the descriptor of the roster entry's lock."""
    shared.journal.reopen()
    descriptors.close_all_but({client.socket.fileno(), entry, shared.group})
    descriptors.silence_standard_streams()
    reset_signals()
    _title(client, shared, titles.RECV)
    path = roster.directory(shared.config.state_dir)
    if left := wait_until_gone(path, client.older):
        shared.journal.error(f"{client.entry.user} is busy: {left_behind(left)}")
        _give_up(path, client)
    start = _start_of(client, shared)
    client.socket.setblocking(True)
    own, other = pair()
    outgoing, incoming = os.pipe()[::-1]
    child = _fork_send(path, client)
    if child == 0:
        own.close()
        os.close(outgoing)
        _send(client, start, shared, other, incoming)
        return
    other.close()
    os.close(incoming)
    whole = replace(client.entry, recv=os.getpid(), send=child)
    _recv(client, shared, whole, entry, own, NoticeWriter(outgoing, child))


def reset_signals() -> None:
    """From the acceptor's dispositions to a cluster's; SIGUSR1 and SIGUSR2 are ignored already.

    The acceptor blocked everything before it forked, so none was taken by its handlers meanwhile.
    """
    signal.set_wakeup_fd(-1)
    for signum in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(signum, signal.SIG_IGN)
    for signum in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(signum, signal.SIG_IGN)
    for signum in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def wait_until_gone(path: Path, names: Collection[str]) -> list[str]:
    """Until clusters that were asked to end, or that lost a process, are gone: their locks tell.

    Nothing of theirs comes after that. One that does not end in time is killed; returns those that
    do not end even so, which the kernel holds in a system call of theirs.
    """
    began = time.monotonic()
    left = [name for name in names if roster.is_live(path, name)]
    while left and (waited := time.monotonic() - began) < _MOST_PATIENCE:
        if waited > _PATIENCE:
            for name in left:
                _kill(path, name)
        time.sleep(_STEP)
        left = [name for name in left if roster.is_live(path, name)]
    return left


def left_behind(names: Collection[str]) -> str:
    """For the journal."""
    return f"not ended by SIGKILL within {_MOST_PATIENCE:.0f} s: clusters {' '.join(sorted(names))}"


def _kill(path: Path, name: str) -> None:
    """The entry's lock is held, so its pids are the cluster's; a starting one has none yet."""
    entry = roster.read(path, name)
    for pid in (entry.recv, entry.send) if entry else ():
        if pid > 1:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _fork_send(path: Path, client: Client) -> int:
    """Fork with SEND's signals blocked; a client that cannot have one is told so."""
    signal.pthread_sigmask(signal.SIG_BLOCK, send.SIGNALS)
    try:
        child = os.fork()
    except OSError:
        _give_up(path, client)
    if child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, send.SIGNALS)
    return child


def _give_up(path: Path, client: Client) -> NoReturn:
    (path / client.entry.name).unlink(missing_ok=True)
    refuse_busy(client.socket, client.tls)
    os._exit(os.EX_TEMPFAIL)


def refuse_busy(client: socket.socket, tls: TLS | None) -> None:
    """There is no process for this client; nobody else notices."""
    line = wire.render_refusal(wire.Refusal("busy", "no process to be had, try again later"))
    with suppress(OSError):
        client.send(tls.encrypt(line) + tls.close_notify() if tls else line)
    see_off(client)


def see_off(client: socket.socket) -> None:
    """Read on until the client has seen the end, for a moment at most.

    To close a socket with unread bytes in it is to reset it, and a client that still writes would
    lose the last words that it was sent.
    """
    deadline = time.monotonic() + _PATIENCE
    with suppress(OSError):  # it has gone, or its time is up
        client.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(_CHUNK):
                break


def _start_of(client: Client, shared: Shared) -> cursor.Start:
    """Where the stream begins: known before RECV appends, so that a client sees what it says.

    The reader is closed before the fork, since a lock that is inherited excludes nobody.
    """
    reader = Reader(shared.config.state_dir, shared.journal.warning)
    try:
        lines = shared.config.limits.history_lines
        return cursor.resolve(client.hello, reader, shared.log, lines)
    finally:
        reader.close()


def _send(
    client: Client, start: cursor.Start, shared: Shared, end: socket.socket, incoming: int
) -> None:
    send.prepare_signals()
    _title(client, shared, titles.SEND)
    limits = shared.config.limits
    room = send.Room(
        shared.config.room,
        shared.log,
        limits.message_bytes,
        limits.linger_ms / 1000,
    )
    tie = tighten(end)
    outlet = _outlet(client, tie)
    reader = Reader(shared.config.state_dir, shared.journal.warning)
    _confine(titles.SEND, shared)
    send.run(client.entry.user, start, room, reader, outlet, NoticeReader(incoming), tie)


def _recv(
    client: Client,
    shared: Shared,
    entry: roster.Entry,
    descriptor: int,
    end: socket.socket,
    notices: NoticeWriter,
) -> None:
    config = shared.config
    tie = tighten(end)
    appender = Appender(
        config.state_dir, config.chatlog, announcer(config.state_dir), shared.journal.warning
    )
    _confine(titles.RECV, shared)
    path = roster.directory(config.state_dir)
    reaper.enter(appender, path, descriptor, entry, client.older)
    receiver = recv.Receiver(
        entry.user,
        _inlet(client, tie),
        client.socket.fileno(),
        Splitter(config.limits.message_bytes),
        Throttle(config.limits.messages_per_second, config.limits.message_burst),
        config.limits.message_burst,
        appender,
        notices,
        path,
        compat.parse_upstream if client.compat else wire.parse_upstream,
    )
    last = receiver.run(client.rest)
    tie.loosen_before(lambda: notices.finish(last), _PATIENCE)
    reaper.leave(appender, path, entry)
    see_off(client.socket)


def _confine(role: str, shared: Shared) -> None:
    confine.confine(role, shared.config.limits.cpu_seconds)
    shared.sandbox.enter(role, shared.config.state_dir)


def announcer(state_dir: Path) -> Callable[[], None]:
    """What an Appender calls: wakes every SEND of the room, from inside one of its groups."""
    path, own = str(groups.directory(state_dir)), os.getpgrp()
    return lambda: groups.announce(path, own)


def _inlet(client: Client, tie: Tie) -> Inlet:
    plain = PlainInlet(client.socket.fileno(), tie)
    return TLSInlet(plain, client.tls) if client.tls else plain


def _outlet(client: Client, tie: Tie) -> Outlet:
    plain = PlainOutlet(client.socket.fileno(), tie)
    outlet = TLSOutlet(plain, client.tls) if client.tls else plain
    return CompatOutlet(outlet) if client.compat else outlet


def _title(client: Client, shared: Shared, role: str) -> None:
    entry = client.entry
    set_title(titles.client(shared.config.room, entry.user, entry.peer, role))
