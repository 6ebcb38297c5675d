"""A tiny real run, with nothing but Python, so that the benchmarks do not rot."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lab.bench import generators, room, tools
from lab.bench.contestants import CONTESTANTS, Contestant
from lab.bench.experiment import Load
from lab.bench.experiment import run as experiment
from lab.bench.main import main
from lab.bench.measure import clocks, equality
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


def measured(contestant: Contestant, directory: Path) -> dict[str, Any]:
    """The summary of a run of a second, after as many readings as that has half seconds."""
    try:
        samples = list(experiment(contestant, Load(2, seconds=1), Workshop(directory)))
    except Missing as missing:
        pytest.skip(str(missing))
    assert [one["kind"] for one in samples] == ["reading", "reading", "summary"]
    assert samples[0]["cpu"] >= 0
    return samples[-1]


def test_the_experiment(tmp_path: Path) -> None:
    summary = measured(CONTESTANTS["recv"], tmp_path)
    assert equality.why_not(summary) == ""
    assert summary["processes"] == 3


def test_a_server_that_reads_nothing_does_not_count(tmp_path: Path) -> None:
    """Socket buffers take all that is sent to it, and it uses no CPU at all."""
    deaf = Contestant("deaf", "deaf", lambda w: [w.c("servers/deaf.c"), "{port}"], per_client=True)
    assert equality.why_not(measured(deaf, tmp_path)) == "read 0 % of what was sent"


def test_what_cannot_be_built_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "compiler", no_compiler)
    words = ["run", "--only", "room", "--peer", "floor", "--repetitions", "1"]
    words += ["--out", str(tmp_path), "--report", str(tmp_path / "REPORT.md")]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "same system calls: no compiler in this test" in (tmp_path / "REPORT.md").read_text()


@pytest.mark.parametrize(("peer", "protocol"), [("asyncio", "papaya"), ("floor-tls", "papaya-tls")])
def test_both_generators_judge_alike(
    peer: str, protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = Workshop(tmp_path)
    tls = PEERS[peer].generator_tls
    if not generators.compiled(workshop, tls):
        pytest.skip("no C compiler, or no OpenSSL to compile with")
    answers = []
    with PEERS[peer].start(workshop) as server:
        for twin in (False, True):
            if twin:
                monkeypatch.setattr(generators, "compiled", lambda workshop, tls: None)
            command = generators.command(workshop, tls)
            with generators.Generator(command, protocol, server.port, 3, 2) as generator:
                answers.append(generator.ask("paced 50 0.4"))
    assert answers[0].keys() == answers[1].keys()
    exact = ("sent", "expected", "delivered", "lost", "repeated", "reordered", "broken", "orders")
    assert [answers[0][key] for key in exact] == [answers[1][key] for key in exact]
