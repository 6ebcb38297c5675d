"""Root's papayactl works in a room as the service's user, and ends as that process did."""

import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import click
import pytest

from lab.kit.admin.ctl import ctl, run
from lab.kit.machine import kernel
from lab.kit.processes import fork
from lab.kit.room import ROOT, is_alive, wait_for
from papayactl.system import eye, proc, service_user
from papayad.errors import Fault
from papayad.settings import Settings
from papayad.start import privileges
from tests.conftest import MakeRoom
from tests.papayactl.schemas import SCHEMAS

pytestmark = pytest.mark.skipif(not ROOT, reason="only root becomes somebody else")


@pytest.fixture
def settings(make_room: MakeRoom) -> Settings:
    return make_room(start=False).settings


def test_nothing_of_root_is_left(settings: Settings) -> None:
    def look() -> dict[str, str]:
        return kernel.fields(os.getpid())

    known = service_user.run(settings, look)
    uid = settings.state_dir.stat().st_uid
    assert known["Uid"].split() == [str(uid)] * 4
    assert "0" not in known["Gid"].split() + known["Groups"].split()
    assert [int(known[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0] * 4
    assert os.geteuid() == 0


def test_what_it_returns_or_raises_comes_back(settings: Settings) -> None:
    value = {"a": [1, None, "\udcff\n"]}
    assert service_user.run(settings, lambda: value) == value
    with pytest.raises(Fault) as caught:
        service_user.run(settings, lambda: _raise(Fault("what", "why", "remedy", code=75)))
    assert (str(caught.value), caught.value.code) == ("what: why: remedy", 75)
    with pytest.raises(BrokenPipeError):
        service_user.run(settings, lambda: _raise(BrokenPipeError(errno.EPIPE, "pipe")))
    with pytest.raises(PermissionError) as refused:
        service_user.run(settings, lambda: os.listdir("/root"))
    assert refused.value.filename == "/root"
    with pytest.raises(click.exceptions.Exit) as ended:
        service_user.run(settings, lambda: _raise(click.exceptions.Exit(3)))
    assert ended.value.exit_code == 3
    with pytest.raises(click.Abort):
        service_user.run(settings, lambda: _raise(KeyboardInterrupt()))


def test_a_bug_is_a_traceback_and_an_exit_code(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        service_user.run(settings, lambda: _raise(ZeroDivisionError()))
    assert caught.value.code == 1
    assert "ZeroDivisionError" in capfd.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_by_the_signal_that_ended_the_child(settings: Settings, number: int) -> None:
    pid = fork(lambda: service_user.run(settings, lambda: os.kill(os.getpid(), number)))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_to_root_is_one_to_the_child(settings: Settings, number: int) -> None:
    reading, writing = os.pipe()

    def wait() -> None:
        os.write(writing, b"%d\n" % os.getpid())
        signal.pause()

    pid = fork(lambda: service_user.run(settings, wait))
    child = int(os.read(reading, 20))
    wait_for(lambda: int(kernel.fields(pid)["SigCgt"], 16) >> (number - 1) & 1)
    os.kill(pid, number)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == (1 if number == signal.SIGINT else -number)
    assert not is_alive(child)
    os.close(reading)
    os.close(writing)


def test_the_child_ends_with_its_parent(settings: Settings) -> None:
    reading, writing = os.pipe()

    def wait() -> None:
        os.write(writing, b"%d\n" % os.getpid())
        signal.pause()

    pid = fork(lambda: service_user.run(settings, wait))
    child = int(os.read(reading, 20))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait_for(lambda: not is_alive(child))
    os.close(reading)
    os.close(writing)


def test_nobody_of_the_service_looks_into_it(settings: Settings) -> None:
    """It has root's terminal open."""

    def look() -> int:
        return os.stat(f"/proc/{os.getpid()}/fd").st_uid

    assert service_user.run(settings, look) == 0


def test_root_looks_at_the_services_processes_only(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    entry = room.entry("alice")

    def look(pid: int) -> list[Any]:
        return [proc.text(pid, "smaps_rollup"), proc.descriptors(pid), proc.text(pid, "environ")]

    shared, files, environment = service_user.run(room.settings, lambda: look(entry.send))
    assert "Pss:" in shared and any("committed" in target for target in files.values())
    assert environment is None
    assert service_user.run(room.settings, lambda: look(os.getppid())) == [None] * 3
    assert service_user.run(room.settings, lambda: eye.ask("text", entry.send, "../1/stat")) is None


def test_a_user_that_does_not_exist_is_a_configuration(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    room.path.write_text(room.path.read_text().replace('user = "nobody"', 'user = "nosuch"'))
    result = ctl(room, "list")
    assert (result.exit_code, result.is_told) == (78, True)


def test_nothing_is_imported_by_the_service_user(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """papayactl may be installed where only root may read."""
    room = make_room()
    room.join("alice")
    room.entry("alice")
    monkeypatch.setattr(privileges, "drop", _dropping(privileges.drop))
    for command, arguments, _ in SCHEMAS:
        if command in ("init", "completion", "log export", "acceptor start", "acceptor restart"):
            continue
        result = run("--config", str(room.path), *command.split(), *arguments)
        assert "imported too late" not in result.stderr, command
        if not room.acceptor():
            room.start()


def _dropping(drop: Callable[[privileges.Identity], None]) -> Callable[[privileges.Identity], None]:
    def dropped(identity: privileges.Identity) -> None:
        drop(identity)
        sys.meta_path.insert(0, Late())

    return dropped


class Late:
    """A finder of modules that tells of what is not the standard library's."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.partition(".")[0] not in sys.stdlib_module_names:
            sys.stderr.write(f"imported too late: {name}\n")


def _raise(error: BaseException) -> None:
    raise error
