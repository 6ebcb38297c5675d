"""The rooms that are compared: papayad in its variants, and others with the same work to do."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lab.bench.interpreters import Interpreter, debian_13, here
from lab.bench.measure import clocks
from lab.bench.server import Server
from lab.bench.tools import HERE, TLS, Workshop, need_module, need_program
from lab.kit import certificate
from lab.kit.room import Room

ANY_NUMBER = 1_000_000

IRC = """\
[Global]
    Name = bench.local
    Info = bench
    Listen = 127.0.0.1
    Ports = {port}
    MotdPhrase = bench
    ServerUID = {uid}
    ServerGID = {gid}
[Limits]
    MaxConnections = 0
    MaxConnectionsIP = 0
    MaxJoins = 0
    MaxNickLength = 16
    MaxPenaltyTime = 0
    PingTimeout = 3600
[Options]
    DNS = no
    Ident = no
    PAM = no
    SyslogFacility = local1
[Channel]
    Name = #bench
    MaxUsers = 0
"""


class Running(Protocol):
    """A room that can be joined."""

    port: int

    def pids(self) -> list[int]:
        """All processes that it has now."""


class Papayad:
    """A papayad; all clients are of one user, with one token."""

    def __init__(self, tls: str, sections: dict[str, dict[str, Any]]) -> None:
        self.room = Room(tls, **sections)
        self.token = self.room.token("bench")
        self.port = self.room.port

    def pids(self) -> list[int]:
        return clocks.members(set(self.room.groups()))

    def clusters_ended(self) -> bool:
        return not self.room.entries()


@dataclass(frozen=True, slots=True)
class Peer:
    """One row of the comparison. `start` raises Missing, and Failed."""

    name: str
    label: str
    start: Callable[[Workshop], AbstractContextManager[Running]]
    protocol: str = "papaya"
    generator_tls: bool = False


def papayad(
    tls: str = "off",
    durability: str = "kernel",
    linger_ms: int = 0,
    environment: dict[str, str] | None = None,
    interpreter: Interpreter = here,
) -> Callable[[Workshop], AbstractContextManager[Running]]:
    """`environment` is added for the daemon's start."""

    @contextmanager
    def start(workshop: Workshop) -> Iterator[Running]:
        limits = {
            "max_clients": ANY_NUMBER,
            "max_clients_per_user": ANY_NUMBER,
            "max_pending": ANY_NUMBER,
            "max_pending_per_source": ANY_NUMBER,
            "auth_seconds": 30.0,
            "messages_per_second": float(ANY_NUMBER),
            "message_burst": ANY_NUMBER,
            "linger_ms": linger_ms,
        }
        command = interpreter()
        daemon = Papayad(tls, {"limits": limits, "chatlog": {"durability": durability}})
        daemon.room.interpreter = command
        before = os.environ.copy()
        os.environ.update(environment or {})
        try:
            daemon.room.start()
            yield daemon
        finally:
            os.environ.clear()
            os.environ.update(before)
            acceptor = daemon.room.acceptor()
            if acceptor:
                with suppress(ProcessLookupError):
                    os.kill(acceptor, signal.SIGTERM)
            daemon.room.close()

    return start


def on_a_slow_disk(workshop: Workshop) -> AbstractContextManager[Running]:
    """papayad with durability "disk", where each fdatasync takes 5 ms."""
    library = workshop.c("slow_disk.c", "-shared", "-fPIC")
    return papayad(durability="disk", environment={"LD_PRELOAD": library})(workshop)


def in_c(
    name: str, *options: str, flags: tuple[str, ...] = ()
) -> Callable[[Workshop], AbstractContextManager[Running]]:
    return lambda workshop: Server(
        [workshop.c(f"rooms/{name}.c", "-static", *flags), "{port}", "{dir}", *options]
    )


def in_c_with_tls(
    name: str, *options: str
) -> Callable[[Workshop], AbstractContextManager[Running]]:
    return lambda workshop: _certified(
        Server([workshop.c(f"rooms/{name}.c", TLS), "{port}", "{dir}", *options])
    )


def in_go(
    batched: bool, tls: bool = False
) -> Callable[[Workshop], AbstractContextManager[Running]]:
    kind = "chunks" if batched else "messages"

    def start(workshop: Workshop) -> AbstractContextManager[Running]:
        command = [workshop.go("rooms/room.go"), "{port}", "{dir}", kind]
        return _certified(Server([*command, "tls"])) if tls else Server(command)

    return start


def _certified(server: Server) -> Server:
    certificate.make(server.directory / "cert.pem", server.directory / "key.pem")
    return server


def on_a_loop(kind: str) -> Callable[[Workshop], AbstractContextManager[Running]]:
    def start(workshop: Workshop) -> AbstractContextManager[Running]:
        need_module(kind)
        return Server([sys.executable, str(HERE / "rooms/loop.py"), kind, "{port}", "{dir}"])

    return start


def irc(workshop: Workshop) -> AbstractContextManager[Running]:
    program = need_program("ngircd")
    server = Server([program, "-n", "-f", "{dir}/ngircd.conf"])
    path = Path(server.directory) / "ngircd.conf"
    uid, gid = (65534, 65534) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    path.write_text(IRC.format(port=server.port, uid=uid, gid=gid))
    path.chmod(0o644)
    return server


SLOW_DISK = Peer("papayad-slow-disk", "papayad, a disk of 5 ms", on_a_slow_disk)
_TLS = ("papaya-tls", True)  # protocol, and whether the generator has to know TLS
PEERS = {
    peer.name: peer
    for peer in (
        Peer("papayad", "papayad", papayad()),
        Peer("papayad-linger", "papayad, linger 20 ms", papayad(linger_ms=20)),
        Peer("papayad-disk", "papayad, on disk", papayad(durability="disk")),
        Peer("papayad-tls", "papayad, TLS", papayad("required"), *_TLS),
        Peer("papayad-13", "papayad, Debian 13", papayad(interpreter=debian_13)),
        Peer(
            "papayad-tls-13",
            "papayad, TLS, Debian 13",
            papayad("required", interpreter=debian_13),
            *_TLS,
        ),
        Peer("floor", "C, the same system calls", in_c("floor", "0")),
        Peer("floor-linger", "C, the same, linger 20 ms", in_c("floor", "20")),
        Peer(
            "floor-tls", "C with OpenSSL, the same system calls", in_c_with_tls("floor", "0"), *_TLS
        ),
        Peer("original", "C, papayaChat re-created", in_c("original")),
        Peer(
            "published",
            "C, papayaChat re-created, with its syslog",
            in_c("original", flags=("-DPUBLISHED", "-O0")),
        ),
        Peer("go", "Go, a message at a time", in_go(False)),
        Peer("go-chunks", "Go, a chunk at a time", in_go(True)),
        Peer("go-tls", "Go, TLS, a message at a time", in_go(False, tls=True), *_TLS),
        Peer("go-chunks-tls", "Go, TLS, a chunk at a time", in_go(True, tls=True), *_TLS),
        Peer("asyncio", "asyncio", on_a_loop("asyncio")),
        Peer("uvloop", "asyncio with uvloop", on_a_loop("uvloop")),
        Peer("ngircd", "ngircd", irc, "irc"),
    )
}
