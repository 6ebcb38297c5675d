"""What the forms measure: servers that there are, in enough blocks, in the promised time."""

from pathlib import Path

import pytest

from lab.bench import forms
from lab.bench.contestants import CONTESTANTS
from lab.bench.experiment import WARM_UP, Load
from lab.bench.forms import FULL, MANY, SHORT, Form
from lab.bench.main import changed
from lab.bench.peers import PEERS
from lab.bench.tools import Workshop

ALL = tuple(CONTESTANTS)


@pytest.mark.parametrize("form", [SHORT, FULL])
def test_each_server_has_enough_blocks_and_seconds(form: Form) -> None:
    assert form.repetitions >= 5
    for load, names in form.loads:
        assert load.seconds >= 8
        assert set(names) <= CONTESTANTS.keys()
    assert {*forms._JOINING, *forms._SIZED} <= PEERS.keys()


def test_the_short_experiment_takes_twenty_minutes() -> None:
    runs = [load.seconds + WARM_UP + 0.7 for load, names in SHORT.loads for _ in names]
    assert SHORT.repetitions * sum(runs) < 20 * 60


def test_each_block_has_all_servers_in_an_order_of_its_own(tmp_path: Path) -> None:
    steps = forms.experiment_steps(SHORT, ALL, Workshop(tmp_path))
    blocks = [
        [step.facts["server"] for step in steps if step.facts["repetition"] == block]
        for block in range(SHORT.repetitions)
    ]
    assert len({tuple(sorted(map(str, block))) for block in blocks}) == 1
    assert len({tuple(block) for block in blocks}) == len(blocks)


def test_the_command_line_changes_the_form() -> None:
    form = changed(SHORT, 7, 3, True)
    assert form.repetitions == 7
    assert form.room.seconds == 3.0
    assert {load.seconds for load, _ in form.loads} == {3}
    assert len(form.loads) == len(SHORT.loads) + len(MANY)
    assert changed(SHORT, None, None, False) == SHORT


def test_a_core_is_not_asked_for_more_writes_than_it_can_do() -> None:
    assert Load(64, 10).interval() == 0.01
    assert Load(1024, 10).interval() == 0.032
