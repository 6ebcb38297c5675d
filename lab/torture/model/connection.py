"""One connection of the model: bytes to the real daemon, and what has to come back."""

import re
import socket
import ssl
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self

from lab.kit.room import Peer, Room
from lab.torture.model import oracle
from lab.torture.model.conversation import EOF, Call
from lab.torture.model.opening import CLOSED, Opening
from lab.torture.model.oracle import Expected, Log
from lab.torture.model.utterance import LIMIT
from papayad.formats.wire import Greeting, Refusal

_PINS = re.compile(rb"! pins( spki:[0-9a-f]{64}){1,2}\n")
_SENDS = 1000  # the most sends of one connection: a long text goes in larger pieces


class Connection:
    """Closed at the end of its block unless `is_kept`; a failure in it is shown with the stream."""

    def __init__(self, room: Room, user: str, tls: bool, log: Log) -> None:
        self.user = user
        self.is_kept = False
        self._log = log
        self._start = 0
        connection = room.socket()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._peer = Peer(_encrypted(connection) if tls else connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error or not self.is_kept:
            self._peer.close()
        if error:
            error.add_note(f"the stream's end was {self._peer.stream[-2000:]!r}")

    def send(self, data: bytes, piece: int) -> None:
        """Send in pieces of `piece` bytes, 0: in one. A server that said its bye takes no more."""
        piece = max(piece, len(data) // _SENDS + 1) if piece else len(data) + 1
        with suppress(ConnectionError):
            for place in range(0, len(data), piece):
                self._peer.send(data[place : place + piece])

    def half_close(self) -> None:
        """Shut down the TCP connection below TLS: SSLSocket.shutdown would end both directions."""
        with suppress(OSError):
            socket.socket.shutdown(self._peer.socket, socket.SHUT_WR)

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self._peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._peer.close()

    def read_greeting(self, opening: Opening, cursor: int) -> None:
        """Read and check the `+` line; `cursor` is where the stream begins if it was asked for."""
        greeting = self._peer.answer()
        assert isinstance(greeting, Greeting), greeting
        identity = (self.user, "main", LIMIT)
        assert (greeting.name, greeting.room, greeting.max) == identity, greeting
        start = opening.start
        if start.kind not in ("since", "resume"):
            known = start.kind == "last" and start.number >= 0
            count = start.number if known else oracle.HISTORY
            cursor = self._log.start_of_last(count, greeting.end)
        assert greeting.offset == cursor <= greeting.end, f"{greeting}, not offset {cursor}"
        self._start = cursor

    def read_refusal(self, reason: str) -> None:
        """Read a refusal and nothing after it; for CLOSED nothing at all, except what TLS says."""
        if reason == CLOSED:
            self._peer.read_to_end()
            assert not re.match(rb"[+-] ", self._peer.stream), "an answer"
            return
        answer = self._peer.answer()
        assert isinstance(answer, Refusal) and answer.reason == reason, answer
        assert self._peer.read_to_close() == b""

    def read_to_end_of_greeting(self) -> None:
        greeting = self._peer.greeting
        assert greeting
        while self.cursor() < greeting.end:
            data = self._peer.receive()
            assert data, "closed"
            self._peer.stream += data

    def read_until_closed(self) -> None:
        """Read to the end of a connection that was taken over; a reset is right, too."""
        self._peer.read_to_end()
        self._peer.close()

    def finish(self, expected: Expected, call: Call) -> None:
        """Read as far as this connection has to be read, and judge all of it."""
        if call.end == EOF or expected.is_ended:
            self._peer.read_to_close()
        else:
            self._peer.read_until(b"! pong last\n")
        self.judge(expected, call, is_whole=True)

    def judge(self, expected: Expected, call: Call, *, is_whole: bool) -> None:
        """Judge what was read so far: the log's bytes, the notices' order, and the own messages."""
        notices = oracle.judge_stream(self._peer.stream, self._start, self._log)[0]
        if call.opening.start.is_gap and (notices or is_whole):
            assert notices.pop(0) == b"! gap %d\n" % self._start, "no gap"
        if call.tls and (notices or is_whole):
            assert _PINS.fullmatch(notices.pop(0)), "no pins"
        oracle.judge_notices(notices, expected, is_whole)
        oracle.judge_pongs(self._peer.stream, expected, self.user)
        if is_whole:
            self._judge_whole(notices, expected, call)

    def _judge_whole(self, notices: list[bytes], expected: Expected, call: Call) -> None:
        texts = {text for _, text in expected.records}
        known = [(id, text) for sender, id, text in self.records() if sender == self.user]
        own = [(id, text) for id, text in known if text in texts]
        assert own == expected.records, f"records {own}, expected {expected.records}"
        if call.opening.presence:
            online = [line.split()[2:] for line in notices if line.startswith(b"! online")]
            assert all(self.user.encode() in names for names in online), "who asks is not online"

    def read_as_papayachat(self, records: list[tuple[str, str]]) -> None:
        """Read to the end: no answer, no notice, `name: text` for each record.

        A NUL, alone or behind the LF, ends what their client shows at once; a line break in a text
        is one, indented.
        """
        shown = self._peer.read_to_close().decode().replace("\0", "\n")
        indent = " " * (len(self.user) + 2)
        lines = shown.replace(f"\n{indent}", "\u2028").split("\n")
        known = [line.partition(": ")[2] for line in lines if line.startswith(f"{self.user}: ")]
        texts = [text for _, text in records]
        assert [text for text in known if text in texts] == texts, f"{known}, expected {texts}"

    def cursor(self) -> int:
        """The offset in the log after the last whole record that was read."""
        return self._start + len(self._log_lines())

    def records(self) -> list[tuple[str, str, str]]:
        """Sender, ID and text of each whole record that was read."""
        return [oracle.taken_apart(line) for line in self._log_lines().splitlines(keepends=True)]

    def _log_lines(self) -> bytes:
        return self._peer.records()[: self._peer.records().rfind(b"\n") + 1]


def _encrypted(connection: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)
