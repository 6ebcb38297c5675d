"""The sandbox from inside: what each role may do, and what it is refused."""

import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kit.machine import kernel
from lab.kit.processes import run_in_child
from papayad.errors import UNAVAILABLE, Fault
from papayad.formats import titles
from papayad.sandbox import prepare, rlimits, seccomp
from papayad.sandbox.prepare import Sandbox
from papayad.state import groups
from papayad.system import descriptors
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

ROLES = [titles.RECV, titles.SEND, titles.REAPER]


@pytest.fixture(scope="module")
def whole() -> Sandbox:
    """All that this machine has; the promise of no new privileges stays in the child."""
    try:
        run_in_child(lambda: _assert_whole(prepare.prepare("required")))
    except AssertionError:
        pytest.skip("needs libseccomp's Python bindings and Landlock")
    return prepare.NONE


def _assert_whole(made: Sandbox) -> None:
    assert made.words() == "seccomp,landlock"


def entered(role: str, state_dir: Path) -> None:
    made = prepare.prepare("required")
    descriptors.close_all_but(set())  # as a cluster does: the test runner has many
    rlimits.confine(role, 0)
    made.enter(role, str(state_dir))


def refused(attempt: Callable[[], object]) -> None:
    """A call that fails with EPERM or EACCES; anything else is an error of the test."""
    try:
        attempt()
    except OSError as error:
        assert error.errno in (errno.EPERM, errno.EACCES), error
        return
    raise AssertionError("it was not refused")


@pytest.mark.parametrize("role", ROLES)
def test_what_every_role_is_refused(whole: Sandbox, tmp_path: Path, role: str) -> None:
    outside = tmp_path / "tokens"
    outside.write_text("secret")
    state_dir = tmp_path / "state"
    state_dir.mkdir()

    def attempts() -> None:
        entered(role, state_dir)
        refused(lambda: os.open(outside, os.O_RDONLY))
        refused(lambda: os.open("/etc/passwd", os.O_RDONLY))
        refused(lambda: os.open(outside, os.O_WRONLY))
        refused(lambda: os.open(tmp_path / "new", os.O_WRONLY | os.O_CREAT))
        refused(lambda: os.listdir("/proc"))
        refused(os.fork)
        refused(lambda: os.execv("/bin/true", ["true"]))
        refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        refused(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        refused(lambda: os.kill(os.getppid(), signal.SIGTERM))
        refused(lambda: os.kill(os.getppid(), signal.SIGSTOP))
        assert Path("/proc/self/stat").read_text()

    run_in_child(attempts)


def test_recv_writes_in_state_dir_and_send_only_reads(whole: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("x")

    def as_recv() -> None:
        entered(titles.RECV, tmp_path)
        os.close(os.open(tmp_path / "new", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        os.rename(tmp_path / "new", tmp_path / "other")
        os.unlink(tmp_path / "other")

    def as_send() -> None:
        entered(titles.SEND, tmp_path)
        os.close(os.open(tmp_path / "log", os.O_RDONLY))
        assert os.listdir(tmp_path) == ["log"]
        refused(lambda: os.open(tmp_path / "log", os.O_RDWR))
        refused(lambda: os.unlink(tmp_path / "log"))
        refused(lambda: os.kill(os.getppid(), signal.SIGUSR1))

    run_in_child(as_recv)
    run_in_child(as_send)


def test_the_rooms_of_the_tests_are_confined(whole: Sandbox, make_room: MakeRoom) -> None:
    """So every scenario is one of the sandbox, too, where the machine has it."""
    if os.environ.get("PAPAYA_TEST_SANDBOX") == "off":
        pytest.skip("as it was asked for")
    room = make_room()
    room.join("alice")
    entry = room.entry("alice")
    for pid in (entry.recv, entry.send):
        known = kernel.fields(pid)
        assert (known["Seccomp"], known["NoNewPrivs"]) == ("2", "1")
    path = groups.directory(room.state_dir)
    assert groups.sandbox_of(path, entry.group) == "seccomp,landlock"


def test_a_program_fits_into_a_pipe(whole: Sandbox) -> None:
    assert all(0 < len(program) < 16384 for program in seccomp.build().values())


def test_required_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seccomp, "build", dict)

    def attempt() -> None:
        with pytest.raises(Fault) as caught:
            prepare.prepare("required")
        assert caught.value.code == UNAVAILABLE

    run_in_child(attempt)


def test_off_is_none() -> None:
    run_in_child(lambda: _assert_none(prepare.prepare("off")))


@pytest.mark.parametrize("hidden", [True, False])
def test_hidden_processes_are_roots_to_look_into(hidden: bool) -> None:
    """Whatever a change of the uid did: the kernel gives /proc/PID to root."""

    def attempt() -> None:
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        os.execv(sys.executable, [sys.executable, "-c", HIDDEN, str(hidden)])  # is dumpable again

    run_in_child(attempt)


HIDDEN = """
import os, sys
from papayad.sandbox import prepare
owner = lambda: os.stat("/proc/self/status").st_uid
assert owner() == os.getuid()
hidden = sys.argv[1] == "True"
prepare.prepare("off", hidden=hidden)
assert owner() == (0 if hidden else os.getuid())
"""


def _assert_none(made: Sandbox) -> None:
    assert made.words() == "none"
