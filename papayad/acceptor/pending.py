"""A connection that has not yet said who it is: TLS handshake and hello (design sections 3 and 8).

Lives in the acceptor, never blocks, costs no process. `advance` is called when the socket is
readable, and returns what became of the connection.
"""

import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field

from papayad.formats import compat, proxy_header, wire
from papayad.formats.wire import Hello, ProtocolError, Refusal
from papayad.net import listeners, tls
from papayad.net.private_key import Place

_CHUNK = 4096
_SEALED_MOST = 8192  # bytes that tell nothing yet; a ClientHello of today has 2,000 at most
_REFUSED_CHUNK = 65536
_REFUSED_MOST = 1 << 17  # bytes that a refused peer may still send; then it is closed


@dataclass(frozen=True, slots=True)
class Greeted:
    """A whole hello; its token is not checked yet. `rest` came after it."""

    hello: Hello
    rest: bytes = field(repr=False)
    compat: bool


@dataclass(frozen=True, slots=True)
class Introduced:
    """A proxy has named its client; `host` is empty when it connects for itself."""

    host: str
    port: int


class Closed(Exception):
    """The peer left, or cannot be talked to any more."""


class Declined(Closed):
    """The peer saw the certificate and left: it knows the room by another one."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a connection may begin: with TLS (or None), plain or not, as papayaChat's or not."""

    context: ssl.SSLContext | None
    plain: bool
    compat: bool
    pins: tuple[str, ...] = ()  # by which clients recognise this server, now and later
    key: tuple[Place, ...] = ()  # where it lies in this process's memory


