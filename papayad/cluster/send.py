"""SEND: the process of a cluster that alone writes to the client's socket (design sections 5, 8).

It sends the greeting, then the log from the client's cursor on, byte for byte, and between records
the notices that its RECV hands over. It never reads the socket, never writes the log, and never
blocks SIGTERM. ANNOUNCEMENT and ARRIVAL are blocked before it exists, so that no wakeup is lost: it
reads to the end, *then* waits.
"""

import fcntl
import os
import time
from errno import EIO, ENOENT, ESTALE
from signal import SIGTERM

from papayad.cluster import notice_pipe
from papayad.cluster.notice_pipe import NoticeReader
from papayad.cluster.outlet import CHUNK, Outlet, PlainOutlet, TLSOutlet
from papayad.cluster.tie import Tie
from papayad.formats.wire import Greeting, Notice, render_greeting, render_notice
from papayad.log.committed import DIGITS
from papayad.log.reader import Missing, Pruned, Reader
from papayad.state import groups
from papayad.system.plain_signals import DEFAULT, UNBLOCK, set_handler, set_mask

_SHARED = fcntl.LOCK_SH | fcntl.LOCK_NB
_OF_THE_LOG = {EIO, ENOENT, ESTALE}  # any other errno comes from the socket
# Plain numbers: at each wakeup an enum would cost more than the comparison.
ARRIVAL = int(notice_pipe.ARRIVAL)
SIGNALS = (int(groups.ANNOUNCEMENT), ARRIVAL)
_TERMINATION = (int(SIGTERM),)


class Sender:
    """One client's downstream; `linger` is in seconds."""

    __slots__ = ("_linger", "_notices", "_outlet", "_reader", "_tie")

    def __init__(
        self, linger: float, reader: Reader, outlet: Outlet, notices: NoticeReader, tie: Tie
    ) -> None:
        self._linger = linger
        self._reader = reader
        self._outlet = outlet
        self._notices = notices
        self._tie = tie

    def run(self, greeting: Greeting, gap: bool, announced: bytes) -> None:
        """Serve until RECV ends it; that a client is gone is for RECV to notice.

        `announced` is what every client is told at first: a notice, or nothing.
        """
        try:
            self.greet(greeting, gap, announced)
            self._stream()
            self._outlet.close()
        except OSError as error:
            if error.errno in _OF_THE_LOG:
                raise
            self._wait_for_end()

    def greet(self, greeting: Greeting, gap: bool, announced: bytes) -> None:
        """Send the `+` line and the gap, if any; put the reader at the start of the stream."""
        self._outlet.line(render_greeting(greeting))
        if gap:
            self._outlet.line(render_notice(Notice("gap", str(greeting.offset))))
        if announced:
            self._outlet.line(announced)
        self._go_to(greeting.offset)

    def _stream(self) -> None:
        """The loop. It takes notices before it takes the end, so that a pong follows its records.

        It looks for notices only when ARRIVAL came: to look into an empty pipe at each
        announcement would cost a system call and an exception.
        """
        outlet, notices, reader = self._outlet, self._notices, self._reader
        arrived = ARRIVAL  # notices may be older than this process
        while True:
            lines = notices.read() if arrived == ARRIVAL else b""
            self._send_log(reader.end())
            if arrived == ARRIVAL:
                outlet.line(lines)
                if notices.finished:
                    return
            if isinstance(outlet, (PlainOutlet, TLSOutlet)):
                arrived = self.follow(outlet)
            else:
                arrived = self._wait_and_rest()

    def follow(self, outlet: PlainOutlet | TLSOutlet) -> int:
        """Wait and send what is announced, until more is needed; return the last signal.

        This is what `_stream` does for a client nearly all the time, in one function and with
        local names. A hundred SENDs take turns on a core, so nothing that one of them touches at a
        wakeup is in a cache: the same calls through three functions cost a fifth more. And all
        SENDs rest until the same moment, a whole multiple of `linger`: one timer interrupt wakes
        them all, which saves a quarter (lab/bench).
        """
        flock, pread, sleep, now = fcntl.flock, os.pread, time.sleep, time.monotonic
        linger, wait_for, send_file = self._linger, self._tie.wait_for, self._tie.send_file
        read, write, socket = os.read, self._tie.write, outlet.descriptor
        encrypt, records = outlet.encryption if isinstance(outlet, TLSOutlet) else (None, None)
        reader = self._reader
        lock, segment, offset = reader.lock, reader.descriptor, reader.offset
        while True:
            earliest = (now() // linger + 1) * linger if linger else 0.0
            arrived = wait_for(SIGNALS)
            if linger and (left := earliest - now()) > 0:
                sleep(left)
            if arrived == ARRIVAL:
                break
            try:
                flock(lock, _SHARED)
            except BlockingIOError:
                break
            try:
                end = int(pread(lock, DIGITS, 0))
            except ValueError:  # `reader.end` says what is wrong, and frees the lock
                break
            flock(lock, fcntl.LOCK_UN)
            while offset < end:
                most = end - offset if end - offset < CHUNK else CHUNK
                if encrypt and records:
                    data = read(segment, most)
                    if not data:
                        break
                    offset += len(data)
                    encrypt(data)
                    data = records()
                    while data:
                        data = data[write(socket, data) :]
                else:
                    sent = send_file(socket, segment, None, most)
                    if not sent:
                        break
                    offset += sent
            if offset < end:
                break
        reader.offset = offset
        return arrived

    def _wait_and_rest(self) -> int:
        """Wait for a signal, and at least until the next whole multiple of `linger`."""
        linger = self._linger
        earliest = (time.monotonic() // linger + 1) * linger if linger else 0.0
        arrived = self._tie.wait_for(SIGNALS)
        if linger and (left := earliest - time.monotonic()) > 0:
            time.sleep(left)
        return arrived

    def _send_log(self, end: int) -> None:
        """Send up to the committed end; where segments were pruned under the client, say so."""
        reader = self._reader
        while reader.offset < end:
            try:
                self._outlet.log(reader, end)
            except Pruned as gap:
                self._leap(gap)
            except Missing:
                return

    def _go_to(self, offset: int) -> None:
        try:
            self._reader.seek(offset)
        except Pruned as gap:
            self._leap(gap)

    def _leap(self, gap: Pruned) -> None:
        """No notice stands inside a record: one that was truncated meanwhile gets an end."""
        end_of_record = b"\n" if gap.torn else b""
        self._outlet.line(end_of_record + render_notice(Notice("gap", str(gap.oldest))))
        self._go_to(gap.oldest)

    def _wait_for_end(self) -> None:
        """Nothing can be sent any more. RECV may still find messages there, and ends us both."""
        while not self._notices.finished:
            self._tie.wait_for((ARRIVAL,))
            self._notices.read()


def prepare_signals() -> None:
    """In SEND, whose parent blocked SIGNALS: stop ignoring them, so that they are kept."""
    for signum in SIGNALS:
        set_handler(signum, DEFAULT)
    set_mask(UNBLOCK, _TERMINATION)
