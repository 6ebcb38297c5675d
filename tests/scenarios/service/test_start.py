"""The start: what is wrong is told at once, what then serves is in order (design section 2)."""

import os
import signal
import socket
import stat
import subprocess
import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from lab.kit import launch
from lab.kit.launch import Said
from lab.kit.machine import kernel
from lab.kit.room import ROOT, Room, give_to_service, is_alive, wait_for
from papayad import config
from papayad.errors import CONFIGURATION, DONE, TRY_AGAIN, UNAVAILABLE
from papayad.formats import titles
from papayad.formats.titles import Title
from tests.conftest import MakeRoom


def test_the_command_returns_when_the_daemon_serves(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    assert launch.run(room).code == DONE
    with socket.create_connection(("127.0.0.1", room.port), 5):
        acceptor = room.acceptor()
    assert kernel.parent(acceptor) == launch.adopter()
    assert os.getsid(acceptor) not in (acceptor, os.getsid(0))
    assert os.getpgid(acceptor) == acceptor
    assert os.readlink(f"/proc/{acceptor}/cwd") == "/"
    assert kernel.umask(acceptor) == 0o077


def test_a_daemon_says_nothing_on_its_starters_terminal(make_room: MakeRoom) -> None:
    done = launch.run(make_room(start=False, service={"log_to": "syslog"}))
    assert (done.code, done.stdout, done.stderr) == (DONE, "", "")


# A second instance, and what is left of a first one


@pytest.mark.parametrize("options", [(), ("--foreground",)])
def test_a_second_instance_says_who_holds_the_room(
    make_room: MakeRoom, options: tuple[str, ...]
) -> None:
    room = make_room()
    alice = room.join("alice")
    done = launch.run(room, *options)
    assert done.code == TRY_AGAIN
    assert f" pid {room.acceptor()}:" in one_line(done)
    alice.ping()
    room.join("bob").ping()


@pytest.mark.parametrize("options", [(), ("--foreground",)])
def test_two_run_directories_are_not_two_acceptors_of_one_state(
    make_room: MakeRoom, options: tuple[str, ...]
) -> None:
    """A rolling update, or a configuration that was copied; with a port of its own, too."""
    room = make_room()
    run = room.settings.service.run_dir
    changed = room.path.read_text().replace(run, f"{run}2").replace(str(room.port), "0")
    room.path.write_text(changed)
    done = launch.run(room, *options)
    assert done.code == TRY_AGAIN
    assert f"{room.state_dir}/acceptor: held by papayad with pid {room.acceptor()}:" in done.stderr
    room.join("alice").ping()


@pytest.mark.parametrize("content", ["", "1\n", "{own}\n", "not a number\n"])
def test_a_stale_pid_file_is_no_obstacle(make_room: MakeRoom, content: str) -> None:
    room = make_room()
    room.stop_acceptor(signal.SIGKILL)
    assert room.settings.pid_file.exists()
    room.settings.pid_file.write_text(content.format(own=os.getpid()))
    room.start()
    assert room.settings.pid_file.read_text() == f"{room.acceptor()}\n"
    room.join("alice").ping()


def test_the_pid_file_goes_with_the_acceptor(make_room: MakeRoom) -> None:
    room = make_room()
    assert stat.S_IMODE(room.settings.pid_file.stat().st_mode) == 0o644
    room.stop_acceptor()
    assert not room.settings.pid_file.exists()


# What is refused


def one_line(done: Said) -> str:
    """What papayad said on standard error: a line and no more."""
    (line,) = done.stderr.splitlines()
    assert line.startswith("papayad: ")
    assert done.stdout == ""
    return line


def add(text: str) -> Callable[[Room], None]:
    def change(room: Room) -> None:
        with room.path.open("a") as file:
            file.write(text)

    return change


def spoil_certificate(room: Room) -> None:
    Path(room.settings.listen.certificate).write_text("-----BEGIN CERTIFICATE-----\nno\n")


def swap_key(room: Room) -> None:
    other = Room("required")
    os.replace(other.directory / "key.pem", room.directory / "key.pem")
    other.close()


MISTAKES: dict[str, tuple[Callable[[Room], object], str]] = {
    "unknown key": (add("\n[limits2]\n"), "limits2: unknown"),
    "not TOML": (add("\n= 1\n"), "not TOML"),
    "no certificate": (lambda room: os.unlink(room.settings.listen.certificate), "cert.pem"),
    "broken certificate": (spoil_certificate, "cert.pem"),
    "another key": (swap_key, "key.pem"),
    "no tokens": (lambda room: os.unlink(room.settings.tokens), "tokens: No such file"),
    "broken tokens": (lambda room: room.settings.tokens.write_text("\nalice\n"), "tokens:2: not"),
    "no state": (lambda room: room.state_dir.rmdir(), "state: No such file"),
    "no configuration": (lambda room: room.path.unlink(), "main.toml: No such file"),
}


@pytest.mark.parametrize("options", [(), ("--foreground",), ("--check",)])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_line_and_a_code(
    make_room: MakeRoom, mistake: str, options: tuple[str, ...]
) -> None:
    room = make_room("required", start=False)
    change, words = MISTAKES[mistake]
    change(room)
    done = launch.run(room, *options)
    assert done.code == CONFIGURATION
    assert words in done.stderr.replace(" is no directory", ": No such file")
    if not options or done.stdout == "":
        one_line(done)
    assert "Traceback" not in done.stderr
    assert room.acceptor() == 0


def test_a_port_that_is_taken(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    with socket.socket() as other:
        other.bind(("127.0.0.1", room.port))
        other.listen()
        done = launch.run(room)
    assert done.code == UNAVAILABLE
    assert f"127.0.0.1:{room.port}: Address already in use" in one_line(done)
    room.start()


# What fails between the fork and the moment when it serves


@pytest.mark.parametrize("options", [(), ("--foreground",)])
def test_an_identity_that_is_away_while_somebody_is_in(
    make_room: MakeRoom, options: tuple[str, ...]
) -> None:
    """The client's was that one, and no other will do until everybody has left."""
    room = make_room()
    alice = room.join("alice")
    room.stop_acceptor()
    (room.state_dir / "identity").unlink()
    done = launch.run(room, *options)
    assert done.code == CONFIGURATION
    words = f"{room.state_dir}/identity: is away, and clients are connected: put it back, or "
    assert f"papayad: {words}" in done.stderr
    if not options:
        assert f"<3>papayad[main]: {words}" in done.stderr  # the log's line
    alice.ping()
    room.kill()
    room.start()


FAILURES = {
    "OSError(28, 'No space left', '/there')": ("/there: No space left: remove", UNAVAILABLE),
    "OSError(24, 'Too many')": (": Too many: ", UNAVAILABLE),
    "ZeroDivisionError()": ("the daemon: ends by a bug: ZeroDivisionError (<string>:2)", 1),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_what_fails_in_the_daemon_is_told_its_starter_and_the_log(
    make_room: MakeRoom, failure: str
) -> None:
    room = make_room(start=False)
    words, code = FAILURES[failure]
    room.before = f"from papayad.state import groups\ndef create(*_): raise {failure}\n"
    room.before += "groups.create = create"
    done = launch.run(room)
    assert done.code == code
    starter, log = sorted(done.stderr.splitlines(), key=lambda line: line.startswith("<"))
    assert starter.startswith("papayad: ") and words in starter
    assert log.startswith("<3>papayad[main]: ") and words in log


def test_a_daemon_that_is_killed_before_it_serves_is_missed(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    room.before = "import os\nfrom papayad.state import groups\n"
    room.before += "groups.create = lambda *_: os.kill(os.getpid(), 9)"
    done = launch.run(room)
    assert (done.code, one_line(done)) == (
        1, "papayad: the daemon: ended before it was ready: see its log"
    )  # fmt: skip


def test_check_prints_what_is_in_effect(make_room: MakeRoom) -> None:
    room = make_room("required", start=False, limits={"max_clients": 7})
    done = launch.run(room, "--check")
    assert (done.code, done.stderr) == (DONE, "")
    known = tomllib.loads(done.stdout)
    assert known == config.as_dict(room.settings)
    assert known["limits"]["max_clients"] == 7
    assert room.acceptor() == 0


def test_check_on_a_terminal_that_has_not_every_character(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    text = room.path.read_text().replace('tokens = "', 'tokens = "/srv/\U0001f600')
    room.path.write_text(text)
    done = subprocess.run(
        room.command("--check"),
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "iso8859-15"},
    )
    assert b"Traceback" not in done.stderr
    assert b"\\U0001f600" in done.stdout


def test_check_tells_every_problem(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    room.path.write_text(
        '[listen]\naddresses = ["localhost:1"]\ntls = "maybe"\n'
        "[limits]\nmax_clients = 0\nmax_client = 1\nlinger_ms = true\n[extra]\n"
    )
    done = launch.run(room, "--check")
    assert done.code == CONFIGURATION
    lines = done.stderr.splitlines()
    keys = ("listen.addresses", "listen.tls", "limits.max_clients", "limits.max_client")
    for key in (*keys, "limits.linger_ms", "extra"):
        (line,) = [one for one in lines if one.startswith(f"papayad: {room.path}: {key}: ")]
        assert len(line) > len(f"papayad: {room.path}: {key}: ")
    assert len(lines) == 6


# --foreground


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_foreground_serves_until_it_is_told_to_end(make_room: MakeRoom, signum: int) -> None:
    room = make_room(start=False)
    with launch.foreground(room, stderr=subprocess.PIPE) as process:
        assert room.acceptor() == process.pid
        assert os.getpgid(process.pid) != os.getpgrp()
        alice, bob = room.join("alice"), room.join("bob")
        process.send_signal(signum)
        assert process.wait(20) == 0
        assert process.stderr
        said = os.read(process.stderr.fileno(), 65536)  # not to its end: clusters have it still
    assert len(said.splitlines()) > 3
    assert all(line.startswith(b"<6>papayad[main]: ") for line in said.splitlines())
    alice.send(b"MSG - still here\n")
    bob.read_until(b" alice - still here\n")


def test_foreground_says_nothing_with_a_priority_to_a_terminal(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    ours, its = os.openpty()
    with launch.foreground(room, stderr=its):
        os.close(its)
        assert os.read(ours, 100).startswith(b"papayad[main]: listening on ")
    os.close(ours)


# What a starter may leave


def check_that_it_serves(room: Room) -> None:
    alice, bob = room.join("alice"), room.join("bob")
    alice.send(b"MSG - hello\n")
    bob.read_until(b" alice - hello\n")
    os.kill(room.entry("alice").send, signal.SIGKILL)
    bob.read_until(b"* - part alice\n")
    room.stop_acceptor()


ODDITIES: dict[str, dict[str, Any]] = {
    "signals ignored": {"preexec_fn": launch.ignore_room_signals},
    "signals blocked": {"preexec_fn": launch.block_all_signals},
    "streams closed": {"preexec_fn": launch.close_streams},
    "umask 0777": {"preexec_fn": launch.forbid_all},
    "umask 0": {"preexec_fn": launch.allow_all},
    "no environment": {"env": {}},
    "own session": {"start_new_session": True},
    "group leader": {"process_group": 0},
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_a_daemon_starts_in_odd_circumstances(make_room: MakeRoom, oddity: str) -> None:
    room = make_room(start=False)
    done = launch.run(room, **ODDITIES[oddity])
    assert done.code == DONE
    check_that_it_serves(room)


@pytest.mark.parametrize("oddity", ODDITIES)
def test_foreground_starts_in_odd_circumstances(make_room: MakeRoom, oddity: str) -> None:
    room = make_room(start=False)
    with launch.foreground(room, **ODDITIES[oddity]) as process:
        check_that_it_serves(room)
        assert process.wait(20) == 0


@pytest.mark.parametrize("start", [launch.daemon, launch.foreground])
def test_titles_need_no_environment(
    make_room: MakeRoom, start: Callable[..., AbstractContextManager[object]]
) -> None:
    room = make_room(start=False)
    with start(room, env={}):
        room.join("alice").ping()
        entry = room.entry("alice")
        for pid, role in ((entry.recv, titles.RECV), (entry.send, titles.SEND)):
            known = titles.parse(kernel.command_line(pid))
            assert known == Title("main", role, "alice", entry.peer)
        addresses = f"papayad[main]: acceptor 127.0.0.1:{room.port}"
        assert kernel.command_line(room.acceptor()) == addresses


def test_inherited_files_stay_open_nowhere(make_room: MakeRoom, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with kept.open("w") as file, socket.create_server(("127.0.0.1", 0)) as listener:
        numbers = (file.fileno(), listener.fileno())
        for start in (launch.daemon, launch.foreground):
            room = make_room(start=False)
            with start(room, pass_fds=numbers):
                room.join("alice").ping()
                known = open_in(room)
            assert str(kept) not in known
            assert f"socket:[{os.fstat(listener.fileno()).st_ino}]" not in known


def open_in(room: Room) -> set[str]:
    entry = room.entry("alice")
    pids = (room.acceptor(), entry.recv, entry.send)
    return {file for pid in pids for file in kernel.descriptors(pid).values()}


# Files


def test_the_state_is_for_the_service_alone(make_room: MakeRoom) -> None:
    for start in (launch.daemon, launch.foreground):
        room = make_room(start=False)
        with start(room, preexec_fn=launch.allow_all):
            room.join("alice").ping()
            room.entry("alice")
            for path in room.state_dir.rglob("*"):
                mode = 0o700 if path.is_dir() else 0o600
                assert stat.S_IMODE(path.stat().st_mode) == mode, path


def test_a_run_directory_is_made_so_that_status_is_for_all(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    run = room.directory / "boot" / "emptied" / "this"
    room.path.write_text(room.path.read_text().replace(room.settings.service.run_dir, str(run)))
    room.settings = config.load(room.path, "main")
    if ROOT:
        give_to_service(room.directory)
    room.start()
    for path in (run, run.parent, run.parent.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
    pid = room.acceptor()
    room.stop_acceptor()
    wait_for(lambda: not is_alive(pid))
    assert not list(run.iterdir())