class Pending:
    """One unauthenticated connection. Limits and penalties are counted by its `source`.

    A connection from a proxy begins with a header, which names the client.
    """

    def __init__(
        self,
        client: socket.socket,
        address: tuple[str, int],
        source: str,
        deadline: float,
        proxied: bool = False,
    ) -> None:
        self.socket = client
        self.host, self.port = address
        self.source = source
        self.deadline = deadline
        self.proxied = proxied
        self.tls: tls.TLS | None = None
        self.refused = False
        self.heard_at = time.monotonic()
        self.kept_waiting = 0.0  # seconds, by us
        self._begun = False
        self._secure = False  # known by the first byte; `tls` is made when the ClientHello is whole
        self._shaken = False
        self._buffer = b""
        self._early = b""
        self._sealed = 0  # bytes since the last that could be decrypted
        self._ignored = 0

    @property
    def peer(self) -> str:
        return listeners.name((self.host, self.port))

    @property
    def proceeds(self) -> bool:
        """Whether it is past its ClientHello; to send one costs a peer nothing."""
        return self.tls is not None

    @property
    def begun(self) -> bool:
        """Whether the client itself has sent anything yet."""
        return self._begun

    def hear(self, waited: float) -> None:
        """There was something to read for so many seconds: they are not the peer's."""
        self.heard_at = time.monotonic()
        self.kept_waiting += waited
        self.deadline += waited

    def has_unread(self) -> bool:
        """Whether it is we who are behind."""
        return bool(self._early or self._peek())

    def advance(self, terms: Terms) -> Greeted | Introduced | Refusal | None:
        """Read what is there; None while more is needed. Raises Closed."""
        data = self._receive()
        if data is None:
            return None
        if not data:
            raise Declined if self._shaken and not self._buffer else Closed
        if self.refused:
            self._ignore(data)
            return None
        try:
            return self._introduction(data) if self.proxied else self._read(data, terms)
        except ProtocolError as error:
            return Refusal("protocol", str(error))
        except ssl.SSLError as error:
            self._flush()
            raise (Declined if tls.is_about_certificate(error) else Closed) from error

    def refuse(self, refusal: Refusal) -> None:
        """Answer, and read on only so that the answer arrives: no reset comes before it is read."""
        self.refused = True
        line = wire.render_refusal(refusal)
        with suppress(OSError, ssl.SSLError):
            if not self._secure:
                self.socket.send(line)
            elif self.tls and self._shaken:
                self.socket.send(self.tls.encrypt(line) + self.tls.close_notify())
            self.socket.shutdown(socket.SHUT_WR)

    def _ignore(self, data: bytes) -> None:
        self._ignored += len(data)
        if self._ignored > _REFUSED_MOST:
            raise Closed

    def _introduction(self, data: bytes) -> Introduced | None:
        """Read a proxy's header; the client's first bytes may come with it, and are kept."""
        self._buffer += data
        try:
            header = proxy_header.parse(self._buffer)
        except ValueError as error:
            raise ProtocolError(str(error)) from None
        if header is None:
            return None
        self.proxied = False
        self._early, self._buffer = self._buffer[header.length :], b""
        return Introduced(header.host, header.port)

    def _read(self, data: bytes, terms: Terms) -> Greeted | Refusal | None:
        if not self._begun:
            self._begin(data[0], terms)
        if self._secure:
            return self._read_secure(data, terms)
        self._buffer += data
        return self._hello(terms)

    def _read_secure(self, data: bytes, terms: Terms) -> Greeted | Refusal | None:
        self._sealed += len(data)
        if self._sealed > _SEALED_MOST:  # OpenSSL would keep 130 KiB of a ClientHello
            raise ProtocolError(f"a handshake has at most {_SEALED_MOST} bytes")
        if self.tls is None:
            self._buffer += data
            if not tls.is_whole(self._buffer):
                return None
            if self._peek() == b"":  # it left: to look costs a hundredth of a handshake
                raise Closed
            self.tls = tls.TLS(_context(terms))
            data, self._buffer = self._buffer, b""
        self.tls.feed(data)
        if not self._shaken:
            self._shaken = self.tls.handshake()
            self._flush()
        while self._shaken and (plain := self.tls.decrypt()) is not None:
            if not plain:
                raise Closed if self._buffer else Declined
            self._buffer += plain
            self._sealed = 0  # a byte may have a record of its own: 23 bytes for each
            if answer := self._hello(terms):
                return answer
        return None

    def _begin(self, first: int, terms: Terms) -> None:
        """The first byte tells what the peer speaks."""
        self._begun = True
        if first == tls.HANDSHAKE:
            _context(terms)
            self._secure = True
        elif not terms.plain:
            raise ProtocolError("this room speaks TLS only")

    def _hello(self, terms: Terms) -> Greeted | None:
        """The hello in the buffer, once it is whole."""
        if terms.compat and self._buffer[0] in compat.FIRST_BYTES:
            if len(self._buffer) < compat.TOKEN_LENGTH:
                return None
            token = self._buffer[: compat.TOKEN_LENGTH].decode("ascii", "replace")
            return Greeted(Hello(token), self._buffer[compat.TOKEN_LENGTH :], True)
        line, newline, rest = self._buffer.partition(b"\n")
        if len(line) >= wire.HELLO_BYTES:
            raise ProtocolError(f"a hello has at most {wire.HELLO_BYTES} bytes")
        return Greeted(wire.parse_hello(line), rest, False) if newline else None

    def _receive(self) -> bytes | None:
        """Bytes, b"" at the end, None when there is nothing now."""
        if self._early:
            early, self._early = self._early, b""
            return early
        try:
            return self.socket.recv(_REFUSED_CHUNK if self.refused else _CHUNK)
        except BlockingIOError:
            return None
        except OSError as error:
            raise Closed from error

    def _peek(self) -> bytes | None:
        """What there is to read; b"" at the end, None when there is nothing now."""
        try:
            return self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _flush(self) -> None:
        """Send what the handshake wants to send.

        The socket's buffer is empty, so there is room: a peer whose socket does not take all of it
        is not a normal client, and the connection ends.
        """
        output = self.tls.pending_output() if self.tls else b""
        try:
            sent = self.socket.send(output) if output else 0
        except OSError as error:
            raise Closed from error
        if sent < len(output):
            raise Closed


def _context(terms: Terms) -> ssl.SSLContext:
    if terms.context is None:
        raise ProtocolError("this room does not speak TLS")
    return terms.context
