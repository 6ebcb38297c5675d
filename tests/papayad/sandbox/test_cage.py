"""The cage from inside: code of our own in each role's, and how far it gets."""

import errno
import fcntl
import mmap
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.kit.machine import cage
from lab.kit.machine.cage import BOTH, LANDLOCK, ROLES, SECCOMP, call, refused
from lab.kit.processes import fork, run_in_child
from papayad.formats.titles import REAPER, RECV, SEND
from papayad.sandbox import seccomp, syscalls
from papayad.system.descriptors import INHERITED, lift

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

HALVES = [BOTH, SECCOMP]  # with Landlock and without
HIGH = 1 << 32  # a bit in the half of a word that the kernel does not look at
LONELY = 54321  # a uid of nobody's
# uretprobe and uprobe of x86_64: the kernel's own trampolines call them, past every filter; they do
# nothing for anybody else.
UNFILTERED = {335, 336}


@pytest.fixture(scope="module", autouse=True)
def whole() -> None:
    cage.skip_unless_whole()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    (tmp_path / "tokens").write_text("secret")
    path = tmp_path / "state"
    path.mkdir()
    (path / "log").write_text("x")
    return path


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection as RECV and SEND have one, and a listener who else may be connected to."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as near,
        listener.accept()[0],
    ):
        listener.setblocking(False)
        yield near, listener


@pytest.fixture
def victim() -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a group of its own, whom any signal ends."""
    process = subprocess.Popen(["sleep", "1000"], process_group=0)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("halves", HALVES)
def test_a_clients_socket_leads_nowhere_else(
    sockets: tuple[socket.socket, socket.socket], state_dir: Path, role: str, halves: str
) -> None:
    near, listener = sockets
    port = listener.getsockname()[1]

    def attempts() -> None:
        cage.enter(role, state_dir, halves, (near.fileno(),))
        refused(cage.connect_anew, near.fileno(), port)
        for flags in (0, cage.MSG_FASTOPEN, cage.MSG_FASTOPEN | socket.MSG_DONTWAIT):
            refused(cage.send_to, near.fileno(), b"x", flags, port)
        refused(near.send, b"x")
        refused(near.sendmsg, [b"x"])
        refused(near.recvmsg, 1)
        refused(near.setsockopt, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
                refused(socket.socket, family, kind)

    run_in_child(attempts)
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("role", ROLES)
def test_what_is_not_listed_is_refused(state_dir: Path, role: str) -> None:
    """Every other number there may be: forking, executing, threads, ptrace, io_uring, all."""
    architecture = syscalls.architecture()
    listed = {syscalls.number(architecture, name) for name in seccomp.rules(role)} | UNFILTERED

    def attempts() -> None:
        cage.enter(role, state_dir)
        for number in range(1024):
            if number not in listed:
                refused(call, number, 0, 0, 0, 0)

    run_in_child(attempts)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("halves", HALVES)
def test_nobody_is_ended(
    victim: "subprocess.Popen[bytes]", state_dir: Path, role: str, halves: str
) -> None:
    """Nor stopped; and woken by RECV and the reaper only, with the room's own signals."""
    pid = victim.pid

    def attempts() -> None:
        cage.enter(role, state_dir, halves)
        for signum in (0, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGHUP):
            for whom in (pid, -pid, os.getppid()):
                refused(os.kill, whom, signum)
        refused(os.kill, pid, signal.SIGUSR1)
        refused(os.kill, -pid, signal.SIGUSR2)
        refused(signal.pidfd_send_signal, 0, signal.SIGUSR1)
        if role == SEND:
            refused(os.kill, -pid, signal.SIGUSR1)
            refused(os.kill, os.getpid(), signal.SIGUSR2)

    run_in_child(attempts)
    assert victim.poll() is None


def test_who_has_news_announces_it(victim: "subprocess.Popen[bytes]", state_dir: Path) -> None:
    """To any group: those of other acceptors are in no sandbox of ours."""

    def announces() -> None:
        cage.enter(RECV, state_dir)
        os.killpg(victim.pid, signal.SIGUSR1)

    run_in_child(announces)
    assert victim.wait() == -signal.SIGUSR1


def test_recv_wakes_its_send(victim: "subprocess.Popen[bytes]", state_dir: Path) -> None:
    def wakes() -> None:
        cage.enter(RECV, state_dir)
        os.kill(victim.pid, signal.SIGUSR2)

    run_in_child(wakes)
    assert victim.wait() == -signal.SIGUSR2


