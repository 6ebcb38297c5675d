"""Who was in, who ended whom, and why: the room's history, the user's bye, the journal's line."""

import os
import signal

from lab.kit.admin.ctl import ctl, ctl_json
from lab.kit.processes import wait_until_gone
from lab.kit.room import Room, wait_for
from papayad.state import history
from tests.conftest import MakeRoom


def why(room: Room, user: str) -> str:
    """Of the user's latest session."""
    return str(ctl_json(room, "last", user)[0]["why"])


def test_a_session_has_a_beginning_an_end_and_a_cause(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    alice.ping()
    assert why(room, "alice") == "still here"
    alice.socket.close()
    wait_for(lambda: why(room, "alice") == "left")
    (session,) = ctl_json(room, "last")
    assert session["seconds"] is not None and session["until"] > session["since"]
    assert "alice@" in room.journal() and " went after " in room.journal()


def test_who_is_killed_is_told_why_and_so_is_the_admin(make_room: MakeRoom) -> None:
    room = make_room()
    bob = room.join("bob")
    bob.ping()
    assert ctl(room, "kill", "bob", "--reason", "three times asked").exit_code == 0
    assert bob.read_to_end().endswith(b"! bye killed three times asked\n")
    wait_for(lambda: why(room, "bob") == "killed three times asked")
    (act,) = [one for one in ctl_json(room, "audit") if one["what"].startswith("kill")]
    assert act["what"] == "kill bob"
    assert (act["outcome"], act["reason"]) == ("done", "three times asked")
    assert "uid " in act["by"]


def test_what_failed_is_kept_too(make_room: MakeRoom) -> None:
    room = make_room()
    assert ctl(room, "kill", "nobody").exit_code == 3
    (act,) = ctl_json(room, "audit")
    assert act["outcome"].startswith("failed: ")


def test_a_ban_and_a_revocation_say_so(make_room: MakeRoom) -> None:
    room = make_room()
    for user, words, bye in (
        ("carol", ("ban", "carol", "--reason", "spam"), b"! bye banned spam\n"),
        ("dave", ("token", "revoke", "dave"), b"! bye revoked\n"),
    ):
        peer = room.join(user)
        peer.ping()
        assert ctl(room, *words).exit_code == 0
        assert peer.read_to_end().endswith(bye)


def test_the_next_connection_of_a_session_ends_the_older_with_a_word(make_room: MakeRoom) -> None:
    room = make_room()
    older = room.join("alice", session="phone")
    older.ping()
    room.join("alice", session="phone").ping()
    assert older.read_to_end().endswith(b"! bye replaced\n")
    wait_for(lambda: [one["why"] for one in ctl_json(room, "last")] == ["still here", "replaced"])


def test_a_plain_kill_is_seen(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice").ping()
    entry = room.entry("alice")
    os.kill(entry.recv, signal.SIGKILL)
    wait_until_gone([entry.recv])
    wait_for(lambda: why(room, "alice") == "killed by SIGKILL")


def test_who_goes_while_no_acceptor_runs_was_seen_by_nobody(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    alice.ping()
    room.stop_acceptor()
    entry = room.entry("alice")
    alice.socket.close()
    wait_until_gone([entry.recv, entry.send])
    room.start()
    assert why(room, "alice") == "gone while no acceptor ran"


def test_a_look_is_no_act(make_room: MakeRoom) -> None:
    room = make_room()
    for words in (["list"], ["ban"], ["status"], ["token", "list"]):
        assert ctl(room, *words).exit_code == 0
    assert ctl_json(room, "audit") == []


def test_hostile_lines_are_left_out(make_room: MakeRoom) -> None:
    room = make_room()
    ctl(room, "wall", "hello")
    path = room.state_dir / "history"
    with path.open("ab") as file:
        file.write(
            b"\xff\x00 garbage\n2026-11-25T00:00:00.000000Z in x \x1b[2J@y z\n" + b"a" * 70000
        )
    assert [one["what"] for one in ctl_json(room, "audit")] == ["wall hello"]
    assert ctl(room, "last").exit_code == 0


def test_a_long_history_begins_another_file(make_room: MakeRoom) -> None:
    room = make_room()
    (room.state_dir / "history").write_bytes(b"x" * (4 << 20))
    history.append(room.state_dir, "2026-11-25T00:00:00.000000Z act a | b | done |")
    assert not (room.state_dir / "history").exists()
    assert [event.words for event in history.read(room.state_dir)] == ["a | b | done |"]
