"""A tiny real run, with nothing but Python, so that the benchmarks do not rot."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lab.bench import generators, room, tools
from lab.bench.experiment import CONTESTANTS
from lab.bench.experiment import run as experiment
from lab.bench.main import main
from lab.bench.measure import clocks
from lab.bench.peers import PEERS
from lab.bench.server import Failed
from lab.bench.tools import Missing, Workshop

pytestmark = pytest.mark.skipif(not clocks.LINUX, reason="no schedstat here")
PLAN = room.Plan(clients=4, senders=2, seconds=1.0, light=20, heavy=0, flood=500, rest=0.1)


def no_compiler() -> str:
    raise Missing("no compiler in this test")


@pytest.mark.parametrize("name", ["papayad", "papayad-tls", "asyncio"])
def test_a_room(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "compiler", no_compiler)
    samples = {one["scenario"]: one for one in room.run(PEERS[name], PLAN, Workshop(tmp_path))}
    assert samples["light"]["delivered"] == 80
    for scenario in ("light", "flood"):
        wrong = [samples[scenario][what] for what in ("lost", "repeated", "reordered", "broken")]
        assert wrong == [0, 0, 0, 0]
        assert samples[scenario]["orders"] == 1
    assert samples["light"]["cpu"] > 0


def test_papayactl_lists_a_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "compiler", no_compiler)
    sample = room.listing(3, Workshop(tmp_path))
    assert sample["clients"] == 3
    assert 0 < sample["spent"] < sample["wall"] * 2


def test_a_crowd_that_does_not_fit_is_refused() -> None:
    room.refuse_what_does_not_fit(1, 2**20)
    with pytest.raises(Failed, match="would need 9"):
        room.refuse_what_does_not_fit(10_000_000, 2**20 - 300 * 1024)


def test_a_crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "compiler", no_compiler)
    monkeypatch.setattr(room, "_FEW", 2)
    sample = room.crowd(PEERS["papayad"], 3, Workshop(tmp_path))
    assert sample["delivered"] == 3
    assert sample["processes"] >= 1 + 2 * 3  # those of the few may still be ending


def test_the_experiment(tmp_path: Path) -> None:
    samples = list(experiment(CONTESTANTS["recv"], 2, 1, Workshop(tmp_path)))
    assert [one["kind"] for one in samples] == ["reading", "reading", "memory", "generator"]
    assert samples[0]["nanoseconds"] > 0
    assert samples[2]["processes"] == 3


def test_what_cannot_be_built_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "compiler", no_compiler)
    words = ["run", "--only", "room", "--peer", "floor", "--repetitions", "1"]
    words += ["--out", str(tmp_path), "--report", str(tmp_path / "REPORT.md")]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "same system calls: no compiler in this test" in (tmp_path / "REPORT.md").read_text()


def test_both_generators_judge_alike(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    if not generators.compiled(workshop, False):
        pytest.skip("no C compiler")
    answers = []
    with PEERS["asyncio"].start(workshop) as server:
        for tls in (False, True):  # the one in C knows no TLS, so this asks for the twin
            command = generators.command(workshop, tls)
            with generators.Generator(command, "papaya", server.port, 3, 2) as generator:
                answers.append(generator.ask("paced 50 0.4"))
    assert answers[0].keys() == answers[1].keys()
    exact = ("sent", "expected", "delivered", "lost", "repeated", "reordered", "broken", "orders")
    assert [answers[0][key] for key in exact] == [answers[1][key] for key in exact]
