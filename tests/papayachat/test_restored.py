"""A backup that is put back: who had seen what is gone keeps nothing of it, and misses nothing."""

import shutil
from pathlib import Path

from lab.kit.room import ROOT as AS_ROOT
from lab.kit.room import Room, give_to_service, wait_for
from papayachat.disk import profile as profiles
from papayachat.disk import replica
from papayachat.disk.replica import Replica
from papayad.formats import record
from papayad.formats.invite import Invite
from tests.conftest import MakeRoom
from tests.papayachat.conftest import Chat


def put_back(room: Room, backup: Path) -> None:
    """The state as it was; whoever has a connection is cut."""
    room.stop_acceptor()
    room.kill()
    shutil.rmtree(room.state_dir)
    shutil.copytree(backup, room.state_dir)
    if AS_ROOT:
        give_to_service(room.directory)


def test_the_copy_becomes_what_the_log_is_now(chat: Chat, make_room: MakeRoom, home: Path) -> None:
    room = make_room()
    invite = Invite("alice", room.token("alice"), "127.0.0.1", room.port, "main")
    profiles.save(profiles.make(invite, "main", plain=True))
    alice = chat(stdin=-1)
    alice.enter("kept\n")
    wait_for(lambda: b" kept\n" in room.log())
    shutil.copytree(room.state_dir, home / "backup")
    alice.enter("forgotten " + "x" * 500 + "\n")
    wait_for(lambda: b" forgotten " in copied())
    alice.process.kill()
    alice.process.wait()
    put_back(room, home / "backup")
    room.start()
    bob = room.join("bob", presence=False)
    bob.ping()  # what the log had to say of the others, who are gone, it has said
    with_text = len(record.render(record.stamp(0), "bob", "-", ""))
    text = b"y" * (end_of_copy() - room.committed() - with_text)
    bob.send(b"MSG - " + text + b"\nMSG - and more\n")
    bob.read_until(b" bob - and more\n")
    alice = chat(stdin=-1)
    alice.enter("again\n")
    wait_for(lambda: copied().endswith(b" again\n"))
    assert copied() == room.log()
    assert b"forgotten" not in copied()


def end_of_copy() -> int:
    cursor = Replica(replica.directory("main")).cursor
    assert cursor is not None
    return cursor.offset


def copied() -> bytes:
    directory = replica.directory("main")
    return b"".join(path.read_bytes() for path in sorted(directory.glob("*.log")))
