"""`usage`, `show` and `status`: their numbers against /proc and the log."""

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest

from lab.kit.admin.ctl import ctl, ctl_json, is_idle
from lab.kit.machine import kernel
from lab.kit.room import ROOT, Room, wait_for
from papayactl.look import rates, usage
from papayad.state import roster
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(
    not (ROOT and Path("/proc/self/stat").exists()), reason="only root sees into papayad, in /proc"
)


def talked(make_room: MakeRoom) -> Room:
    """Alice said three things, bob one, and everybody sleeps."""
    room = make_room(chatlog={"durability": "kernel"})
    alice, bob = room.join("alice"), room.join("bob")
    alice.send(b"MSG a1 one\nMSG a2 two\nMSG a3 three\n")
    bob.send(b"MSG b1 one\n")
    alice.read_until(b" bob b1 one\n")
    bob.read_until(b" alice a3 three\n")
    for peer in (alice, bob):
        peer.ping()
    for entry in (room.entry("alice"), room.entry("bob")):
        wait_for(lambda send=entry.send: is_idle(send))  # type: ignore[misc]
    return room


def test_sums_are_those_of_proc_and_of_the_log(make_room: MakeRoom) -> None:
    room = talked(make_room)
    rows = ctl_json(room, "usage")
    assert [row["kind"] for row in rows] == ["client", "client", "acceptor", "room"]
    for row in rows[:2]:
        pids = row["recv"], row["send"]
        turned = [kernel.number(pid, "voluntary_ctxt_switches") for pid in pids]
        assert row["voluntary_switches"] == sum(turned)
        turned = [kernel.number(pid, "nonvoluntary_ctxt_switches") for pid in pids]
        assert row["involuntary_switches"] == sum(turned)
        used = sum(map(kernel.cpu_nanoseconds, pids))
        assert round(row["cpu_seconds"] * 1e9) == used
        resident = sum(kernel.number(pid, "VmRSS") for pid in pids)
        assert row["rss"] == pytest.approx(resident * 1024, rel=0.05)
        assert row["messages"] == room.log().count(b" %s " % row["user"].encode())
        assert row["uss"] < row["pss"] < row["rss"]
    assert [row["messages"] for row in rows] == [3, 1, None, 4]
    assert rows[3]["bytes_in"] == rows[0]["bytes_in"] + rows[1]["bytes_in"]
    assert rows[3]["cpu_seconds"] >= sum(row["cpu_seconds"] for row in rows[:3]) * 0.99


def test_an_idle_room_uses_nothing_between_two_looks(make_room: MakeRoom) -> None:
    room = talked(make_room)
    lines = ctl(room, "usage", "--interval", "0.2", "--count", "2", "--format", "jsonl").stdout
    rows = [json.loads(line) for line in lines.splitlines()]
    assert len(rows) == 8
    first, later = rows[:4], rows[4:]
    assert {row["cpu_percent"] for row in first} == {None}
    for row in later[:3]:
        assert row["cpu_percent"] == row["voluntary_switches_per_second"] == 0
    assert {row["messages_per_second"] for row in (*later[:2], later[3])} == {0}


def test_rates_count_what_came_between(make_room: MakeRoom) -> None:
    room = talked(make_room)
    entries = roster.living(roster.directory(room.state_dir))
    before = usage.look(room.settings, entries)
    alice = room.peers[0]
    alice.send(b"MSG a4 four\nMSG a5 five\n")
    alice.ping(b"then")
    after = usage.look(room.settings, entries)
    seconds = after.uses[0].at - before.uses[0].at
    (_, hers), (_, his), _, (_, everybodys) = rates.between(before, after, room.settings)
    assert hers["messages"] == pytest.approx(2 / seconds)
    assert (his["messages"], everybodys["messages"]) == (0, hers["messages"])
    sent = len(b"MSG a4 four\nMSG a5 five\nPING then\n")
    assert hers["bytes_in"] == pytest.approx(sent / seconds)
    assert hers["cpu"] and hers["cpu"] > 0


def test_csv_has_one_heading(make_room: MakeRoom) -> None:
    room = talked(make_room)
    text = ctl(room, "usage", "alice", "--format", "csv", "--interval", "0.05", "--count", "2")
    rows = list(csv.DictReader(io.StringIO(text.stdout)))
    assert [row["kind"] for row in rows] == ["client", "acceptor", "room"] * 2
    assert rows[0]["cpu_percent"] == ""
    assert float(rows[3]["cpu_percent"]) >= 0


def test_messages_of_a_log_that_is_too_large_to_count_are_unknown(
    make_room: MakeRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = talked(make_room)
    monkeypatch.setattr(usage, "_COUNTED_AT_MOST", 1)
    assert [row["messages"] for row in ctl_json(room, "usage")] == [3, 1, None, None]


def test_two_clients_of_a_user_have_a_count_each(make_room: MakeRoom) -> None:
    """What is not written does not count, and the rate is the client's own."""
    room = make_room()
    laptop, phone = room.join("alice", session="laptop"), room.join("alice", session="phone")
    for number in range(3):
        laptop.send(b"MSG a%d hello\n" % number)
    laptop.send(b"WHO\nNOTHING\nMSG a9 \x07\nMSG - " + b"x" * 9000 + b"\n")
    phone.send(b"MSG b0 hello\n")
    for peer in (laptop, phone):
        peer.ping()
    before = usage.look(room.settings)
    phone.send(b"MSG b1 hello\nMSG b2 hello\n")
    phone.ping(b"again")
    after = usage.look(room.settings)
    written = {use.entry.session: use.sums.messages for use in after.uses if use.entry}
    assert written == {"laptop": 3, "phone": 3}
    rated = {
        use.entry.session: rate["messages"]
        for use, rate in rates.between(before, after, room.settings)
        if use.entry
    }
    assert rated["laptop"] == 0
    assert rated["phone"]


def test_show_is_one_client_in_full(make_room: MakeRoom) -> None:
    room = talked(make_room)
    (seen,) = ctl_json(room, "show", "alice")
    entry = room.entry("alice")
    assert seen["cursor"] == room.committed()
    assert seen["connection"]["local"] == f"127.0.0.1:{room.port}"
    assert seen["messages"] == 3
    recv, send = seen["processes"]
    assert (recv["pid"], send["pid"]) == (entry.recv, entry.send)
    for part in seen["processes"]:
        for number, target in part["descriptors"].items():
            assert os.readlink(f"/proc/{part['pid']}/fd/{number}") == target
        lines = Path(f"/proc/{part['pid']}/limits").read_text().splitlines()
        (limit,) = (line for line in lines if "open files" in line)
        assert part["limits"]["open files"] == limit.split()[3]
    words = ctl(room, "show", "alice").stdout
    assert re.search(rf"^recv +pid {entry.recv}, sleeping$", words, re.MULTILINE)
    assert ctl(room, "show", "nobody").exit_code == 3


def test_status_is_the_room_on_one_screen(make_room: MakeRoom) -> None:
    room = talked(make_room)
    seen = ctl_json(room, "status")
    assert (seen["clients"], seen["users"]) == (2, ["alice", "bob"])
    assert seen["log_end"] == seen["log_bytes"] == room.committed()
    assert seen["last_record"].encode() == room.log().splitlines()[-1][:27]
    assert seen["pid"] == room.acceptor()
    lines = ctl(room, "status").stdout.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    room.stop_acceptor()
    result = ctl(room, "status")
    assert result.exit_code == 3
    assert "2 of at most 1000: 2 of an earlier acceptor" in result.stdout
