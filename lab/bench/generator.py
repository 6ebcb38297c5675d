"""The load generator's twin in Python, for machines without a C compiler or OpenSSL's headers.

    python -m lab.bench.generator PROTOCOL PORT CLIENTS SENDERS PARALLEL TOKEN

Protocols, commands and answers are generator.c's. It is slower: the report says how busy a
generator was.
"""

import json
import resource
import selectors
import socket
import ssl
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from lab.bench.measure.statistics import percentile
from lab.bench.measure.verification import FILLING, Judge, mark, parse

_CHUNK = 65536
_SILENCE = 2.0  # seconds without a message after the last one: what is missing is lost
_DRAINING = 60.0
_JOINING = 120.0  # seconds in which nobody came in: the machine is busy, or memory is short
_WAITING = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Client:
    """One connection. `joined` when the server has answered."""

    def __init__(self, number: int, protocol: str, port: int, token: str) -> None:
        self.number = number
        self.irc = protocol == "irc"
        self.hello = (
            f"NICK c{number}\r\nUSER c{number} 0 * :c\r\nJOIN #bench\r\n"
            if self.irc
            else f"PAPAYA/1 {token} last=0 presence=off\n"
        ).encode()
        self.joined = False
        self.greeted = False
        self.partial = b""
        self.waiting = b""
        self.judge = Judge([])
        raw = socket.create_connection(("127.0.0.1", port))
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = encrypted(raw) if protocol == "papaya-tls" else raw
        self.shaken = not isinstance(self.socket, ssl.SSLSocket)
        self.socket.setblocking(False)

    def go_on(self) -> None:
        """Go on with the handshake, then send what waits to be sent."""
        with suppress(*_WAITING):
            if not self.shaken:
                assert isinstance(self.socket, ssl.SSLSocket)
                self.socket.do_handshake()
                self.shaken = True
            if not self.greeted:
                self.greeted = True
                self.waiting += self.hello
            while self.waiting:
                self.waiting = self.waiting[self.socket.send(self.waiting[:_CHUNK]) :]

    def lines(self) -> list[bytes]:
        """Whole lines that have come."""
        data = b""
        with suppress(*_WAITING):
            while True:
                chunk = self.socket.recv(_CHUNK)
                if not chunk:
                    sys.exit(f"generator: client {self.number} was disconnected")
                data += chunk
        *lines, self.partial = (self.partial + data).split(b"\n")
        return lines

    def say(self, sender: int, number: int) -> None:
        text = mark(sender, number, time.monotonic_ns()) + FILLING
        head, end = (b"PRIVMSG #bench :", b"\r\n") if self.irc else (b"MSG - ", b"\n")
        self.waiting += head + text + end


class Run:
    """All clients, and what one command counts."""

    def __init__(self, protocol: str, port: int, clients: int, senders: int, parallel: int,
                 token: str) -> None:  # fmt: skip
        self._selector = selectors.DefaultSelector()
        self._new: Callable[[int], Client] = lambda number: Client(number, protocol, port, token)
        self._irc = protocol == "irc"
        self._count, self._parallel = clients, parallel
        self._clients: list[Client] = []
        self._sent = [0] * senders
        self._begin()

    def join(self) -> dict[str, object]:
        start = last = time.monotonic()
        before = 0
        while (joined := sum(client.joined for client in self._clients)) < self._count:
            if joined > before:
                before, last = joined, time.monotonic()
            while len(self._clients) < min(self._count, joined + self._parallel):
                client = self._new(len(self._clients))
                self._clients.append(client)
                self._selector.register(client.socket, selectors.EVENT_READ, client)
                client.go_on()
            self._turn(1.0)
            if time.monotonic() - last > _JOINING:
                sys.exit(f"generator: only {joined} of {self._count} joined")
        seconds = time.monotonic() - start
        return {"clients": joined, "seconds": seconds, "generator_cpu": cpu()}

    def paced(self, rate: float, seconds: float) -> dict[str, object]:
        self._begin()
        for i in range(int(rate * seconds)):
            due = self._start + i / rate
            while (left := due - time.monotonic()) > 0:
                self._turn(left)
            self._say(i % len(self._sent))
        return self._finish()

    def flood(self, messages: int) -> dict[str, object]:
        self._begin()
        for i in range(messages // len(self._sent)):
            for sender in range(len(self._sent)):
                self._say(sender)
            if i % 16 == 0:
                self._turn(0)
        return self._finish()

    def _begin(self) -> None:
        self._base = list(self._sent)
        self._delivered = self._broken = 0
        self._latencies: list[float] = []
        self._last = self._start = time.monotonic()
        self._cpu = cpu()
        for client in self._clients:
            client.judge = Judge(self._base)

    def _say(self, sender: int) -> None:
        self._clients[sender].say(sender, self._sent[sender])
        self._sent[sender] += 1
        self._clients[sender].go_on()

    def _turn(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            client: Client = key.data
            client.go_on()
            lines = client.lines() if client.shaken else []
            now = time.monotonic_ns()
            for line in lines:
                self._take(client, line, now)
        for client in self._clients[: len(self._sent)]:
            if client.waiting:
                client.go_on()

    def _take(self, client: Client, line: bytes, now: int) -> None:
        delivery = parse(line)
        if delivery:
            client.judge.take(delivery.sender, delivery.number)
            self._latencies.append((now - delivery.sent) / 1e9)
            self._delivered += 1
            self._last = now / 1e9
        elif b"^" in line:
            self._broken += 1
        elif line.startswith(b"PING "):
            client.waiting += b"PONG " + line[5:] + b"\n"
            client.go_on()
        elif not client.joined:
            client.joined = b" 366 " in line if self._irc else line.startswith(b"+")
            if line.startswith((b"- ", b"ERROR")):
                sys.exit(f"generator: refused: {line.decode(errors='replace')}")

    def _finish(self) -> dict[str, object]:
        ended = time.monotonic()
        sent = sum(self._sent) - sum(self._base)
        expected = sent * (self._count - self._irc)
        while self._delivered < expected and time.monotonic() - max(self._last, ended) < _SILENCE:
            self._turn(0.1)
            if time.monotonic() - ended > _DRAINING:
                break
        late = time.monotonic() - ended > _DRAINING  # they still came: what is lost is unknown
        judges = [client.judge for client in self._clients]
        lost = sum(judge.lost(self._sent) for judge in judges) - (sent if self._irc else 0)
        return {
            "sent": sent,
            "expected": expected,
            "delivered": self._delivered,
            "lost": 0 if late else lost,
            "late": lost if late else 0,
            "repeated": sum(judge.repeated for judge in judges),
            "reordered": sum(judge.reordered for judge in judges),
            "broken": self._broken,
            "orders": 1 if self._irc else len({judge.order for judge in judges}),
            "p50": percentile(self._latencies, 0.5),
            "p99": percentile(self._latencies, 0.99),
            "max": max(self._latencies, default=0.0),
            "sending": ended - self._start,
            "seconds": max(self._last, ended) - self._start,
            "generator_cpu": cpu() - self._cpu,
        }


def encrypted(raw: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    raw.setblocking(False)
    return context.wrap_socket(raw, do_handshake_on_connect=False)


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    protocol, port, clients, senders, parallel, token = sys.argv[1:]
    run = Run(protocol, int(port), int(clients), int(senders), int(parallel), token)
    print(json.dumps(run.join()), flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "paced":
            answer = run.paced(float(words[1]), float(words[2]))
        else:
            answer = run.flood(int(float(words[1])))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
