"""Tokens and keys stay where they belong (design section 3; SECURITY.md)."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from lab.kit import certificate, launch
from lab.kit.machine import dump, kernel, memory
from lab.kit.room import ROOT, give_to_service, is_alive, wait_for
from papayad.errors import CONFIGURATION
from papayad.formats.wire import Greeting, Hello
from papayad.state import tokens
from tests.conftest import MakeRoom


def test_the_hunt_finds_what_it_looks_for(make_room: MakeRoom) -> None:
    """Every room of the tests is searched at its end, so this has to work."""
    room = make_room(tls="required")
    token = room.token("alice")
    key = Path(room.settings.listen.private_key).read_text()
    for leak in (f"token {token}\n", f"half of it: {token[:64]}", token[50:], key, key[80:]):
        place = room.directory / "leak"
        place.write_text(leak)
        assert room.secrets_found() == [str(place)]
        place.unlink()
    os.rename(room.directory / "stderr", room.directory / token[:40])
    assert len(room.secrets_found()) == 1
    os.rename(room.directory / token[:40], room.directory / "stderr")
    process = subprocess.Popen(["sleep", "1000"], env={"TOKEN": token})
    try:
        wait_for(lambda: Path(f"/proc/{process.pid}/environ").read_bytes())  # it is executed
        places = memory.found(room.directory, [process.pid], [token.encode()])
        assert places == [f"{process.pid}/environ"]
    finally:
        process.kill()
        process.wait()


def test_no_file_and_no_title_has_a_token_or_the_key(make_room: MakeRoom) -> None:
    room = make_room(tls="required")
    alice = room.join("alice", session="s")
    for line in (b"MSG a1 hello\n", b"WHO\n", b"nonsense\n"):
        alice.send(line)
    alice.ping()
    room.tokens["nobody"] = wrong = "f" * 64 + "0" * 64  # to be looked for, too
    assert not isinstance(room.peer().hello(Hello(wrong)), Greeting)
    for line in (b"PAPAYA/1 x %b\n", b"PAPAYA/2 %b\n", b"%b\n", b"PAPAYA/1 %b last=x\n"):
        misplaced = room.peer()
        misplaced.send(line % room.token("alice").encode())
        misplaced.answer()
    os.kill(room.acceptor(), signal.SIGHUP)
    os.kill(room.entry("alice").recv, signal.SIGKILL)
    alice.read_to_end()
    room.join("alice", session="s").ping()
    assert room.secrets_found() == []


@pytest.mark.skipif(not ROOT, reason="only root looks into their memory")
@pytest.mark.parametrize("start", [launch.daemon, launch.foreground])
def test_no_process_has_what_its_starter_had_in_its_environment(
    make_room: MakeRoom, start: Callable[..., AbstractContextManager[object]]
) -> None:
    secret = os.urandom(16).hex()
    room = make_room(tls="required", start=False)
    with start(room, env=os.environ | {"CLOUD_KEY": secret, "A": secret, "TZ": f"UTC-0{secret}"}):
        room.join("alice").ping()
        pids = [pid for group in room.groups() for pid in kernel.of_group(group)]
        assert len(pids) == 3
        assert all(memory.has_in_memory(pid, f"TZ=UTC-0{secret}".encode()) for pid in pids)
        for variable in ("CLOUD_KEY", "A"):
            known = f"{variable}={secret}".encode()
            assert not any(memory.has_in_memory(pid, known) for pid in pids)


def allow_cores() -> None:
    """For `preexec_fn`: a starter that has processes leave cores."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def test_no_process_leaves_a_core(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    with launch.foreground(room, preexec_fn=allow_cores) as process:
        room.join("alice")
        entry = room.entry("alice")
        for pid in (process.pid, entry.recv, entry.send):
            assert kernel.limit(pid, "Max core file size") == ("0", "0")
        os.kill(entry.recv, signal.SIGSEGV)
        wait_for(lambda: not is_alive(entry.send))
        os.kill(process.pid, signal.SIGSEGV)
        ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert ended and ended.si_code == os.CLD_KILLED  # and not CLD_DUMPED


def test_a_key_that_everybody_can_read_stops_the_start(make_room: MakeRoom) -> None:
    room = make_room(tls="required", start=False)
    os.chmod(room.settings.listen.private_key, 0o644)
    assert room.start(check=False).returncode == CONFIGURATION
    assert "everybody on this machine can read or change it" in room.journal()
    checked = subprocess.run(room.command("--check"), capture_output=True, text=True, check=False)
    assert checked.returncode == CONFIGURATION


def test_a_reload_does_not_take_an_open_key_either(make_room: MakeRoom) -> None:
    room = make_room(tls="required")
    os.chmod(room.settings.listen.private_key, 0o644)
    os.kill(room.acceptor(), 1)
    wait_for(lambda: "everything stays as it was" in room.journal())
    room.join("alice")


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="looks into other processes")
def test_no_cluster_has_the_key_in_its_memory(make_room: MakeRoom) -> None:
    """Nor after a reload, with the old key or the new one; the acceptor has to have it."""
    room = make_room(tls="required")
    secrets = dump.of_key(Path(room.settings.listen.private_key))
    room.join("alice").ping()
    certificate.make(room.directory / "cert.pem", room.directory / "key.pem")
    give_to_service(room.directory)
    secrets += dump.of_key(Path(room.settings.listen.private_key))
    os.kill(room.acceptor(), signal.SIGHUP)
    wait_for(lambda: "re-read" in room.journal())
    room.join("bob").ping()
    assert dump.holds(room.acceptor(), secrets)
    for entry in room.entries():
        for pid in (entry.recv, entry.send):
            assert dump.holds(pid, secrets) == []


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="looks into other processes")
def test_no_cluster_has_the_tokens_of_others_in_its_memory(make_room: MakeRoom) -> None:
    """Nor their digests, nor who else may come in."""
    room = make_room()
    others = [f"absent{number}" for number in range(20)]
    secrets = [room.token(user).encode() for user in others]
    digests = [tokens.digest(room.token(user)) for user in others]
    room.join("alice").ping()
    room.join("bob").ping()
    secrets += [bytes.fromhex(one) for one in digests] + [one.encode() for one in digests]
    secrets += [user.encode() for user in others]
    assert len(dump.holds(room.acceptor(), secrets)) >= len(others)
    for entry in room.entries():
        for pid in (entry.recv, entry.send):
            assert dump.holds(pid, secrets) == []
