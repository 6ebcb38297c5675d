"""TLS across two processes: an SSLObject over two MemoryBIOs (design section 8).

The acceptor does the handshake. After the fork RECV has a copy of the state that only decrypts, and
SEND has one that only encrypts. RECV never sends what its outgoing BIO has: an alert from there
would use a sequence number that SEND has used already, which is the same nonce twice.
"""

import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from papayad.errors import CONFIGURATION, Fault, denied_or, reason
from papayad.formats import pin
from papayad.settings import Listen
from papayad.state import secrecy

HANDSHAKE = 0x16  # the first byte of a TLS connection: record type handshake (RFC 8446, 5.1)
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_CHUNK = 16384  # bytes: the most that one TLS record holds
_HEADER = 5  # bytes: type, version, length


def load_context(listen: Listen) -> ssl.SSLContext:
    """TLS 1.3 and no session tickets; a Fault (77, 78) says which file is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    try:
        secrecy.refuse_open_key(Path(listen.private_key))
        context.load_cert_chain(listen.certificate, listen.private_key, password=_no_password)
    except ssl.SSLError as error:
        why = f"does not go with {listen.private_key} ({error.reason})"
        raise Fault(
            listen.certificate, why, "papayactl init makes both", code=CONFIGURATION
        ) from error
    except OSError as error:
        where = f"{listen.certificate} or {listen.private_key}"
        remedy = "papayactl init makes them; the service's group has to read them"
        code = denied_or(error, CONFIGURATION)
        raise Fault(where, reason(error), remedy, code=code) from error
    return context


def pins(listen: Listen) -> tuple[str, ...]:
    """The pin of the certificate, and that of the next one if it has been announced.

    Raises a Fault (78).
    """
    paths = [Path(listen.certificate)]
    if listen.next_certificate.exists():
        paths.append(listen.next_certificate)
    return tuple(map(_pin, paths))


def _pin(path: Path) -> str:
    try:
        first = path.read_text().partition(_END)[0]
        return pin.of_certificate(ssl.PEM_cert_to_DER_cert(first[first.index(_BEGIN) :] + _END))
    except (OSError, ValueError) as error:
        raise Fault(str(path), "holds no certificate in PEM", code=CONFIGURATION) from error


def is_about_certificate(error: ssl.SSLError) -> bool:
    """Whether this is the peer's alert that it refuses our certificate (RFC 8446, 6.2)."""
    reason = error.reason or ""
    return "ALERT" in reason and ("CERTIFICATE" in reason or reason.endswith("UNKNOWN_CA"))


def is_whole(data: bytes) -> bool:
    """Whether the first record is complete, or cannot be one; only then OpenSSL is needed.

    So an unfinished ClientHello costs only its bytes; an SSLObject would cost 40 KiB.
    """
    length = int.from_bytes(data[3:_HEADER], "big")
    return len(data) >= _HEADER and not len(data) - _HEADER < length <= _CHUNK


def shake_hands(context: ssl.SSLContext) -> tuple[ssl.SSLObject, ssl.MemoryBIO, "TLS"]:
    """A handshake with ourselves: the client's side, what it has to send, the server's side."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    client, server = trusting.wrap_bio(incoming, outgoing), TLS(context)
    shaken = False
    while not shaken:
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        server.feed(outgoing.read())
        shaken = server.handshake()
        incoming.write(server.pending_output())
    return client, outgoing, server


class TLS:
    """One connection's TLS state, without a socket. All methods return at once."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def feed(self, data: bytes) -> None:
        """Bytes from the socket; empty bytes are its end."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def handshake(self) -> bool:
        """Go on with the handshake; False while it needs more bytes. Raises ssl.SSLError."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def decrypt(self) -> bytes | None:
        """The content of all whole records, b"" at the end of the stream, None when it needs more.

        All records at once, since a busy client puts each message into a record of its own. Raises
        SSLError if the first of them is bad.
        """
        parts = []
        try:
            while data := self._object.read(_CHUNK):
                parts.append(data)
                if not self._incoming.pending:
                    break
        except ssl.SSLWantReadError:
            if not parts:
                return None
        except ssl.SSLError:  # it is raised again by the next call, after the good records
            if not parts:
                raise
        return b"".join(parts)

    def encrypt(self, data: bytes) -> bytes:
        """The TLS records that carry `data`."""
        self._object.write(data)
        return self._outgoing.read()

    def encryption(self) -> tuple[Callable[[bytes], int], Callable[[], bytes]]:
        """The two calls of `encrypt`, for a loop that calls them directly."""
        return self._object.write, self._outgoing.read

    def pending_output(self) -> bytes:
        """Bytes that the handshake (the acceptor sends them) or reading (RECV drops them) made."""
        return self._outgoing.read()

    def close_notify(self) -> bytes:
        """The alert that ends the stream in good order (RFC 8446, 6.1)."""
        with suppress(ssl.SSLError):  # it waits for the peer's answer, and nobody else does
            self._object.unwrap()
        return self._outgoing.read()


def _no_password() -> str:
    raise Fault("listen.private_key", "is encrypted", "store it without a passphrase",
                code=CONFIGURATION)  # fmt: skip
