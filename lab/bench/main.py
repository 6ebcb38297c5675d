"""The command: measures what can be measured here, and writes the report.

Every run is bounded in time and ends what it started. Ctrl-C keeps what is done: the samples are
saved after each run, and the report is written from those that there are.
"""

import json
import signal
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from lab.bench import forms, room
from lab.bench.admin import admin
from lab.bench.contestants import CONTESTANTS
from lab.bench.forms import FULL, MANY, SHORT, Form, Step
from lab.bench.history import history
from lab.bench.measure import machine
from lab.bench.peers import PEERS
from lab.bench.report import document, paper_page, plots, reach, results
from lab.bench.report.results import Results
from lab.bench.server import Failed
from lab.bench.tools import HERE, Missing, Workshop

RESULTS = HERE / "results"
REPORT = HERE / "REPORT.md"
PAGE = "PAPER.md"


@click.group()
def main() -> None:
    """Measure papayad beside other ways to do the same, and write REPORT.md."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing left over


main.add_command(admin)
main.add_command(history)


@main.command()
@click.option("--full", is_flag=True, help="Hours instead of minutes.")
@click.option("--only", type=click.Choice(["experiment", "room"]), help="One of the two.")
@click.option("--peer", "chosen", multiple=True, type=click.Choice([*PEERS]), help="Rooms to run.")
@click.option("--server", "servers", multiple=True, type=click.Choice([*CONTESTANTS]))
@click.option("--repetitions", type=click.IntRange(1), help="Instead of 5.")
@click.option("--seconds", type=click.IntRange(1), help="Of each load.")
@click.option("--up-to-1024", is_flag=True, help="The experiment also with 128 ... 1,024.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
@click.option("--report", "target", type=click.Path(path_type=Path), default=REPORT)
def run(
    full: bool,
    only: str | None,
    chosen: tuple[str, ...],
    servers: tuple[str, ...],
    repetitions: int | None,
    seconds: int | None,
    up_to_1024: bool,
    out: Path,
    target: Path,
) -> None:
    """Measure, and write the report."""
    form = changed(FULL if full else SHORT, repetitions, seconds, up_to_1024)
    found = Results(form.name, machine.describe())
    with tempfile.TemporaryDirectory(prefix="papaya-bench-build-") as build:
        workshop = Workshop(Path(build))
        steps: list[Step] = []
        if only != "experiment":
            steps += forms.room_steps(form, chosen or tuple(PEERS), workshop)
        if only != "room":
            steps += forms.experiment_steps(form, servers or tuple(CONTESTANTS), workshop)
        try:
            take(steps, found, out)
            found.complete = True
        except KeyboardInterrupt:
            click.echo("stopped; what is done is kept", err=True)
    found.machine["load at the end"] = machine.load()
    found.save(out)
    write_report(found, target)


def changed(form: Form, repetitions: int | None, seconds: int | None, many: bool) -> Form:
    """The form, changed as the command line asks."""
    loads = form.loads + MANY if many else form.loads
    if seconds:
        loads = tuple((replace(load, seconds=seconds), names) for load, names in loads)
        form = replace(form, room=replace(form.room, seconds=float(seconds)))
    return replace(form, loads=loads, repetitions=repetitions or form.repetitions)


@main.command("report")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
@click.option("--report", "target", type=click.Path(path_type=Path), default=REPORT)
def write_again(out: Path, target: Path) -> None:
    """Write the report again, from samples that were taken before."""
    try:
        found = results.load(out)
    except FileNotFoundError as error:
        raise click.ClickException(f"{out}: nothing was measured yet") from error
    write_report(found, target)


PAPAYADS = [name for name in PEERS if name.startswith("papayad")]
MERGED = click.option("--merged", is_flag=True, help="With equal pages merged (KSM).")


@main.command("memory")
@click.option("--clients", type=click.IntRange(2), default=100, show_default=True)
@click.option("--peer", "chosen", type=click.Choice(PAPAYADS), default="papayad")
@MERGED
def memory(clients: int, chosen: str, merged: bool) -> None:
    """Why a client costs what it costs: whose its pages are (Linux, as root)."""
    with tempfile.TemporaryDirectory(prefix="papaya-bench-build-") as build:
        try:
            click.echo(room.memory(PEERS[chosen], clients, merged, Workshop(Path(build))))
        except (Missing, Failed) as error:
            raise click.ClickException(str(error)) from error


@main.command("crowd")
@click.option("--clients", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--peer", "chosen", type=click.Choice(PAPAYADS), default="papayad")
@MERGED
def crowd(clients: int, chosen: str, merged: bool) -> None:
    """Very many clients, and one message to all; refused where they do not fit."""
    with tempfile.TemporaryDirectory(prefix="papaya-bench-build-") as build:
        try:
            sample = room.crowd(PEERS[chosen], clients, Workshop(Path(build)), merged)
        except (Missing, Failed) as error:
            raise click.ClickException(str(error)) from error
    click.echo(json.dumps(sample, indent=1))


def write_report(found: Results, target: Path) -> None:
    drawn = plots.draw(found, target.parent / "plots")
    target.write_text(document.render(found, drawn))
    if found.experiment:
        target.with_name(PAGE).write_text(paper_page.render(found, drawn))
    if found.room:
        click.echo("\n\n".join(reach.tables(found)))
    click.echo(f"{target} is written")
    for name, why in found.missing.items():
        click.echo(f"left out: {name}: {why}", err=True)


def take(steps: list[Step], found: Results, out: Path) -> None:
    """Do every step, with a progress bar; a peer that cannot run is left out from then on."""
    with click.progressbar(steps, item_show_func=lambda step: step.words if step else "") as bar:
        for step in bar:
            if step.row in found.missing:
                continue
            kept = found.experiment if "server" in step.facts else found.room
            try:
                for sample in step.work():
                    kept.append(step.facts | sample)
            except (Missing, Failed) as error:
                found.missing[step.row] = str(error)
            found.save(out)
