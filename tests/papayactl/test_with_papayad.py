"""papayactl beside the real daemon: two acceptors, living clusters, a port that closes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lab.kit import certificate, processes
from lab.kit.admin.ctl import ctl
from lab.kit.room import ROOT, Room, free_port, give_to_service, is_alive, wait_for
from papayactl.act import control
from papayad import config
from papayad.formats import invite
from papayad.formats.wire import Greeting, Hello, Refusal
from papayad.state import force
from papayad.system.files import write_whole
from tests.conftest import MakeRoom


def ctl_json(room: Room, *words: str) -> Any:
    result = ctl(room, "--json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_acceptor_is_stopped_and_started_and_sessions_go_on(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    before = ctl_json(room, "acceptor", "status")
    assert (before["sessions"], before["earlier"]) == (1, 0)
    assert ctl_json(room, "acceptor", "stop")["sessions"] == 1
    assert ctl(room, "acceptor", "status").exit_code == 3
    after = ctl_json(room, "acceptor", "start")
    assert after["pid"] != before["pid"]
    assert (after["sessions"], after["earlier"]) == (1, 1)
    bob = room.join("bob")
    bob.send(b"MSG b1 hello\n")
    alice.read_until(b" bob b1 hello\n")
    generations = {one["user"]: one["generation"] for one in ctl_json(room, "list")}
    assert generations == {"alice": before["pid"], "bob": after["pid"]}


def test_start_says_why_it_could_not(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    with socket.create_server(("127.0.0.1", room.port)):
        result = ctl(room, "acceptor", "start")
    assert result.exit_code not in (0, 3)
    assert result.stderr.startswith("papayactl: acceptor start: ")
    assert result.stderr.count("\n") == 1


def test_a_kill_ends_one_client_and_the_room_hears_of_it(make_room: MakeRoom) -> None:
    room = make_room()
    alice, bob = room.join("alice"), room.join("bob")
    entry = room.entry("bob")
    (outcome,) = ctl_json(room, "kill", f"bob@{entry.peer}")
    assert (outcome["recv"], outcome["send"]) == (entry.recv, entry.send)
    assert outcome["ended"]
    assert not is_alive(entry.send)
    bob.read_to_end()
    alice.read_until(b" * - part bob\n")
    assert [one["user"] for one in ctl_json(room, "list")] == ["alice"]


def test_a_kill_works_without_an_acceptor(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    room.join("bob")
    room.stop_acceptor(signal.SIGKILL)
    assert ctl_json(room, "kill", "bob")[0]["ended"]
    alice.read_until(b" * - part bob\n")
    owners = {path.stat().st_uid for path in room.state_dir.rglob("*")}
    assert owners == {room.state_dir.stat().st_uid}  # nothing in it became root's


def test_a_stopped_client_is_killed(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    entry = room.entry("alice")
    os.kill(entry.send, signal.SIGSTOP)
    wait_for(lambda: " (stopped)" in Path(f"/proc/{entry.send}/status").read_text())
    (outcome,) = ctl_json(room, "kill", "alice")
    assert (outcome["ended"], outcome["signal"]) == (True, "SIGKILL")


def test_a_forged_title_is_neither_listed_nor_killed(make_room: MakeRoom) -> None:
    room = make_room()
    title = "papayad[main]: mallory@203.0.113.7:51234 recv"
    code = f"import setproctitle, sys; setproctitle.setproctitle({title!r}); print(flush=True)"
    code += "; sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as forger:
        assert forger.stdout
        forger.stdout.readline()
        assert ctl_json(room, "list") == []
        assert ctl(room, "kill", "mallory").exit_code == 3
        assert ctl(room, "kill", str(forger.pid)).exit_code == 3
        assert forger.poll() is None


def test_an_invite_leads_in_and_a_revoked_one_does_not(make_room: MakeRoom) -> None:
    room = make_room(tls="required")
    said = ctl_json(room, "token", "add", "carol")
    card = invite.parse(said["invite"])
    assert (card.host, card.port) == ("127.0.0.1", room.port)
    carol = room.peer()
    assert isinstance(carol.hello(Hello(card.token)), Greeting)
    wait_for(lambda: ctl_json(room, "token", "list")[0]["last_used"])
    (listed,) = ctl_json(room, "token", "list")
    assert (listed["id"], listed["sessions"]) == (said["id"], 1)
    assert listed["clients"] == [f"carol@{room.entry('carol').peer}"]
    (session,) = ctl_json(room, "token", "revoke", "carol")["sessions"]
    assert session["ended"]
    carol.read_to_end()
    answer = room.peer().hello(Hello(card.token))
    assert isinstance(answer, Refusal)
    assert answer.reason == "auth"


def guess(room: Room) -> bytes:
    """What a wrong token is answered with; nothing where the source is refused."""
    peer = room.peer("127.0.0.66")
    with suppress(ConnectionError):
        peer.send(b"PAPAYA/1 wrong\n")
    return peer.receive()


def test_penalties_are_listed_and_cleared(make_room: MakeRoom) -> None:
    room = make_room(limits={"penalty_exempt": []})
    assert ctl_json(room, "penalties", "list") == []
    wait_for(lambda: not guess(room))
    (listed,) = ctl_json(room, "penalties", "list")
    assert (listed["source"], listed["last"]) == ("127.0.0.66", "auth")
    assert listed["refused_for"] > 0
    assert ctl(room, "penalties", "clear", "127.0.0.67").exit_code == 3
    assert ctl_json(room, "penalties", "clear", "--all") == {"cleared": ["127.0.0.66"]}
    assert guess(room).startswith(b"- auth ")


def test_a_ban_ends_clusters_and_keeps_out(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    eve = room.join("eve")
    said = ctl_json(room, "ban", "eve", "198.51.100.7/24", "--reason", "sells things")
    assert [one["user"] for one in said["sessions"]] == ["eve"]
    eve.read_to_end()
    answer = room.peer().hello(Hello(room.token("eve")))
    assert isinstance(answer, Refusal)
    assert answer.reason == "banned"
    listed = {one["subject"]: one["reason"] for one in ctl_json(room, "ban")}
    assert listed == {"eve": "sells things", "198.51.100.0/24": "sells things"}
    assert ctl(room, "unban", "bob").exit_code == 3
    assert ctl(room, "unban", "eve").exit_code == 0
    assert isinstance(room.peer().hello(Hello(room.token("eve"))), Greeting)


def test_a_ban_of_an_address_ends_who_is_there(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    assert len(ctl_json(room, "ban", "127.0.0.0/8")["sessions"]) == 1
    assert ctl_json(room, "list") == []


def test_what_cannot_be_banned_is_refused(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    assert ctl(room, "ban", "Not A Name").exit_code == 2
    assert not room.settings.bans.exists()


def serve_tls(room: Room, **listen: object) -> None:
    """What the room's configuration says from now on; it has a certificate."""
    known = config.as_dict(room.settings)
    known["listen"] |= listen
    write_whole(room.path, config.render(config.defaults("main", room.path, **known)).encode())