@pytest.mark.skipif(os.geteuid() != 0, reason="would reach its own user's processes")
@pytest.mark.parametrize("role", ROLES)
def test_nobody_signals_all(role: str) -> None:
    """As a user whose only processes are made here, so that a hole in the filter hurts no other."""

    def attempts() -> None:
        os.setpgid(0, 0)
        cage.enter(role, Path("/"))
        for signum in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGKILL):
            for whom in (-1, 0xFFFFFFFF, HIGH | 0xFFFFFFFF, 0):
                refused(call, "kill", whom, signum)

    def lonely() -> None:
        os.setresuid(LONELY, LONELY, LONELY)
        other = fork(signal.pause)
        try:
            run_in_child(attempts)
            assert os.waitpid(other, os.WNOHANG) == (0, 0)
        finally:
            os.kill(other, signal.SIGKILL)

    run_in_child(lonely)


@pytest.mark.parametrize("role", ROLES)
def test_an_inherited_lock_is_not_given_up(state_dir: Path, role: str) -> None:
    """The group's and the roster entry's: whoever unlocks one does it for all who have it."""
    path = state_dir / "log"
    held = lift(os.open(path, os.O_RDWR))
    assert held >= INHERITED
    fcntl.flock(held, fcntl.LOCK_EX)

    def attempts() -> None:
        cage.enter(role, state_dir, kept=(held,))
        for operation in (fcntl.LOCK_UN, fcntl.LOCK_SH, fcntl.LOCK_EX):
            for number in (held, held | HIGH):
                refused(call, "flock", number, operation)
        refused(os.dup, held)
        refused(os.dup2, held, 5)
        refused(fcntl.fcntl, held, fcntl.F_DUPFD, 5)
        own = os.open(path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(own, fcntl.LOCK_SH | fcntl.LOCK_NB)

    run_in_child(attempts)
    os.close(held)


def test_send_takes_no_lock_that_excludes_readers(state_dir: Path) -> None:
    def attempts() -> None:
        cage.enter(SEND, state_dir)
        own = os.open(state_dir / "log", os.O_RDONLY)
        refused(fcntl.flock, own, fcntl.LOCK_EX)
        refused(fcntl.flock, own, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(own, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(own, fcntl.LOCK_UN)

    run_in_child(attempts)


@pytest.mark.parametrize("halves", HALVES)
def test_send_opens_for_reading_only(state_dir: Path, halves: str) -> None:
    log = state_dir / "log"
    flags = (
        os.O_WRONLY, os.O_RDWR, os.O_RDWR | os.O_APPEND, os.O_RDONLY | os.O_TRUNC,
        os.O_RDONLY | os.O_CREAT, os.O_RDWR | os.O_TMPFILE, os.O_PATH,
    )  # fmt: skip

    def attempts() -> None:
        cage.enter(SEND, state_dir, halves)
        for flag in flags:
            refused(os.open, log, flag)
        refused(os.unlink, log)
        refused(os.rename, log, log)
        refused(os.ftruncate, os.open(log, os.O_RDONLY), 0)
        assert os.listdir(state_dir) == ["log"]
        assert os.read(os.open(log, os.O_RDONLY), 9) == b"x"

    run_in_child(attempts)
    assert log.read_text() == "x"


@pytest.mark.parametrize("role", [RECV, REAPER])
@pytest.mark.parametrize("halves", HALVES)
def test_recv_opens_for_appending_and_makes_segments(
    state_dir: Path, role: str, halves: str
) -> None:
    log, new, append = state_dir / "log", state_dir / "new", os.O_RDWR | os.O_APPEND

    def attempts() -> None:
        cage.enter(role, state_dir, halves)
        for flag in (os.O_WRONLY, os.O_RDWR, append | os.O_TRUNC, os.O_RDONLY | os.O_CREAT):
            refused(os.open, log, flag)
        for mode in (0o644, 0o777, 0o4600):
            refused(os.open, new, append | os.O_CREAT, mode)
        for attempt in (os.mkdir, os.rmdir, os.mkfifo, lambda path: os.symlink("/", path)):
            refused(attempt, state_dir / "other")
        refused(os.rename, log, new)
        refused(os.link, log, new)
        refused(os.chmod, log, 0o666)
        refused(os.utime, log)
        os.utime(os.open(log, append))  # of its own roster entry
        os.write(os.open(new, append | os.O_CREAT, 0o600), b"record\n")
        os.unlink(log)

    run_in_child(attempts)
    assert new.read_bytes() == b"record\n"
    assert not log.exists()


@pytest.mark.parametrize("role", ROLES)
def test_landlock_leaves_the_state_directory(state_dir: Path, role: str) -> None:
    """Neither the tokens nor /proc, of whomever; nor the names in there."""
    places = [state_dir.parent / "tokens", Path("/etc/passwd"), Path("/proc/self/stat")]

    def attempts() -> None:
        cage.enter(role, state_dir)
        for path in (*places, Path("/proc/locks"), Path("/proc/self/mem"), Path("/dev/null")):
            refused(os.open, path, os.O_RDONLY)
        for path in (Path("/"), Path("/proc"), Path("/proc/self/fd"), state_dir.parent):
            refused(os.listdir, path)

    run_in_child(attempts)


def test_landlock_alone_lets_send_signal_nobody(
    victim: "subprocess.Popen[bytes]", sockets: tuple[socket.socket, socket.socket], state_dir: Path
) -> None:
    """Nor connect anew. RECV has to announce, also to those who are in no sandbox of its own."""
    if cage.landlock_abi() < 6:
        pytest.skip("this kernel's Landlock knows no scope of signals")
    near, listener = sockets
    port = listener.getsockname()[1]

    def as_send() -> None:
        cage.enter(SEND, state_dir, LANDLOCK, (near.fileno(),))
        for whom in (victim.pid, -victim.pid):
            refused(os.kill, whom, signal.SIGUSR1)
        refused(cage.connect_anew, near.fileno(), port)

    def as_recv() -> None:
        cage.enter(RECV, state_dir, LANDLOCK)
        os.killpg(victim.pid, signal.SIGUSR1)

    run_in_child(as_send)
    assert victim.poll() is None
    run_in_child(as_recv)
    assert victim.wait() == -signal.SIGUSR1


@pytest.mark.parametrize("role", ROLES)
def test_a_terminal_is_not_typed_into(state_dir: Path, role: str) -> None:
    """Though a descriptor of one were left; nor does an ioctl what fcntl may not."""
    leader, terminal = pty.openpty()
    commands = {
        "TIOCSTI": 0x5412, "TIOCLINUX": 0x541C, "TIOCSCTTY": 0x540E, "TIOCNOTTY": 0x5422,
        "TCGETS": 0x5401, "TCSETS": 0x5402, "FIOSETOWN": 0x8901, "SIOCSPGRP": 0x8902,
        "FIOASYNC": 0x5452, "FIONCLEX": 0x5450,
    }  # fmt: skip

    def attempts() -> None:
        cage.enter(role, state_dir, kept=(terminal,))
        byte = mmap.mmap(-1, 4096)
        byte.write(b"x")
        for command in commands.values():
            for number in (command, command | HIGH):
                refused(fcntl.ioctl, terminal, number, b"x" * 64)
        for command in (fcntl.F_SETOWN, fcntl.F_SETSIG, fcntl.F_SETLEASE, fcntl.F_NOTIFY, 1031):
            refused(fcntl.fcntl, terminal, command, 0)
        os.set_blocking(terminal, False)

    run_in_child(attempts)
    for descriptor in (leader, terminal):
        os.close(descriptor)


@pytest.mark.parametrize("role", ROLES)
def test_memory_is_not_made_executable(state_dir: Path, role: str) -> None:
    both = mmap.PROT_READ | mmap.PROT_EXEC

    def attempts() -> None:
        cage.enter(role, state_dir)
        refused(mmap.mmap, -1, 4096, mmap.MAP_PRIVATE, both)
        refused(call, "mprotect", 0, 4096, both)
        mmap.mmap(-1, 4096).close()

    run_in_child(attempts)


def too_large(attempt: Callable[[], object]) -> None:
    with pytest.raises(OSError) as caught:
        attempt()
    assert caught.value.errno == errno.EFBIG


def test_a_file_has_an_end(state_dir: Path) -> None:
    """RECV's at what it may write at once, whether in bytes or in holes; SEND has none."""
    log = os.open(state_dir / "log", os.O_RDWR)

    def as_recv() -> None:
        cage.enter(RECV, state_dir, kept=(log,))
        os.pwrite(log, b"x", cage.FILE_BYTES - 1)
        too_large(lambda: os.pwrite(log, b"x", cage.FILE_BYTES))
        too_large(lambda: os.pwrite(log, b"x", 1 << 43))
        too_large(lambda: os.ftruncate(log, 1 << 43))

    def as_send() -> None:
        cage.enter(SEND, state_dir, kept=(log,))
        too_large(lambda: os.write(log, b"x"))

    run_in_child(as_recv)
    run_in_child(as_send)
    os.close(log)
