"""Backup and restore as docs/backup.md has them, of a room in which people talk all the time."""

import os
import pwd
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.kit.admin.ctl import ctl
from lab.kit.room import ROOT, Peer, Room, wait_for
from papayad.formats import record
from papayad.formats.wire import check_of
from papayad.log import segments, store
from tests.conftest import MakeRoom

BUSY = {
    "limits": {"messages_per_second": 1e6, "message_burst": 1_000_000},
    "chatlog": {"segment_bytes": 2000, "durability": "kernel"},
}
OTHER_USER = "games" if ROOT else pwd.getpwuid(os.geteuid()).pw_name


def by_tar(room: Room, copy: Path) -> None:
    command = ["tar", "--sort=name", "-C", str(room.directory), "-cf", f"{copy}.tar", "state"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # 1: a file grew while it was read
    subprocess.run(["tar", "-C", str(copy), "-xf", f"{copy}.tar"], check=True)


def file_by_file(room: Room, copy: Path) -> None:
    (copy / "state").mkdir(mode=0o700)
    for path in ctl(room, "log", "path", "--all").stdout.splitlines():
        shutil.copy2(path, copy / "state")


WAYS: dict[str, Callable[[Room, Path], None]] = {"tar": by_tar, "cp": file_by_file}


@contextmanager
def talking(peer: Peer) -> Iterator[None]:
    """Somebody says something all the time, until the block ends."""
    over = threading.Event()

    def talk() -> None:
        number = 0
        while not over.is_set():
            peer.send(b"MSG n%d text %d\n" % (number, number))
            peer.read_until(b" text %d\n" % number, start=len(peer.stream) - 100)
            number += 1

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def put_back(room: Room, copy: Path) -> None:
    """Into a room that never was, under another user."""
    shutil.rmtree(room.state_dir)
    shutil.move(copy / "state", room.state_dir)
    subprocess.run(["chmod", "0700", str(room.state_dir)], check=True)
    if ROOT:
        subprocess.run(["chown", "-R", f"{OTHER_USER}:", str(room.directory)], check=True)


@pytest.fixture
def elsewhere(make_room: MakeRoom) -> Room:
    """A room of another user, that was never started; it knows the same people."""
    service = {"user": OTHER_USER, "group": OTHER_USER} if ROOT else {}
    return make_room(start=False, service=service, **BUSY)


@pytest.mark.parametrize("way", WAYS)
def test_a_running_room_to_another_place_and_user(
    make_room: MakeRoom, elsewhere: Room, tmp_path: Path, way: str
) -> None:
    """Guards: the order of copying; cutting what is half there; the new identity."""
    room = make_room(**BUSY)
    alice = room.join("alice", presence=False)
    with talking(alice):
        wait_for(lambda: len(segments.bases(room.state_dir)) > 5)
        known, shown = len(segments.bases(room.state_dir)), room.log()
        WAYS[way](room, tmp_path)
        wait_for(lambda: len(segments.bases(room.state_dir)) > known + 1)
    log, identity = room.log(), store.identity(room.state_dir)
    put_back(elsewhere, tmp_path)
    with open(
        segments.path(elsewhere.state_dir, max(segments.bases(elsewhere.state_dir))), "ab"
    ) as f:
        f.write(b"2026-11-22T21:53:01.123456Z alice - half of a rec")
    done = ctl(elsewhere, "log", "restored")
    assert done.exit_code == 0, done.stderr
    assert ctl(elsewhere, "log", "verify").exit_code == 0
    restored = elsewhere.log()
    assert log.startswith(restored) and restored.startswith(shown)
    assert store.identity(elsewhere.state_dir) != identity
    elsewhere.start()
    bob = elsewhere.join("bob", since=len(shown), log=identity, last=None)
    bob.ping()
    assert bob.stream.startswith(b"! gap ")  # another log, whatever was read of the old one
    bob.send(b"WHO\n")
    assert bob.read_until(b"! online bob\n")
    bob.send(b"MSG b1 on\n")
    bob.read_until(b" b1 on\n")
    owner = os.stat(segments.path(elsewhere.state_dir, 0)).st_uid
    assert all(path.stat().st_uid == owner for path in elsewhere.state_dir.rglob("*"))
    assert owner == pwd.getpwnam(OTHER_USER).pw_uid


def test_what_a_client_finds_out_by_itself(make_room: MakeRoom, tmp_path: Path) -> None:
    """The identity is the old one: somebody forgot to say that it is not that log any more.

    Who has read more than the backup has is told so, and nobody else.
    """
    room = make_room(**BUSY)
    alice = room.join("alice", presence=False)
    say(alice, "kept")
    by_tar(room, tmp_path)
    backed_up = room.log()
    say(alice, "lost")
    before = room.log()
    room.kill()
    shutil.rmtree(room.state_dir)
    put_back_in_place(room, tmp_path)
    room.start()
    say(room.join("alice", presence=False), "told")  # as long as what was lost
    after, log = room.log(), store.identity(room.state_dir)
    assert len(after) == len(before) and after != before
    since = len(backed_up)
    fresh = room.join("carol", since=since, log=log, check=last_of(backed_up), presence=False)
    fresh.ping()
    assert fresh.records() == after[since:]
    assert b"! gap" not in fresh.stream
    stale = room.join("carol", since=len(before), log=log, check=last_of(before), presence=False)
    stale.ping()
    assert stale.stream.startswith(b"! gap ")
    assert b" told\n" in stale.stream


def say(peer: Peer, text: str) -> None:
    peer.send(f"MSG - {text}\n".encode())
    peer.read_until(f" {text}\n".encode())


def last_of(log: bytes) -> str:
    line = log.splitlines(keepends=True)[-1]
    assert record.parse(line[:-1])
    return check_of(line)


def put_back_in_place(room: Room, copy: Path) -> None:
    shutil.copytree(copy / "state", room.state_dir)
    if ROOT:
        subprocess.run(["chown", "-R", "nobody:nogroup", str(room.state_dir)], check=True)
