"""Attacks on the port, and what those who talk notice of them, against a quiet run.

The attackers are a process of their own, which ends with the attack; their sources are addresses of
127.0.0.0/8, none of them exempt from penalties.
"""

import os
import selectors
import signal
import socket
import ssl
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.room import Peer, Room, is_alive, wait_for

_PAUSE = 0.05  # seconds between two messages


@dataclass(frozen=True, slots=True)
class Size:
    """`rate` in connections per second, `most` at once."""

    rate: int
    most: int


LONG = Size(2000, 5000)
SHORT = Size(300, 300)


def _idle(port: int, source: str) -> Iterator[bytes]:
    yield b""


def _garbage(port: int, source: str) -> Iterator[bytes]:
    yield os.urandom(64) + b"\n"


def _loris(port: int, source: str) -> Iterator[bytes]:
    for byte in b"PAPAYA/1 " + b"0" * 128:
        yield bytes([byte])


def _handshake(port: int, source: str) -> Iterator[bytes]:
    """A ClientHello, and then nothing any more."""
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    wrapped = context.wrap_bio(ssl.MemoryBIO(), outgoing)
    with suppress(ssl.SSLWantReadError):
        wrapped.do_handshake()
    yield outgoing.read()


def _long_line(port: int, source: str) -> Iterator[bytes]:
    yield b"PAPAYA/1 "
    for _ in range(160):
        yield b"x" * 65536


def _guess(port: int, source: str) -> Iterator[bytes]:
    yield b"PAPAYA/1 " + os.urandom(64).hex().encode() + b"\n"


ATTACKS: dict[str, Callable[[int, str], Iterator[bytes]]] = {
    "idle connections": _idle,
    "garbage": _garbage,
    "slow-loris": _loris,
    "handshakes abandoned": _handshake,
    "lines of 10 MB": _long_line,
    "tokens guessed": _guess,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What those who talk noticed; times in seconds, memory in KiB."""

    p50: float
    p99: float
    worst_join: float
    memory: int


def run(people: int, seconds: float, size: Size) -> list[str]:
    """Lines of a report; an AssertionError when a promise was broken."""
    limits = {"penalty_exempt": [], "max_clients": 10 * people + 100, "messages_per_second": 1000.0}
    with closing(Room("optional", limits=limits)) as room:
        room.start()
        peers = [room.join(f"user{number}", last=0) for number in range(people)]
        room.token("friend")
        quiet = _converse(room, peers, seconds)
        lines = [_line("quiet", quiet)]
        for name, attack in ATTACKS.items():
            with attacking(room.port, attack, size):
                lines.append(_line(name, _converse(room, peers, seconds)))
        began = time.monotonic()
        room.stop_acceptor()
        lines.append(f"  acceptor stopped: port closed after {time.monotonic() - began:.3f} s")
        with suppress(ConnectionRefusedError):
            room.socket().close()
            raise AssertionError("the port is open though the acceptor has ended")
        for number, peer in enumerate(peers):
            peer.ping(f"last{number}".encode())
        lines.append(f"  {people} people went on talking")
        return lines


@contextmanager
def attacking(
    port: int, attack: Callable[[int, str], Iterator[bytes]], size: Size
) -> Iterator[None]:
    """A process that attacks until the block ends."""
    child = os.fork()
    if child == 0:
        try:
            _attack(port, attack, size)
        finally:
            os._exit(0)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        wait_for(lambda: not is_alive(child))


def _attack(port: int, attack: Callable[[int, str], Iterator[bytes]], size: Size) -> None:
    selector = selectors.DefaultSelector()
    number, began = 0, time.monotonic()
    while True:
        due = int((time.monotonic() - began) * size.rate) - number
        for _ in range(min(due, size.most - len(selector.get_map()), 100)):
            number += 1
            source = f"127.1.{number // 250 % 250}.{number % 250 + 1}"
            with suppress(OSError):
                _open(selector, port, source, attack)
        for key, _ in selector.select(0.001):
            _advance(selector, key)


def _open(
    selector: selectors.BaseSelector,
    port: int,
    source: str,
    attack: Callable[[int, str], Iterator[bytes]],
) -> None:
    connection = socket.socket()
    connection.setblocking(False)
    connection.bind((source, 0))
    connection.connect_ex(("127.0.0.1", port))
    events = selectors.EVENT_READ | selectors.EVENT_WRITE
    selector.register(connection, events, attack(port, source))


def _advance(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    """The next bytes of an attacker; one that has no more waits until it is thrown out."""
    connection = key.fileobj
    assert isinstance(connection, socket.socket)
    try:
        data = next(key.data, None)
        if data is not None:
            connection.send(data)
            return
        selector.modify(connection, selectors.EVENT_READ, key.data)
        if connection.recv(4096):
            return
    except BlockingIOError:
        return
    except OSError:
        pass
    selector.unregister(connection)
    connection.close()


def _converse(room: Room, peers: list[Peer], seconds: float) -> Seen:
    """One speaks, all hear; now and then a friend joins."""
    heard: list[float] = []
    joins: list[float] = []
    deadline, number = time.monotonic() + seconds, 0
    while time.monotonic() < deadline or not joins:
        number += 1
        mark = f"{time.monotonic():.6f}".encode()
        began = time.monotonic()
        peers[number % len(peers)].send(b"MSG - " + mark + b"\n")
        for peer in peers:
            peer.read_until(mark + b"\n")
            heard.append(time.monotonic() - began)
            peer.stream = b""
        if number % 20 == 1:
            joins.append(_join(room))
        time.sleep(_PAUSE)
    cuts = statistics.quantiles(heard, n=100)
    return Seen(cuts[49], cuts[98], max(joins), _memory(room.acceptor()))


def _join(room: Room) -> float:
    """As a client does: whoever is thrown out tries again at once."""
    began = time.monotonic()
    while time.monotonic() - began < 30:
        with suppress(AssertionError, OSError):
            friend = room.join("friend", last=0, session="friend")
            friend.close()
            return time.monotonic() - began
    raise AssertionError("a friend could not join within 30 s")


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _line(name: str, seen: Seen) -> str:
    return (
        f"  {name:<22} p50 {seen.p50 * 1000:6.1f} ms  p99 {seen.p99 * 1000:6.1f} ms  "
        f"slowest join {seen.worst_join:5.2f} s  acceptor {seen.memory // 1024} MiB"
    )
