"""Who is muted reads on and writes nothing, and is told so (design section 6)."""

from lab.kit.admin.ctl import ctl
from tests.conftest import MakeRoom


def test_who_is_muted_reads_on_and_is_told(make_room: MakeRoom) -> None:
    room = make_room()
    alice, bob = room.join("alice"), room.join("bob")
    assert ctl(room, "mute", "alice").exit_code == 0
    alice.send(b"MSG a hello\nPING still\nWHO\nMSG b hello\n")
    answers = alice.read_until(b"! error muted b ")
    assert b"! error muted a " in answers
    assert b"! pong still\n" in answers
    assert b"! online alice bob\n" in answers
    bob.send(b"MSG c who was that?\n")
    alice.read_until(b" bob c who was that?\n")
    again = room.join("alice", session="another")
    again.send(b"MSG d hello\n")
    again.read_until(b"! error muted d ")
    assert ctl(room, "unmute", "alice").exit_code == 0
    alice.send(b"MSG e me\n")
    bob.read_until(b" alice e me\n")
    assert room.log().count(b" alice ") == 1
