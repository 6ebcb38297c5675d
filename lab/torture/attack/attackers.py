"""What attackers do: each is a generator of steps, and horde.py runs thousands of them at once."""

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
    """Connect, say nothing, and stay."""
    return False
    yield b""


def connect() -> Steps:
    """Connect and leave before the first byte of TLS."""
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
    """Wait for the server's flight and never send Finished."""
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
    """Do a whole handshake, from the ClientHello to Finished."""
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
    """One ClientHello for all connections, so that making it costs the attackers nothing."""
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        tls.context().wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()
