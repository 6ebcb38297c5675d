"""Every number of `list` against an independent source: ps, ss, /proc, the log itself."""

import os
import signal
from pathlib import Path

import pytest

from lab.kit.admin.ctl import TALKATIVE, block, ctl, ctl_json, is_idle, is_stopped, said_by
from lab.kit.machine import kernel
from lab.kit.processes import wait_until_gone
from lab.kit.room import ROOT, Room, wait_for
from papayactl.look import clients
from papayad.formats import wire
from papayad.state import roster
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def nanoseconds(*pids: int) -> int:
    return sum(map(kernel.cpu_nanoseconds, pids))


def settled(room: Room, user: str) -> tuple[int, int]:
    """The client's pids, once both of its processes sleep."""
    entry = room.entry(user)
    wait_for(lambda: is_idle(entry.send))
    return entry.recv, entry.send


def test_cpu_time_is_the_schedulers(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    alice.ping()
    pids = settled(room, "alice")
    before = nanoseconds(*pids)
    (seen,) = ctl_json(room, "list")
    assert before <= round(seen["cpu_seconds"] * 1e9) <= nanoseconds(*pids)
    assert seen["cpu_percent"] == pytest.approx(seen["cpu_seconds"] / seen["age"] * 100, rel=0.1)


def test_pids_and_age_are_those_of_ps(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    pids = settled(room, "alice")
    (seen,) = ctl_json(room, "list")
    assert (seen["recv"], seen["send"]) == pids
    for pid in pids:
        group, elapsed = said_by("ps", "-o", "pgid=,etimes=", "-p", str(pid)).split()
        assert int(group) == seen["generation"]
        assert abs(int(elapsed) - seen["age"]) <= 2


def test_bytes_are_those_that_the_client_sent_and_got(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice", last=0)
    alice.send(b"MSG a1 hello\n")
    stream = alice.ping()
    port = str(alice.socket.getsockname()[1])
    (seen,) = ctl_json(room, "list")
    hello = 9 + 128 + len(" last=0\n")
    assert seen["peer"] == f"127.0.0.1:{port}"
    assert seen["bytes_in"] == hello + len("MSG a1 hello\n") + len("PING mark\n")
    assert alice.greeting
    assert seen["bytes_out"] == len(wire.render_greeting(alice.greeting)) + len(stream)


def test_pss_is_the_kernels(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice").ping()
    pids = settled(room, "alice")
    (seen,) = ctl_json(room, "list")
    lines = [Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() for pid in pids]
    kib = sum(int(line.split()[1]) for one in lines for line in one if line.startswith("Pss:"))
    assert seen["pss"] == pytest.approx(kib * 1024, rel=0.2)


def test_lag_and_who_blocks_on_its_reader(make_room: MakeRoom) -> None:
    room = make_room(**TALKATIVE)
    stuck = room.join("bob", last=0)
    talker = room.join("alice")
    settled(room, "bob"), settled(room, "alice")
    seen = {one["user"]: one for one in ctl_json(room, "list")}
    assert {one["state"] for one in seen.values()} == {"running"}
    assert {one["lag"] for one in seen.values()} == {0}
    block(room, "bob", talker)
    (seen_bob,) = ctl_json(room, "list", "bob")
    assert seen_bob["state"] == "blocked"
    pid = seen_bob["send"]
    (segment,) = [
        path.name
        for path in Path(f"/proc/{pid}/fd").iterdir()
        if os.readlink(path).endswith(f"{0:020d}.log")
    ]
    position = int(Path(f"/proc/{pid}/fdinfo/{segment}").read_text().split()[1])
    assert seen_bob["lag"] == room.committed() - position > 0
    stuck.ping()
    settled(room, "bob")
    (seen_bob,) = ctl_json(room, "list", "bob")
    assert (seen_bob["state"], seen_bob["lag"]) == ("running", 0)


def test_a_stopped_client_is_frozen(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    entry = room.entry("alice")
    os.kill(entry.recv, signal.SIGSTOP)
    wait_for(lambda: is_stopped(entry.recv))
    assert ctl_json(room, "list")[0]["state"] == "frozen"
    os.kill(entry.recv, signal.SIGCONT)


def test_a_client_that_leaves_during_the_look(make_room: MakeRoom) -> None:
    room = make_room()
    peer = room.join("alice")
    entries = roster.living(roster.directory(room.state_dir))
    entry = room.entry("alice")
    peer.close()
    wait_for(lambda: not room.entries())
    wait_until_gone([entry.recv, entry.send])
    (seen,) = clients.look_closer(room.settings, clients.look_at(room.settings, [entry]))
    assert (seen.state, seen.recv, seen.lag) == ("ending", None, None)
    assert len(entries) == 1


def test_a_pid_that_somebody_else_has_now_is_nobodys_look(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    entry = room.entry("alice")
    names = {name: getattr(entry, name) for name in entry.__slots__}
    reused = roster.Entry(**names | {"send": os.getpid()})
    (seen,) = clients.look_at(room.settings, [reused])
    assert seen.send is None


def test_columns_and_sorting(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    room.join("bob")
    room.entry("alice"), room.entry("bob")
    out = ctl(room, "list", "--columns", "client,state", "--sort", "-client", "--no-header").stdout
    assert [line.split("@")[0] for line in out.splitlines()] == ["bob", "alice"]
    assert ctl(room, "list", "--columns", "nonsense").exit_code == 2
    assert ctl(room, "list", "--sort", "nonsense").exit_code == 2
    assert "RTT" in ctl(room, "list", "-o", "+rtt").stdout


@pytest.mark.skipif(not ROOT, reason="as root, papayad becomes somebody else")
def test_the_service_user_sees_a_dash_where_root_is_needed(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    room.entry("alice")
    owner = room.state_dir.stat()
    os.seteuid(owner.st_uid)
    try:
        (seen,) = ctl_json(room, "list")
    finally:
        os.seteuid(0)
    assert (seen["pss"], seen["lag"]) == (None, None)
    assert seen["cpu_seconds"] > 0
    assert seen["bytes_in"] > 0
