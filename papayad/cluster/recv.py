"""RECV: the process of a cluster that reads the client and appends to the log (design section 4).

Only RECV reads the socket, and it never writes to it: what it has to tell the client goes to SEND
as a notice. It takes lines in batches, and each batch is one transaction. It is the parent of SEND,
and defers signals only while it holds the lock.
"""

import select
import signal
from collections.abc import Callable, Sequence

from papayad.cluster.inlet import Inlet
from papayad.cluster.lines import Splitter, TooLong
from papayad.cluster.notice_pipe import NoticeWriter
from papayad.cluster.shared import Client, Shared
from papayad.formats import compat, record, wire
from papayad.formats.wire import Message, Notice, Ping, ProtocolError, Who
from papayad.log import presence
from papayad.log.appender import Appender, Line, StorageError
from papayad.net.throttle import Throttle
from papayad.state import history, roster
from papayad.system.plain_signals import DEFAULT, set_handler

_SIGTERM = int(signal.SIGTERM)
_FORGIVEN = 2  # protocol errors of a client; the next one ends its connection
_HANGUP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Finished(Exception):
    """This connection ends. The argument is the word for `! bye`; none if the client left."""


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
        self._parse: Callable[[bytes], Message | Who | Ping]
        self._parse = self._parse_first if client.compat else wire.parse_upstream
        self._roster = shared.roster
        self._burst = limits.message_burst
        self._splitter = Splitter(limits.message_bytes)
        self._throttle = Throttle(limits.messages_per_second, limits.message_burst)
        self._inlet = inlet
        self._appender = appender
        self._notices = notices
        self._seat = client.seat.descriptor
        self._written = 0  # messages of this client
        self._errors = 0
        self._state_dir, self._name = shared.state_dir, client.seat.entry.name
        self.ended = False  # whether by SIGTERM
        self._left: int | None = None  # lines still accepted, once the client is known to be gone

    def run(self, first: bytes) -> bytes:
        """Serve; `first` is what came after the hello. Returns the line of the bye, if any."""
        before = set_handler(_SIGTERM, self._be_ended)
        try:
            self._serve(first)
            while data := self._inlet.read():
                self._serve(data)
        except Finished as end:
            return wire.render_notice(Notice("bye", *end.args)) if end.args else b""
        finally:
            set_handler(_SIGTERM, before)
        return b""

    def _be_ended(self, signum: int, frame: object) -> None:
        """On SIGTERM, tell the client why and end; a second one ends this process at once."""
        set_handler(_SIGTERM, DEFAULT)
        self.ended = True
        why = history.bye(self._state_dir, self._name) or "ended"
        raise Finished(record.clean(why))

    def _serve(self, data: bytes) -> None:
        """Handle every line of a chunk, as fast as the throttle allows."""
        lines = list(self._splitter.split(data))
        done = 0
        while done < len(lines):
            count = self._allowed(len(lines) - done)
            self._handle(lines[done : done + count])
            done += count

    def _allowed(self, most: int) -> int:
        """How many lines may be handled now, at least one; waits for the throttle.

        A client that is gone is not throttled any more: it has `message_burst` lines left.
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
        """Append messages in one transaction; handle other lines in their order among them."""
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

    def _parse_first(self, line: bytes) -> Message | Who | Ping:
        """The first line of one of papayaChat's clients tells SEND which of them it is."""
        self._parse = compat.parse_upstream
        self._notices.write(compat.kind_of(line))
        return compat.parse_upstream(line)

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
        """Append the batch to the log, and empty it. A message without an error is in the log."""
        if not batch:
            return
        kept = len(batch)
        try:
            self._appender.append(batch)
        except StorageError as error:
            kept = error.kept
            for _, id, _ in batch[kept:]:
                self._error("storage", id, "the log cannot be written, try again later")
        self._written += kept
        roster.count_messages(self._seat, self._written)
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
    """What a client gets back of its own bytes: UTF-8 that cannot control a terminal."""
    return record.clean(mark.decode("utf-8", "replace")).encode()