def another_key(room: Room) -> None:
    other = room.directory / "other"
    other.mkdir()
    certificate.make(other / "cert.pem", other / "key.pem")
    (other / "key.pem").replace(room.directory / "key.pem")
    if ROOT:
        give_to_service(room.directory)


def unreadable_key(room: Room) -> None:
    """Root reads it; the service's user does not."""
    os.chown(room.directory / "key.pem", 0, 0)
    (room.directory / "key.pem").chmod(0o600)


def garbage_in_tokens(room: Room) -> None:
    room.settings.tokens.write_text("this is no token\n")


def an_interface_that_is_nowhere(room: Room) -> None:
    serve_tls(room, addresses=[f"127.0.0.1:{room.port}", "[fe80::1%papaya-no]:7722"])


def a_mistyped_key(room: Room) -> None:
    room.path.write_text(room.path.read_text().replace("addresses", "adresses"))


@pytest.mark.parametrize("verb", ["reload", "restart"])
@pytest.mark.parametrize(
    "mistake",
    [
        another_key,
        pytest.param(
            unreadable_key,
            marks=pytest.mark.skipif(not ROOT, reason="only root may read it"),
        ),
        garbage_in_tokens,
        an_interface_that_is_nowhere,
        a_mistyped_key,
    ],
)
def test_nothing_that_works_is_stopped_for_what_would_fail(
    make_room: MakeRoom, verb: str, mistake: Callable[[Room], None]
) -> None:
    room = make_room("optional")
    before = room.acceptor()
    mistake(room)
    result = ctl(room, "acceptor", verb)
    assert result.exit_code == 78
    assert result.stderr.count("\n") == 1
    assert room.acceptor() == before
    room.peer().send(b"PAPAYA/1 ")  # the port is open


