"""A connection: one TCP connection to the room, from the hello to its loss.

Once it is open it never blocks: the caller polls `fileno()`, reads when there is something to read,
and flushes when there is room. To go on after its loss, use papayachat.room.room.
"""

import socket
import ssl
from contextlib import suppress

from papayachat.disk.profile import Profile
from papayachat.room import dial
from papayachat.room.dial import Cut
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line, Splitter
from papayad.errors import FAILED, NO_PERMISSION, TRY_AGAIN, UNAVAILABLE, Fault
from papayad.formats import wire
from papayad.formats.wire import Greeting, Hello, Notice, ProtocolError, Refusal

_LONGEST_ANSWER = 4096
# More than a TLS record holds, so that none is left where poll(2) does not look.
_READ_BYTES = 65536
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_REFUSALS = {
    "auth": (NO_PERMISSION, "ask the admin for a new invite"),
    "banned": (NO_PERMISSION, "ask the admin"),
    "full": (TRY_AGAIN, "try again later"),
    "busy": (TRY_AGAIN, "try again later"),
    "frozen": (TRY_AGAIN, "try again later"),
}


class Denied(Fault):
    """The server answered `- REASON`."""

    def __init__(self, address: str, refusal: Refusal) -> None:
        code, remedy = _REFUSALS.get(refusal.reason, (FAILED, ""))
        said = f" ({refusal.words})" if refusal.words else ""
        super().__init__(address, f"refused: {refusal.reason}{said}", remedy, code=code)
        self.reason = refusal.reason


class Connection:
    """An open connection; `greeting` is the server's answer."""

    def __init__(self, address: str, open_socket: socket.socket, hello: Hello) -> None:
        """Say hello on a connected socket and read the answer; a Fault if it is not a `+`."""
        self._address = address
        self._socket = open_socket
        self._outgoing = bytearray()
        self._failed: OSError | None = None
        try:
            open_socket.sendall(wire.render_hello(hello))
            answer, self._early = self._answer()
            self.greeting = _accepted(address, answer)
            open_socket.setblocking(False)
        except ProtocolError as error:
            raise Fault(address, str(error), code=FAILED) from error
        except OSError as error:
            raise self._lost(error) from error
        self._splitter = Splitter(self.greeting.offset)

    @classmethod
    def open(
        cls, profile: Profile, hello: Hello, seconds: float = dial.SECONDS_PER_ADDRESS
    ) -> "Connection":
        """Connect and say hello; a Fault with the exit code of design section 2."""
        dialled = dial.dial(profile, seconds)
        try:
            return cls(profile.address, dialled, hello)
        except BaseException:
            dialled.close()
            raise

    @property
    def offset(self) -> int:
        """Where the next line of the log will stand."""
        return self._splitter.offset

    @property
    def cursor(self) -> Cursor:
        """The same, with the log and, if one has come, the record before it."""
        check = wire.check_of(self._splitter.last) if self._splitter.last else ""
        return Cursor(self.greeting.log, self._splitter.offset, check)

    @property
    def wants_write(self) -> bool:
        return bool(self._outgoing)

    @property
    def has_more(self) -> bool:
        """Whether there is something to read that poll(2) does not see: it came with the answer."""
        return bool(self._early)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()

    def read(self) -> list[Line | Notice]:
        """The items that one read brings, maybe none; a Fault (69) if the connection is lost."""
        try:
            return self._splitter.feed(self._receive())
        except ProtocolError as error:
            raise Fault(self._address, str(error), code=FAILED) from error

    def write(self, line: bytes) -> None:
        """Queue a line; `flush` sends it."""
        self._outgoing += line

    def flush(self) -> None:
        """Send as much as there is room for. `read` raises a failure, after what had come."""
        try:
            while self._outgoing:
                sent = self._socket.send(self._outgoing)
                del self._outgoing[:sent]
        except _NOT_NOW:
            pass
        except OSError as error:
            self._outgoing.clear()
            self._failed = error

    def _receive(self) -> bytes:
        if self._early:
            chunk, self._early = self._early, b""
            return chunk
        try:
            chunk = self._socket.recv(_READ_BYTES)
        except _NOT_NOW:
            if self._failed is not None:
                raise self._lost(self._failed) from self._failed
            return b""
        except OSError as error:
            raise self._lost(error) from error
        if not chunk:
            raise self._lost(None)
        return chunk

    def _answer(self) -> tuple[bytes, bytes]:
        """The server's first line without its LF, and what came with it."""
        head = b""
        while b"\n" not in head:
            chunk = self._socket.recv(_READ_BYTES)
            if not chunk:
                raise ConnectionResetError(0, "closed without an answer")
            head += chunk
            if b"\n" not in head and len(head) > _LONGEST_ANSWER:
                raise ProtocolError(f"this is no {wire.VERSION} server")
        line, _, rest = head.partition(b"\n")
        return line, rest

    def _lost(self, error: OSError | None) -> Cut:
        why = "the connection was closed" if error is None else dial.words(error)
        return Cut(self._address, why, code=UNAVAILABLE)


def _accepted(address: str, line: bytes) -> Greeting:
    answer = wire.parse_answer(line)
    if isinstance(answer, Refusal):
        raise Denied(address, answer)
    return answer
