"""A real papayad on loopback for tests, and raw clients that speak PAPAYA/1 byte for byte.

A room is ended by pids and by groups whose locks are held. All its files are in one directory.
"""

import os
import pwd
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from lab.kit import certificate
from lab.kit.machine import kernel, memory
from papayad import config
from papayad.formats import wire
from papayad.formats.wire import Greeting, Hello, Refusal
from papayad.log import segments
from papayad.state import groups, pidfile, roster, tokens
from papayad.state.roster import Entry
from papayad.system.files import write_whole

PATIENCE = 60.0  # seconds that an event may take on a busy machine before a test fails
ROOT = os.geteuid() == 0
#: How subprocess.Popen starts a process of the user that papayad drops to.
SERVICE: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if ROOT else {}

T = TypeVar("T")


def wait_for(what: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Look until `what()` is true and return it; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := what():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process runs or is stopped; a zombie is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Peer:
    """A client's end of a connection, in bytes. `stream` is all that came after the greeting."""

    def __init__(self, connection: socket.socket, patience: float = PATIENCE) -> None:
        self.socket = connection
        self.patience = patience
        self.buffer = b""
        self.stream = b""
        self.greeting: Greeting | None = None

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hello(self, hello: Hello) -> Greeting | Refusal:
        self.send(wire.render_hello(hello))
        return self.answer()

    def answer(self) -> Greeting | Refusal:
        """The server's first line."""
        while b"\n" not in self.buffer:
            data = self.receive()
            if not data:
                raise AssertionError(f"closed before an answer: {self.buffer!r}")
            self.buffer += data
        line, _, self.stream = self.buffer.partition(b"\n")
        answer = wire.parse_answer(line)
        if isinstance(answer, Greeting):
            self.greeting = answer
        return answer

    def receive(self, seconds: float | None = None) -> bytes:
        """Some bytes, b"" at the end of the stream; TimeoutError after `seconds`."""
        self.socket.settimeout(self.patience if seconds is None else seconds)
        try:
            return self.socket.recv(65536)
        except (ConnectionError, ssl.SSLEOFError):
            return b""

    def read_until(self, end: bytes, seconds: float = PATIENCE, *, start: int = 0) -> bytes:
        """Read until `end` is in the stream after `start`; return the stream."""
        deadline = time.monotonic() + seconds
        while end not in self.stream[start:]:
            left = deadline - time.monotonic()
            try:
                data = self.receive(max(0.01, left))
            except TimeoutError:
                data = b""
            if not data:
                raise AssertionError(f"no {end!r} in ...{self.stream[-500:]!r}")
            self.stream += data
        return self.stream

    def read_to_end(self, seconds: float = PATIENCE) -> bytes:
        """Read until the server closes; return the stream."""
        while data := self.receive(seconds):
            self.stream += data
        return self.stream

    def read_to_close(self, seconds: float = PATIENCE) -> bytes:
        """The same, but a reset is an error: the server has to let the end arrive."""
        self.socket.settimeout(seconds)
        while data := self.socket.recv(65536):
            self.stream += data
        return self.stream

    def ping(self, mark: bytes = b"mark") -> bytes:
        """Read everything that was committed before now; return the stream."""
        start = len(self.stream)
        self.send(b"PING " + mark + b"\n")
        return self.read_until(b"! pong " + mark + b"\n", start=start)

    def records(self) -> bytes:
        """The stream without notices: bytes of the log."""
        lines = self.stream.splitlines(keepends=True)
        return b"".join(line for line in lines if not line.startswith(b"! "))

    def close(self) -> None:
        self.socket.close()


class Room:
    """A room in a directory of its own. Its users are alice, bob, and any that a test asks for."""

    def __init__(self, tls: str = "off", **sections: dict[str, Any]) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="papaya-test-"))
        self.path = self.directory / "main.toml"
        self.tokens: dict[str, str] = {}
        self.peers: list[Peer] = []
        self.patience = PATIENCE  # of the peers that are made from now on
        self.port = free_port()
        self.starts = 0
        self.interpreter = [sys.executable]  # a command, and what enters another system before it
        self.is_elsewhere = False  # in another pid namespace: its pids are strangers' out here
        self.before = ""  # Python source that papayad runs first, which may replace system calls
        self._write(tls, sections)
        self.settings = config.load(self.path, "main")

    @property
    def state_dir(self) -> Path:
        return self.settings.state_dir

    def command(self, *options: str) -> list[str]:
        """What starts this room's daemon."""
        how = ["-m", "papayad"]
        if self.before:
            how = ["-c", f"{self.before}\nfrom papayad.main import main\nmain()"]
        return [*self.interpreter, *how, "--config", str(self.path), *options]

    def start(self, *, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run papayad as a daemon; it serves when this returns."""
        self.starts += 1
        with (self.directory / "stderr").open("a") as errors:
            done = subprocess.run(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                text=True,
                timeout=60,
                check=False,
            )
        if check and done.returncode != 0:
            raise AssertionError(self.journal())
        return done

    def acceptor(self) -> int:
        """The acceptor's pid, 0 when there is none."""
        return pidfile.holder(self.settings.pid_file) or 0

    def pending(self) -> int:
        """How many connections the acceptor has that have not said yet who they are."""
        tcp = kernel.tcp_sockets()
        files = kernel.descriptors(self.acceptor()).values()
        return sum(1 for file in files if file in tcp and tcp[file][1])

    def stop_acceptor(self, signum: int = signal.SIGTERM) -> None:
        """End the acceptor and wait until it is gone; its clusters go on."""
        pid = self.acceptor()
        assert pid > 1
        os.kill(pid, signum)
        wait_for(lambda: not is_alive(pid))

    def journal(self) -> str:
        """What the daemon said so far."""
        return (self.directory / "stderr").read_text()

    def token(self, user: str) -> str:
        """The user's token; if there is none, one is made and the daemon knows it."""
        return self.tokens_of([user])[0]

    def tokens_of(self, users: Sequence[str]) -> list[str]:
        """The same for many, whose tokens are written at once."""
        if new := {user: tokens.new_token() for user in users if user not in self.tokens}:
            self.tokens |= new
            known = {
                tokens.digest(token): tokens.Token(tokens.digest(token), name, 1)
                for name, token in self.tokens.items()
            }
            tokens.write_tokens(self.settings.tokens, known)
        return [self.tokens[user] for user in users]

    def socket(self, source: str = "", receive_buffer: int = 0) -> socket.socket:
        """A connection; on request from another loopback address, or with a small buffer."""
        connection = socket.socket()
        connection.settimeout(PATIENCE)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.bind((source, 0))
        connection.connect(("127.0.0.1", self.port))
        return connection

    def peer(self, source: str = "", receive_buffer: int = 0) -> Peer:
        """A connection that has not said anything yet; TLS when the room requires it."""
        connection = self.socket(source, receive_buffer)
        if self.settings.listen.tls == "required":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            connection = context.wrap_socket(connection)
        peer = Peer(connection, self.patience)
        self.peers.append(peer)
        return peer

    def join(self, user: str, **options: Any) -> Peer:
        """A client that was let in; `options` are those of Hello."""
        peer = self.peer()
        answer = peer.hello(Hello(self.token(user), **options))
        assert isinstance(answer, Greeting), answer
        return peer

    def entries(self) -> list[Entry]:
        """The living clusters, with both pids: SEND may greet before RECV adds the pids."""

        def whole() -> tuple[list[Entry], ...]:
            found = list(roster.living(roster.directory(self.state_dir)))
            return (found,) if all(entry.send for entry in found) else ()

        return wait_for(whole)[0]

    def entry(self, user: str) -> Entry:
        """The user's one cluster."""
        return wait_for(lambda: [one for one in self.entries() if one.user == user])[0]

    def log(self) -> bytes:
        """All of the log that is still there, up to the committed end."""
        bases = segments.bases(self.state_dir)
        whole = b"".join(Path(segments.path(self.state_dir, base)).read_bytes() for base in bases)
        return whole[: self.committed() - bases[0]]

    def committed(self) -> int:
        return int((self.state_dir / "committed").read_text())

    def groups(self) -> list[int]:
        return groups.live(groups.directory(self.state_dir))

    def end(self) -> None:
        """End every process of the room."""
        for peer in self.peers:
            peer.close()
        self.kill()

    def kill(self) -> None:
        """End them by SIGKILL, like a power cut; the peers notice it themselves."""
        if groups.directory(self.state_dir).exists():
            for group in [] if self.is_elsewhere else self.groups():
                assert group > 1, "to signal group 1 is to signal every process of this machine"
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
            wait_for(lambda: not self.groups())

    def close(self) -> None:
        """End every process of the room, check that no secret leaked, and remove the directory."""
        try:
            assert self.secrets_found() == []
        finally:
            self.end()
            shutil.rmtree(self.directory, ignore_errors=True)

    def secrets_found(self) -> list[str]:
        """Where a token or the certificate's key was found, besides the key's own file."""
        key = Path(self.settings.listen.private_key)
        secrets = [token.encode() for token in self.tokens.values()]
        if key.exists():
            secrets += memory.key_forms(key)
        with suppress(OSError):  # a test took the state directory away
            pids = [pid for group in self.groups() for pid in kernel.of_group(group)]
            return memory.found(self.directory, pids, secrets, {key})
        return []

    def _write(self, tls: str, sections: dict[str, dict[str, Any]]) -> None:
        directory = self.directory
        listen = {
            "addresses": [f"127.0.0.1:{self.port}"],
            "tls": tls,
            "certificate": str(directory / "cert.pem"),
            "private_key": str(directory / "key.pem"),
        }
        service = {
            "state_dir": str(directory / "state"),
            "run_dir": str(directory / "run"),
            "tokens": str(directory / "tokens"),
            "log_to": "stderr",
            "sandbox": os.environ.get("PAPAYA_TEST_SANDBOX", "auto"),
        }
        if ROOT:
            service |= {"user": "nobody", "group": "nogroup"}
        changes: dict[str, dict[str, Any]] = {"listen": listen, "service": service}
        for name, section in sections.items():
            changes[name] = changes.get(name, {}) | section
        settings = config.defaults("main", self.path, **changes)
        (directory / "state").mkdir(mode=0o700)
        write_whole(self.path, config.render(settings).encode())
        write_whole(directory / "tokens", b"")
        if tls != "off":
            certificate.make(directory / "cert.pem", directory / "key.pem")
        if ROOT:
            give_to_service(directory)


def give_to_service(directory: Path) -> None:
    """Give everything below a directory to the user that papayad becomes."""
    directory.chmod(0o755)
    service = pwd.getpwnam("nobody")
    for path in (directory, *directory.rglob("*")):
        os.chown(path, service.pw_uid, service.pw_gid, follow_symlinks=False)


def become_service() -> None:
    """Become the user that papayad becomes, to do what only the owner of its processes may."""
    service = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(service.pw_gid)
    os.setuid(service.pw_uid)


def free_port() -> int:
    """A port that nobody uses, below those that the kernel gives to clients."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port
