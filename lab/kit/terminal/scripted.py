"""A scripted room: the server's side of PAPAYA/1, played line by line in the test's own thread.

It keeps a log in memory and does only what the test says: greet, commit, stay silent, cut.
"""

import socket
import ssl
from contextlib import suppress
from types import TracebackType

from papayad.formats import invite, record, wire
from papayad.formats.wire import Greeting, Hello, Message, Notice, Refusal

SECONDS = 60.0  # nothing here waits longer: then the test fails
TOKEN = "ab" * 64
LOG = "0" * 31 + "1"


class Peer:
    """One accepted connection whose hello was read."""

    def __init__(self, room: "ScriptedRoom", stream: socket.socket) -> None:
        self.room = room
        self.stream = stream
        self._buffer = b""
        self.hello: Hello = wire.parse_hello(self.line())

    def line(self) -> bytes:
        """The next line without its LF; EOFError when the client left."""
        while b"\n" not in self._buffer:
            chunk = self.stream.recv(65536)
            if not chunk:
                raise EOFError
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def message(self) -> Message:
        upstream = wire.parse_upstream(self.line())
        assert isinstance(upstream, Message)
        return upstream

    def left(self) -> bool:
        """Wait until the client closes; return whether it sent nothing more before."""
        try:
            rest = self._buffer + self.stream.recv(1)
        except ConnectionError:
            return not self._buffer
        return not rest

    def greet(self, *, extra: bytes = b"") -> None:
        """Send the `+` line, then `extra`, then the log from where the client asked for it."""
        room = self.room
        offset = room.start_of(self.hello)
        greeting = Greeting("alice", "main", room.identity, offset, room.end, 8192)
        self.send(wire.render_greeting(greeting) + extra + room.log[offset - room.base :])

    def refuse(self, reason: str, words: str = "no") -> None:
        self.send(wire.render_refusal(Refusal(reason, words)))
        self.cut()

    def accept(self, message: Message, sender: str = "alice") -> None:
        """Commit a message and show it."""
        self.send(self.room.commit(message.text.decode(), message.id, sender))

    def notice(self, word: str, rest: str = "") -> None:
        self.send(wire.render_notice(Notice(word, rest)))

    def send(self, data: bytes) -> None:
        self.stream.sendall(data)

    def cut(self) -> None:
        with suppress(OSError):
            self.stream.shutdown(socket.SHUT_RDWR)
        self.stream.close()


class ScriptedRoom:
    """A listening socket and a log; `base` is the offset of the log's first byte."""

    def __init__(self, tls: ssl.SSLContext | None = None, pin: str = "") -> None:
        self.identity = LOG
        self.base = 0
        self.log = b""
        self._tls = tls
        self._peers: list[Peer] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(SECONDS)
        self.port: int = self._listener.getsockname()[1]
        self.invite = invite.render(
            invite.Invite("alice", TOKEN, "127.0.0.1", self.port, "main", (pin,) if pin else ())
        )

    @property
    def end(self) -> int:
        return self.base + len(self.log)

    def start_of(self, hello: Hello) -> int:
        if hello.since is not None and hello.log == self.identity:
            return max(hello.since, self.base)
        if hello.last is None:
            return self.base
        kept = self.log.splitlines(keepends=True)[-hello.last :] if hello.last else []
        return self.end - sum(map(len, kept))

    def commit(self, text: str, id: str = "-", sender: str = "bob") -> bytes:
        line = record.render("2026-11-22T21:53:01.123456Z", sender, id, text)
        self.log += line
        return line

    def count(self, text: str) -> int:
        return sum(line.endswith(f" {text}".encode()) for line in self.log.splitlines())

    def accept(self) -> Peer:
        peer = Peer(self, self.handshake())
        self._peers.append(peer)
        return peer

    def unsecured(self) -> socket.socket:
        """A connection before its handshake."""
        stream, _ = self._listener.accept()
        stream.settimeout(SECONDS)
        return stream

    def handshake(self) -> socket.socket:
        stream = self.unsecured()
        return stream if self._tls is None else self._tls.wrap_socket(stream, server_side=True)

    def greeted(self) -> Peer:
        peer = self.accept()
        peer.greet()
        return peer

    def stop_listening(self) -> None:
        self._listener.close()

    def __enter__(self) -> "ScriptedRoom":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        for peer in self._peers:
            peer.cut()
