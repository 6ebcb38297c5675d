"""SEND: the process of a cluster that alone writes to the client's socket (design sections 5, 8).

It greets, then sends the log from the client's cursor on, byte for byte, and the notices that its
RECV hands over, between two records. It never reads the socket, never writes the log, and never
blocks SIGTERM. ANNOUNCEMENT and ARRIVAL are blocked before it exists, so that no wakeup is lost: it
reads to the end, *then* waits.
"""

import signal
import time
from dataclasses import dataclass
from errno import EIO, ENOENT, ESTALE

from papayad import cursor, groups, notices
from papayad.notices import NoticeReader
from papayad.outlet import Outlet
from papayad.reader import Pruned, Reader
from papayad.tie import Tie
from papayad.wire import Greeting, Hello, Notice, render_greeting, render_notice

_OF_THE_LOG = {EIO, ENOENT, ESTALE}  # every other errno is the socket's
# Plain numbers: what an enum costs at each wakeup is more than the comparison.
ARRIVAL = int(notices.ARRIVAL)
SIGNALS = {int(groups.ANNOUNCEMENT), ARRIVAL}


@dataclass(frozen=True, slots=True)
class Room:
    """What SEND has to know of the room; `linger` in seconds."""

    name: str
    log: str
    max: int
    history_lines: int
    linger: float


def run(
    user: str,
    hello: Hello,
    room: Room,
    reader: Reader,
    outlet: Outlet,
    incoming: NoticeReader,
    tie: Tie,
) -> None:
    """Serve until RECV wants no more; a client that is gone is RECV's to notice."""
    try:
        greet(user, hello, room, reader, outlet)
        stream(room.linger, reader, outlet, incoming, tie)
        outlet.close()
    except OSError as error:
        if error.errno in _OF_THE_LOG:
            raise
        wait_for_end(incoming, tie)


def greet(user: str, hello: Hello, room: Room, reader: Reader, outlet: Outlet) -> None:
    """The `+` line, the gap if there is one, and the reader at the start of the stream."""
    start = cursor.resolve(hello, reader, room.log, room.history_lines)
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
        if arrived == ARRIVAL:
            lines = incoming.read()
            send_log(reader, reader.end(), outlet)
            outlet.line(lines)
            if incoming.finished:
                return
        else:
            send_log(reader, reader.end(), outlet)
        arrived = wait_and_rest(linger, tie) if linger else tie.wait_for(SIGNALS)


def wait_and_rest(linger: float, tie: Tie) -> int:
    """Wait for a signal, until `linger` after now at the earliest."""
    earliest = time.monotonic() + linger
    arrived = tie.wait_for(SIGNALS)
    seconds = earliest - time.monotonic()
    if seconds > 0:
        time.sleep(seconds)
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
        tie.wait_for({ARRIVAL})
        incoming.read()


def prepare_signals() -> None:
    """In SEND, after the fork from a process that blocked SIGNALS: no longer ignored, so kept."""
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
