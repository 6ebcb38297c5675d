"""What attackers do: each a generator of steps, which horde.py takes thousands of at once."""

import os
import ssl
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import cache

from lab.kit import tls

#: Bytes are sent, b"" waits for bytes and is given them, a number pauses so many seconds. It
#: returns whether it leaves at once, or else stays until it is thrown out.
Steps = Generator[bytes | float, bytes, bool]
Attack = Callable[[], Steps]

_HELLO = b"PAPAYA/1 " + b"0" * 128 + b"\n"


def idle() -> Steps:
    """Thousands who say nothing and stay."""
    return False
    yield b""


def connect() -> Steps:
    """The first flight that may be abandoned: none of TLS at all."""
    return True
    yield b""


def garbage() -> Steps:
    yield b"x" + os.urandom(63) + b"\n"
    return False


def slow_loris() -> Steps:
    for byte in _HELLO:
        yield bytes([byte])
        yield 0.1
    return False


def half_client_hello() -> Steps:
    hello = client_hello()
    yield hello[: len(hello) // 2]
    return False


def whole_client_hello() -> Steps:
    yield client_hello()
    return True


def server_flight() -> Steps:
    """It has come, and no Finished follows."""
    yield client_hello()
    yield b""
    return False


def finished() -> Steps:
    yield from _shake()
    return False


def half_hello() -> Steps:
    wrapped, outgoing = yield from _shake()
    wrapped.write(_HELLO[:70])
    yield outgoing.read()
    return False


def long_line() -> Steps:
    yield b"PAPAYA/1 "
    for _ in range(160):
        yield b"x" * 65536
    return False


def guess() -> Steps:
    yield b"PAPAYA/1 " + os.urandom(64).hex().encode() + b"\n"
    return False


ATTACKS: dict[str, Attack] = {
    "idle connections": idle,
    "garbage": garbage,
    "slow-loris": slow_loris,
    "TLS: connect only": connect,
    "TLS: half ClientHello": half_client_hello,
    "TLS: whole ClientHello": whole_client_hello,
    "TLS: no Finished": server_flight,
    "TLS: no hello": finished,
    "TLS: half hello": half_hello,
    "lines of 10 MB": long_line,
    "tokens guessed": guess,
}


def _shake() -> Generator[bytes | float, bytes, tuple[ssl.SSLObject, ssl.MemoryBIO]]:
    """A whole handshake, from the ClientHello to Finished."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    wrapped = tls.context().wrap_bio(incoming, outgoing)
    while True:
        with suppress(ssl.SSLWantReadError):
            wrapped.do_handshake()
            yield outgoing.read()
            return wrapped, outgoing
        if flight := outgoing.read():
            yield flight
        incoming.write((yield b""))


@cache
def client_hello() -> bytes:
    """The same for all of them: what it costs is the server's."""
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        tls.context().wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()
