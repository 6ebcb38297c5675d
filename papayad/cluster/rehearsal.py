"""A rehearsal: the acceptor runs the code of RECV and SEND before the first client comes.

CPython fills caches and rewrites bytecode when code runs for the first few times. If a forked
process does that, it copies pages, which costs each client memory and time. So before its first
fork the acceptor plays a few lives of a client, with a real log, roster and socket, in a directory
that it removes again. It leaves out what a process cannot undo: names, limits, the sandbox, signal
handlers.

It must not touch the room's own state, must not wait for anybody, and must not make a start fail:
without a rehearsal clients only cost more.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from signal import sigpending
from socket import SHUT_WR, socket, socketpair

from papayad.cluster.begin import appender_of, greeting_of, inlet_of, outlet_of, start_of
from papayad.cluster.farewell import see_off
from papayad.cluster.notice_pipe import NoticeReader, NoticeWriter
from papayad.cluster.outlet import CompatOutlet
from papayad.cluster.recv import Receiver
from papayad.cluster.send import SIGNALS, Sender
from papayad.cluster.shared import Client, Shared, share
from papayad.cluster.tie import Tie, pair, tighten
from papayad.formats import titles, wire
from papayad.log import presence, store
from papayad.log.reader import Reader
from papayad.net.tls import TLS, shake_hands
from papayad.state import groups, roster
from papayad.system.plain_signals import BLOCK, SET, set_mask

_LIVES = 6  # after so many the interpreter changes no more
_NAME = "rehearsal"
_USER = "nobody"
_SAID = b"MSG a hello\nMSG - hello, world\nPING x\nWHO\n"
_MOST_LINGER = 0.001  # seconds, since the start has to wait for it


def rehearse(shared: Shared, context: ssl.SSLContext | None) -> None:
    """Play some lives, with TLS if there is a context; if the room cannot be made, do nothing."""
    mask = set_mask(BLOCK, SIGNALS)
    try:
        with _room(shared) as scratch:
            for number in range(_LIVES):
                _live(scratch, context, number)
    except OSError as error:
        shared.journal.warning(f"no rehearsal, so that clients cost more: {error}")
    finally:
        set_mask(SET, mask)


@contextmanager
def _room(shared: Shared) -> Iterator[Shared]:
    """The same settings for another directory, beside the pid file."""
    path = Path(shared.pid_file).with_name(_NAME)
    _remove(path)  # an acceptor may have been killed in its rehearsal
    path.mkdir(mode=0o700)
    try:
        store.prepare(path, shared.journal.warning)
        service = replace(shared.settings.service, state_dir=str(path))
        settings = replace(shared.settings, service=service)
        group = groups.create(groups.directory(path))
        try:
            log, relay = store.identity(path), shared.relay
            yield share(settings, log, group, relay, shared.journal, shared.sandbox, ())
        finally:
            os.close(group)
    finally:
        _remove(path)


def _remove(path: Path) -> None:
    for directory, names, files in os.walk(path, topdown=False):
        for name in files:
            os.unlink(f"{directory}/{name}")
        for name in names:
            os.rmdir(f"{directory}/{name}")
    if path.exists():
        path.rmdir()


def _live(shared: Shared, context: ssl.SSLContext | None, number: int) -> None:
    """Play one client that says something and leaves; its descriptors are closed in any case."""
    with ExitStack() as end:
        ours, theirs = map(end.enter_context, socketpair())
        own, other = pair()
        end.callback(os.close, own)
        tie = tighten(own)
        end.callback(tie.loosen_before, lambda: os.close(other), 0)
        said, tls = _encrypted(context) if context else (_SAID, None)
        theirs.sendall(said)
        theirs.shutdown(SHUT_WR)
        client = _client(shared, ours, tls, number)
        end.callback(os.close, client.seat.descriptor)
        _play(client, shared, tie, end)


def _client(shared: Shared, ours: socket, tls: TLS | None, number: int) -> Client:
    room, group = shared.settings.room, os.getpgrp()
    entry = roster.Entry(f"{group}.{number}", _USER, "127.0.0.1:1", 0.0, group)
    return Client(
        socket=ours,
        tls=tls,
        hello=wire.Hello("", last=2),
        rest=b"",
        compat=False,
        seat=roster.enter(shared.roster, entry),
        older=(),
        recv_name=titles.client(room, entry.user, entry.peer, titles.RECV),
        send_name=titles.client(room, entry.user, entry.peer, titles.SEND),
    )


def _play(client: Client, shared: Shared, tie: Tie, end: ExitStack) -> None:
    """Do what two processes of a cluster do, one after the other: nothing here waits.

    RECV's announcement and its notices come as blocked signals, which SEND then takes.
    """
    start = start_of(client, shared)
    incoming, outgoing = os.pipe()
    end.callback(os.close, incoming)
    notices, writer = NoticeReader(incoming), NoticeWriter(outgoing, os.getpid())
    reader, outlet = Reader(shared.state_dir), outlet_of(client, tie)
    end.callback(reader.close)
    sender = Sender(min(shared.linger, _MOST_LINGER), reader, outlet, notices, tie)
    greeting = greeting_of(client, shared, start)
    sender.greet(greeting, start.gap, shared.pins)
    appender = appender_of(shared)
    end.callback(appender.close)
    presence.enter(appender, client.seat, os.getpid(), client.older)
    last = Receiver(client, shared, inlet_of(client, tie), appender, writer).run(client.rest)
    if not isinstance(outlet, CompatOutlet) and sigpending().issuperset(SIGNALS):
        sender.follow(outlet)
    writer.finish(last)
    sender.run(greeting, start.gap, b"")
    presence.leave(appender, client.seat)
    see_off(client.socket)


def _encrypted(context: ssl.SSLContext) -> tuple[bytes, TLS]:
    """The client's encrypted bytes, and the server's side after the handshake."""
    theirs, outgoing, server = shake_hands(context)
    theirs.write(_SAID)
    with suppress(ssl.SSLWantReadError):
        theirs.unwrap()  # else the end of the stream is an error, which also stops the writing side
    return outgoing.read(), server
