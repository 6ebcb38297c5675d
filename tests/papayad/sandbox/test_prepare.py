"""What of the cage a machine has: tried before it is believed, and said."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kit.machine import cage, kernel
from lab.kit.processes import run_in_child
from papayad.errors import UNAVAILABLE, Fault
from papayad.sandbox import landlock, prepare, syscalls
from papayad.state import groups
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


def test_the_rooms_of_the_tests_are_confined(make_room: MakeRoom) -> None:
    """So every scenario is one of the sandbox, too, where the machine has it."""
    if os.environ.get("PAPAYA_TEST_SANDBOX") == "off":
        pytest.skip("as it was asked for")
    cage.skip_unless_whole()
    room = make_room()
    room.join("alice")
    entry = room.entry("alice")
    for pid in (entry.recv, entry.send):
        known = kernel.fields(pid)
        assert (known["Seccomp"], known["NoNewPrivs"]) == ("2", "1")
    words = groups.sandbox_of(groups.directory(room.state_dir), entry.group).split(",")
    assert words[:3] == ["rlimits", "undumpable", "seccomp"]
    assert words[3].startswith("landlock")


def test_off_goes_without_and_says_so(tmp_path: Path) -> None:
    def attempt() -> None:
        made = prepare.prepare("off", tmp_path)
        assert (made.programs, made.rulesets) == ({}, {})
        assert made.words == ["rlimits", "undumpable"]
        assert made.lacks == ['seccomp and Landlock: service.sandbox is "off"']

    run_in_child(attempt)


def no_landlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "version", lambda _: 0)


def no_seccomp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "architecture", lambda: "s390x")


def refused_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """As whoever keeps the process may have it: a container's own filter."""
    monkeypatch.setattr(prepare, "_SECCOMP_MODE_FILTER", 99)


TakeAway = Callable[[pytest.MonkeyPatch], None]
MISSING: dict[TakeAway, str] = {
    no_landlock: "Landlock: this kernel has none, or was started without it",
    no_seccomp: "seccomp: its calls are not known on s390x",
    refused_filters: "seccomp: it was tried, and is refused (Invalid argument)",
}


@pytest.mark.parametrize("take_away", MISSING)
def test_half_a_cage_is_no_secret(
    take_away: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cage.skip_unless_whole()
    why = MISSING[take_away]
    take_away(monkeypatch)

    def attempt() -> None:
        made = prepare.prepare("auto", tmp_path)
        assert made.lacks == [why]
        assert bool(made.programs) != bool(made.rulesets)
        with pytest.raises(Fault) as caught:
            prepare.prepare("required", tmp_path)
        assert caught.value.code == UNAVAILABLE
        assert why in caught.value.why

    run_in_child(attempt)


@pytest.mark.parametrize("wanted", ["auto", "off"])
def test_hidden_processes_are_roots_to_look_into(wanted: str) -> None:
    """Whoever started it, and whatever a change of the uid did: /proc/PID is root's."""

    def attempt() -> None:
        if os.geteuid() == 0:
            os.setresuid(65534, 65534, 65534)
        os.execv(sys.executable, [sys.executable, "-c", HIDDEN, wanted])  # is dumpable again

    run_in_child(attempt)


HIDDEN = """
import os, pathlib, sys
from papayad.sandbox import prepare
owner = lambda: os.stat("/proc/self/status").st_uid
assert owner() == os.getuid()
prepare.prepare(sys.argv[1], pathlib.Path("/tmp"))
assert owner() == 0
"""
