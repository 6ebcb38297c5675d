"""RECV: the process of a cluster that reads the client and appends to the log (design section 4).

It alone reads the socket, and it never writes to it: what the client has to be told goes to SEND as
a notice. Lines are taken in batches, one transaction each. It is the parent of SEND, and it defers
signals only inside the lock.
"""

import select
from collections.abc import Sequence

from papayad.cluster.inlet import Inlet
from papayad.cluster.lines import Splitter, TooLong
from papayad.cluster.notice_pipe import NoticeWriter
from papayad.cluster.shared import Client, Shared
from papayad.formats import compat, record, wire
from papayad.formats.wire import Message, Notice, Ping, ProtocolError, Who
from papayad.log import presence
from papayad.log.appender import Appender, Line, StorageError
from papayad.net.throttle import Throttle
from papayad.state import roster

_FORGIVEN = 2  # protocol errors; the next one ends the connection
_HANGUP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Finished(Exception):
    """This client's connection ends, and why: a word for `! bye`, or nothing when it left."""


class Receiver:
    """One client's upstream. `run` returns when the connection is to end."""

    def __init__(
        self,
        client: Client,
        shared: Shared,
        inlet: Inlet,
        appender: Appender,
        notices: NoticeWriter,
    ) -> None:
        limits = shared.settings.limits
        self._user = client.seat.entry.user
        self._socket = client.socket.fileno()
        self._parse = compat.parse_upstream if client.compat else wire.parse_upstream
        self._roster = shared.roster
        self._burst = limits.message_burst
        self._splitter = Splitter(limits.message_bytes)
        self._throttle = Throttle(limits.messages_per_second, limits.message_burst)
        self._inlet = inlet
        self._appender = appender
        self._notices = notices
        self._errors = 0
        self._left: int | None = None  # lines still accepted, once the client is known to be gone

    def run(self, first: bytes) -> bytes:
        """Serve; `first` is what came behind the hello. Returns the bye, if there is to be one."""
        try:
            self._serve(first)
            while data := self._inlet.read():
                self._serve(data)
        except Finished as end:
            return wire.render_notice(Notice("bye", *end.args)) if end.args else b""
        return b""

    def _serve(self, data: bytes) -> None:
        """Every line of a chunk, as fast as the throttle lets them."""
        lines = list(self._splitter.split(data))
        done = 0
        while done < len(lines):
            count = self._allowed(len(lines) - done)
            self._handle(lines[done : done + count])
            done += count

    def _allowed(self, most: int) -> int:
        """How many lines may be taken, at least one; waits for the throttle.

        A client that is gone waits for nobody: it has `message_burst` lines left.
        """
        while self._left is None:
            count = self._throttle.consume(most)
            if count:
                return count
            if self._gone_within(self._throttle.wait()):
                self._left = self._burst
        if self._left == 0:
            raise Finished
        count = min(most, self._left)
        self._left -= count
        return count

    def _gone_within(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self._socket, _HANGUP)
        return bool(poll.poll(seconds * 1000 + 1))

    def _handle(self, lines: Sequence[bytes | TooLong]) -> None:
        """Messages together in one transaction, and everything else in its order among them."""
        batch: list[Line] = []
        for line in lines:
            if isinstance(line, TooLong):
                self._error("too-long", wire.message_id(line.start), str(self._splitter.limit))
                continue
            try:
                request = self._parse(line)
            except ProtocolError as error:
                self._append(batch)
                self._protocol_error(str(error))
                continue
            if isinstance(request, Message):
                self._collect(request, batch)
            else:
                self._append(batch)
                self._answer(request)
        self._append(batch)

    def _collect(self, message: Message, batch: list[Line]) -> None:
        try:
            text = record.clean(message.text.decode())
        except UnicodeDecodeError:
            self._error("encoding", message.id, "not UTF-8")
            return
        if text:
            batch.append((self._user, message.id, text))
        else:
            self._error("empty", message.id, "nothing is left of the text")

    def _append(self, batch: list[Line]) -> None:
        """Empty the batch into the log; who is not told of an error finds its record there."""
        if not batch:
            return
        try:
            self._appender.append(batch)
        except StorageError as error:
            for _, id, _ in batch[error.kept :]:
                self._error("storage", id, "the log cannot be written, try again later")
        batch.clear()

    def _answer(self, request: Who | Ping) -> None:
        if isinstance(request, Ping):
            self._notices.write(b"! pong " + printable(request.mark) + b"\n")
            return
        gone = roster.gone(self._roster)
        if gone:
            presence.reap(self._appender, self._roster, gone)
        names = " ".join(roster.online(self._roster))
        self._notices.write(wire.render_notice(Notice("online", names)))

    def _error(self, code: str, id: str, words: str) -> None:
        self._notices.write(wire.render_notice(Notice("error", f"{code} {id} {words}")))

    def _protocol_error(self, words: str) -> None:
        self._error("protocol", record.NO_ID, words)
        self._errors += 1
        if self._errors > _FORGIVEN:
            raise Finished("protocol")


def printable(mark: bytes) -> bytes:
    """What a client gets back of its own bytes: UTF-8 without what could drive a terminal."""
    return record.clean(mark.decode("utf-8", "replace")).encode()