def test_a_reload_returns_when_it_is_done(make_room: MakeRoom) -> None:
    room = make_room()
    port = free_port()
    serve_tls(room, addresses=[f"127.0.0.1:{room.port}", f"127.0.0.1:{port}"])
    assert ctl_json(room, "acceptor", "reload")["generation"] == 2
    socket.create_connection(("127.0.0.1", port), 5).close()
    assert ctl_json(room, "acceptor", "reload")["generation"] == 3


def test_a_reload_that_the_acceptor_refused_is_a_failure(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was good when it was looked at, and was not when the acceptor read it."""
    room = make_room()
    monkeypatch.setattr(control, "check", lambda *_: a_mistyped_key(room))
    result = ctl(room, "acceptor", "reload")
    assert result.exit_code == 78
    assert "adresses: unknown key" in result.stderr
    assert result.stderr.endswith(": everything stays as it was\n")


def test_a_stopped_acceptor_cannot_reload(make_room: MakeRoom) -> None:
    room = make_room()
    pid = room.acceptor()
    processes.freeze(pid)
    try:
        result = ctl(room, "acceptor", "reload")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert result.exit_code == 75
    assert f"kill -CONT {pid}" in result.stderr


def finding(room: Room, what: str) -> Any:
    return {one["what"]: one for one in json.loads(ctl(room, "--json", "doctor").stdout)}[what]


def test_status_says_where_it_listens_and_not_where_it_should(make_room: MakeRoom) -> None:
    room = make_room()
    serve_tls(room, addresses=[f"127.0.0.1:{free_port()}"])
    seen = ctl_json(room, "acceptor", "status")
    assert seen["addresses"] == [f"127.0.0.1:{room.port}"]
    assert seen["changed"] is True
    found = finding(room, str(room.path))
    assert (found["level"], found["words"]) == ("warning", "was changed and is not loaded")
    assert ctl(room, "acceptor", "reload").exit_code == 0
    assert ctl_json(room, "acceptor", "status")["changed"] is False


def test_doctor_tells_of_a_reload_that_was_refused(make_room: MakeRoom) -> None:
    room = make_room()
    garbage_in_tokens(room)
    os.kill(room.acceptor(), signal.SIGHUP)
    run_dir = room.settings.pid_file.parent
    wait_for(lambda: (force.read(run_dir) or force.InForce(0, 0, (), "")).generation == 2)
    assert finding(room, "the last reload")["level"] == "failure"


def test_the_certificate_that_is_served_counts(make_room: MakeRoom) -> None:
    room = make_room("required")
    path = str(room.directory / "cert.pem")
    assert finding(room, path)["words"] != "is not the one that is served"
    certificate.make(room.directory / "cert.pem", room.directory / "key.pem")
    if ROOT:
        give_to_service(room.directory)
    found = [one for one in json.loads(ctl(room, "--json", "doctor").stdout) if one["what"] == path]
    assert "is not the one that is served" in [one["words"] for one in found]


def test_one_line_for_monitoring(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice").ping()
    serve_tls(room, addresses=[f"127.0.0.1:{room.port}", f"127.0.0.1:{free_port()}"])
    result = ctl(room, "doctor", "--nagios")
    assert result.exit_code == 2
    assert result.stdout.count("\n") == 1
    words, _, figures = result.stdout.partition(" | ")
    assert words.startswith("PAPAYA CRITICAL - room main: 127.0.0.1:")
    assert "clients=1;;;0;1000 users=1;;;0 " in figures
    room.path.unlink()
    result = ctl(room, "doctor", "--nagios")
    assert (result.exit_code, "|" in result.stdout) == (2, False)
