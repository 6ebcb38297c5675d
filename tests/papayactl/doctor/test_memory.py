"""What doctor foretells of memory."""

import sys
from collections.abc import Callable

import pytest

from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT, Room
from papayactl.doctor import memory
from papayactl.doctor.finding import OK, WARNING
from papayad.system import immortal

MIB = 1 << 20


def test_too_little_memory_is_told_with_what_is_needed(
    healthy: StagedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_there_is", lambda settings: 1 << 30)
    monkeypatch.setattr(memory, "_known", lambda settings: 1.7 * MIB)
    (found,) = memory.foretold(healthy.settings)
    assert found.level == WARNING
    assert found.words == ("1000 clients need about 2.0G of 1.0G, 2.0M each, as measured elsewhere")
    assert found.remedy.startswith("set limits.max_clients to less")


def test_a_python_with_an_immortal_heap_is_foretold_less(
    healthy: StagedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = []
    for count in (None, 0xFFFFFFFF):
        monkeypatch.setattr(immortal, "immortal_count", lambda count=count: count)
        needs.append(memory._known(healthy.settings))
    assert needs[1] < 0.6 * needs[0]


@pytest.mark.skipif(not ROOT or sys.platform != "linux", reason="only root sees all memory")
def test_where_clients_are_they_are_measured(
    make_room: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_ENOUGH", 6)
    room = make_room()
    assert memory._measured(room.settings) is None
    for number in range(6):
        room.join("alice", session=f"s{number}")
    assert len(room.entries()) == 6
    measured = memory._measured(room.settings)
    assert measured
    assert 0.5 * MIB < measured < 6 * MIB
    (found,) = memory.foretold(room.settings)
    assert found.level == OK
    assert found.words.endswith("measured here")
