"""Started as root, no process keeps anything of root or gets it back (design section 2)."""

import grp
import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lab.kit import launch
from lab.kit.machine import kernel
from lab.kit.room import ROOT, Room, give_to_service
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(not ROOT, reason="only root has something to drop")


def start_daemon(room: Room) -> None:
    assert launch.run(room, extra_groups=[0, 1, 4], start_new_session=True).code == 0


def test_no_process_is_root(make_room: MakeRoom) -> None:
    room = make_room("required", start=False)
    start_daemon(room)
    room.join("alice").ping()
    room.join("bob").ping()
    room.stop_acceptor()
    start_daemon(room)
    room.join("carol").ping()
    uid, gid = pwd.getpwnam("nobody").pw_uid, grp.getgrnam("nogroup").gr_gid
    pids = [pid for group in room.groups() for pid in kernel.of_group(group)]
    assert len(pids) == 7
    for pid in pids:
        known = kernel.fields(pid)
        assert known["Uid"].split() == [str(uid)] * 4  # real, effective, saved, of file systems
        assert known["Gid"].split() == [str(gid)] * 4
        assert known["Groups"].split() in ([], [str(gid)])
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(known[capabilities], 16) == 0


LOOK = """
import os, sys
for pid in sys.argv[1:]:
    for name in ("mem", "maps", "environ", "fd/0", "cwd"):
        path = f"/proc/{pid}/{name}"
        try:
            os.readlink(path) if name in ("fd/0", "cwd") else open(path, "rb").read(1)
        except PermissionError:
            continue
        sys.exit(f"{path} can be looked at")
"""


def test_nobody_but_root_looks_into_a_process(make_room: MakeRoom) -> None:
    """Not even the service's own user, whom a client's process might become."""
    room = make_room("required", start=False)
    start_daemon(room)
    room.join("alice").ping()
    pids = [pid for group in room.groups() for pid in kernel.of_group(group)]
    assert len(pids) == 3
    for pid in pids:
        assert os.stat(f"/proc/{pid}/status").st_uid == 0
    command = [sys.executable, "-c", LOOK, *map(str, pids)]
    done = subprocess.run(command, user="nobody", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_root_follows_no_link_of_the_service(make_room: MakeRoom, tmp_path: Path) -> None:
    """It truncated any file, and gave it and any directory away."""
    room = make_room(start=False)
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o700)
    (precious / "file").write_text("kept")
    run = Path(room.settings.service.run_dir)
    run.mkdir()
    give_to_service(room.directory)
    room.settings.pid_file.symlink_to(precious / "file")
    assert launch.run(room).code != 0
    room.settings.pid_file.unlink()
    run.rmdir()
    run.symlink_to(precious)
    assert launch.run(room).code != 0
    assert (precious / "file").read_text() == "kept"
    for path in (precious, precious / "file"):
        assert (path.stat().st_uid, path.stat().st_gid) == (0, 0)
    assert stat.S_IMODE(precious.stat().st_mode) == 0o700
    run.unlink()
    room.start()


def test_a_pid_file_that_root_left_is_made_anew(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    run = Path(room.settings.service.run_dir)
    run.mkdir()
    give_to_service(room.directory)
    room.settings.pid_file.write_text("1\n")
    room.start()
    assert room.settings.pid_file.owner() == "nobody"


def test_foreground_is_not_root_either(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    with launch.foreground(room, extra_groups=[0, 1, 4]) as process:
        known = kernel.fields(process.pid)
        assert "0" not in known["Uid"].split() + known["Gid"].split() + known["Groups"].split()
        assert int(known["CapPrm"], 16) == 0


@pytest.mark.parametrize("user", ["root", "no-such-user"])
def test_a_service_without_a_user_of_its_own_is_refused(make_room: MakeRoom, user: str) -> None:
    room = make_room(start=False)
    room.path.write_text(room.path.read_text().replace('"nobody"', f'"{user}"'))
    done = launch.run(room)
    assert done.code == os.EX_CONFIG
    assert done.stderr.startswith("papayad: service.user: ")
    assert room.acceptor() == 0
