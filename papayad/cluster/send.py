"""SEND: the process of a cluster that alone writes to the client's socket (design sections 5, 8).

It greets, then sends the log from the client's cursor on, byte for byte, and the notices that its
RECV hands over, between two records. It never reads the socket, never writes the log, and never
blocks SIGTERM. ANNOUNCEMENT and ARRIVAL are blocked before it exists, so that no wakeup is lost: it
reads to the end, *then* waits.
"""

import fcntl
import os
import time
from dataclasses import dataclass
from errno import EIO, ENOENT, ESTALE
from signal import SIGTERM

from papayad.cluster import notice_pipe
from papayad.cluster.notice_pipe import NoticeReader
from papayad.cluster.outlet import CHUNK, Outlet, PlainOutlet
from papayad.cluster.tie import Tie
from papayad.formats.wire import Greeting, Notice, render_greeting, render_notice
from papayad.log.committed import DIGITS
from papayad.log.reader import Pruned, Reader
from papayad.log.resume import Start
from papayad.state import groups
from papayad.system.plain_signals import DEFAULT, UNBLOCK, set_handler, set_mask

_SHARED = fcntl.LOCK_SH | fcntl.LOCK_NB
_OF_THE_LOG = {EIO, ENOENT, ESTALE}  # every other errno is the socket's
# Plain numbers: what an enum costs at each wakeup is more than the comparison.
ARRIVAL = int(notice_pipe.ARRIVAL)
SIGNALS = (int(groups.ANNOUNCEMENT), ARRIVAL)
_TERMINATION = (int(SIGTERM),)


@dataclass(frozen=True, slots=True)
class Room:
    """What SEND has to know of the room; `linger` in seconds."""

    name: str
    log: str
    max: int
    linger: float


def run(
    user: str,
    start: Start,
    room: Room,
    reader: Reader,
    outlet: Outlet,
    incoming: NoticeReader,
    tie: Tie,
) -> None:
    """Serve until RECV wants no more; a client that is gone is RECV's to notice."""
    try:
        greet(user, start, room, reader, outlet)
        stream(room.linger, reader, outlet, incoming, tie)
        outlet.close()
    except OSError as error:
        if error.errno in _OF_THE_LOG:
            raise
        wait_for_end(incoming, tie)


def greet(user: str, start: Start, room: Room, reader: Reader, outlet: Outlet) -> None:
    """The `+` line, the gap if there is one, and the reader at the start of the stream."""
    greeting = Greeting(user, room.name, room.log, start.offset, start.end, room.max)
    outlet.line(render_greeting(greeting))
    if start.gap:
        outlet.line(render_notice(Notice("gap", str(start.offset))))
    go_to(start.offset, reader, outlet)


def stream(linger: float, reader: Reader, outlet: Outlet, incoming: NoticeReader, tie: Tie) -> None:
    """The loop. Notices are taken before the end is, so that a pong follows its records.

    They are looked for when ARRIVAL says so: at each announcement a pipe that is empty would cost
    a system call and an exception.
    """
    arrived = ARRIVAL  # some may be older than this process
    while True:
        lines = incoming.read() if arrived == ARRIVAL else b""
        send_log(reader, reader.end(), outlet)
        if arrived == ARRIVAL:
            outlet.line(lines)
            if incoming.finished:
                return
        if isinstance(outlet, PlainOutlet):
            arrived = follow(linger, reader, outlet.descriptor, tie)
        else:
            arrived = wait_and_rest(linger, tie)


def follow(linger: float, reader: Reader, socket: int, tie: Tie) -> int:
    """Wait and send what is announced, until it takes more than that; returns the last signal.

    What `stream` does for a plain client all day, in one frame and with local names. A hundred
    SENDs take turns on a core, and what one of them touches at a wakeup is in no cache: the same
    calls through three functions cost a fifth more. And they rest until the same moment, a whole
    multiple of `linger`: one timer interrupt wakes them all, which saves a quarter (lab/bench).
    """
    flock, pread, sleep, now = fcntl.flock, os.pread, time.sleep, time.monotonic
    wait_for, send_file = tie.wait_for, tie.send_file
    lock, segment, offset = reader.lock, reader.descriptor, reader.offset
    while True:
        earliest = (now() // linger + 1) * linger if linger else 0.0
        arrived = wait_for(SIGNALS).si_signo
        if linger and (left := earliest - now()) > 0:
            sleep(left)
        if arrived == ARRIVAL:
            break
        try:
            flock(lock, _SHARED)
        except BlockingIOError:
            break
        end = int(pread(lock, DIGITS, 0))  # who fails here ends, and its lock with it
        flock(lock, fcntl.LOCK_UN)
        while offset < end and (
            sent := send_file(
                socket, segment, None, end - offset if end - offset < CHUNK else CHUNK
            )
        ):
            offset += sent
        if offset < end:
            break
    reader.offset = offset
    return arrived


def wait_and_rest(linger: float, tie: Tie) -> int:
    """Wait for a signal, and until the next whole multiple of `linger` at the earliest."""
    earliest = (time.monotonic() // linger + 1) * linger if linger else 0.0
    arrived = tie.wait_for(SIGNALS).si_signo
    if linger and (left := earliest - time.monotonic()) > 0:
        time.sleep(left)
    return arrived


def send_log(reader: Reader, end: int, outlet: Outlet) -> None:
    """Send up to the committed end; where segments were pruned under the client, say so."""
    while reader.offset < end:
        try:
            outlet.log(reader, end)
        except Pruned as gap:
            outlet.line(render_notice(Notice("gap", str(gap.oldest))))
            go_to(gap.oldest, reader, outlet)


def go_to(offset: int, reader: Reader, outlet: Outlet) -> None:
    try:
        reader.seek(offset)
    except Pruned as gap:
        outlet.line(render_notice(Notice("gap", str(gap.oldest))))
        go_to(gap.oldest, reader, outlet)


def wait_for_end(incoming: NoticeReader, tie: Tie) -> None:
    """The socket is dead for writing. RECV may still find messages in it, and ends both of us."""
    while not incoming.finished:
        tie.wait_for((ARRIVAL,))
        incoming.read()


def prepare_signals() -> None:
    """In SEND, after the fork from a process that blocked SIGNALS: no longer ignored, so kept."""
    for signum in SIGNALS:
        set_handler(signum, DEFAULT)
    set_mask(UNBLOCK, _TERMINATION)
