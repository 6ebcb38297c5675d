"""The command: measures what can be measured here, and writes the report.

Every run is bounded in time and ends what it started. Ctrl-C keeps what is done: the samples are
saved after each run, and the report is written from those that there are.
"""

import json
import signal
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from lab.bench import experiment, peers, room
from lab.bench.admin import admin
from lab.bench.experiment import CONTESTANTS
from lab.bench.history import history
from lab.bench.measure import machine
from lab.bench.peers import PEERS
from lab.bench.report import document, plots, results
from lab.bench.report.results import Results, Sample
from lab.bench.server import Failed
from lab.bench.tools import HERE, Missing, Workshop

RESULTS = HERE / "results"
REPORT = HERE / "REPORT.md"


@dataclass(frozen=True, slots=True)
class Form:
    """How much is measured. `joins`, `listing` and `crowd` are numbers of clients, 0 for none."""

    name: str
    repetitions: int
    room: room.Plan
    joins: int
    listing: int
    crowd: int
    disk: float
    loads: tuple[int, ...]
    seconds: int


SHORT = Form("short", 3, room.Plan(seconds=2.0), 200, 1000, 0, 3.0, (8, 64), 2)
FULL = Form(
    "full", 5, room.Plan(seconds=10.0, flood=200_000, rest=10.0), 1000, 1000, 10_000, 30.0,
    (1, 2, 4, 8, 16, 32, 64), 60,
)  # fmt: skip

Step = tuple[str, str, Callable[[], Iterable[Sample]], dict[str, object]]


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
@click.option("--repetitions", type=click.IntRange(1), help="Instead of 3, or 5 with --full.")
@click.option("--seconds", type=click.IntRange(1), help="Of each load.")
@click.option("--load", "loads", multiple=True, type=click.IntRange(1), help="Connections of it.")
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
    loads: tuple[int, ...],
    up_to_1024: bool,
    out: Path,
    target: Path,
) -> None:
    """Measure, and write the report."""
    form = FULL if full else SHORT
    if repetitions:
        form = replace(form, repetitions=repetitions)
    if seconds:
        form = replace(form, seconds=seconds, room=replace(form.room, seconds=float(seconds)))
    if loads:
        form = replace(form, loads=loads)
    if up_to_1024:
        form = replace(form, loads=(*form.loads, 128, 256, 512, 1024))
    found = Results(form.name, machine.describe())
    with tempfile.TemporaryDirectory(prefix="papaya-bench-build-") as build:
        workshop = Workshop(Path(build))
        steps: list[Step] = []
        if only != "experiment":
            steps += room_steps(form, chosen or tuple(PEERS), workshop)
        if only != "room":
            steps += experiment_steps(form, servers or tuple(CONTESTANTS), workshop)
        try:
            take(steps, found, out)
            found.complete = True
        except KeyboardInterrupt:
            click.echo("stopped; what is done is kept", err=True)
    found.machine["load at the end"] = machine.load()
    found.save(out)
    write_report(found, target)


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
@MERGED
def crowd(clients: int, merged: bool) -> None:
    """Very many clients, and one message to all; refused where they do not fit."""
    with tempfile.TemporaryDirectory(prefix="papaya-bench-build-") as build:
        try:
            sample = room.crowd(PEERS["papayad"], clients, Workshop(Path(build)), merged)
        except (Missing, Failed) as error:
            raise click.ClickException(str(error)) from error
    click.echo(json.dumps(sample, indent=1))


def write_report(found: Results, target: Path) -> None:
    drawn = plots.draw(found, target.parent / "plots")
    target.write_text(document.render(found, drawn))
    click.echo(f"{target} is written")
    for name, why in found.missing.items():
        click.echo(f"left out: {name}: {why}", err=True)


def take(steps: list[Step], found: Results, out: Path) -> None:
    """Do every step, with a progress bar; a peer that cannot run is left out from then on."""
    with click.progressbar(steps, item_show_func=lambda step: step[0] if step else "") as bar:
        for _, row, work, facts in bar:
            if row in found.missing:
                continue
            kept = found.experiment if "server" in facts else found.room
            try:
                for sample in work():
                    kept.append(facts | sample)
            except (Missing, Failed) as error:
                found.missing[row] = str(error)
            found.save(out)


def room_steps(form: Form, chosen: tuple[str, ...], workshop: Workshop) -> list[Step]:
    """The steps, repetition by repetition, so that other work of the machine disturbs all alike."""
    steps: list[Step] = []
    for repetition in range(form.repetitions):
        for name in chosen:
            peer = PEERS[name]
            facts: dict[str, object] = {"peer": name, "repetition": repetition}
            steps.append((peer.label, peer.label, _room(peer, form.room, workshop), facts))
            if name in ("papayad", "papayad-tls", "floor", "go", "asyncio"):
                steps.append(
                    (f"{peer.label}: joins", peer.label, _joins(peer, form, workshop), facts)
                )
        if "papayad" in chosen:
            facts = {"peer": "papayad", "repetition": repetition}
            steps.append(("papayactl list", "papayactl list", _listing(form, workshop), facts))
            slow = peers.SLOW_DISK
            facts = {"peer": slow.name, "repetition": repetition}
            steps.append((slow.label, slow.label, _disk(form, workshop), facts))
    if form.crowd and "papayad" in chosen:
        facts = {"peer": "papayad", "repetition": 0}
        steps.append(("a crowd", f"{form.crowd} clients", _crowd(form, workshop), facts))
    return steps


def _room(peer: peers.Peer, plan: room.Plan, workshop: Workshop) -> Callable[[], Iterable[Sample]]:
    return lambda: room.run(peer, plan, workshop)


def _joins(peer: peers.Peer, form: Form, workshop: Workshop) -> Callable[[], Iterable[Sample]]:
    return lambda: [room.joins(peer, form.joins, workshop)]


def _disk(form: Form, workshop: Workshop) -> Callable[[], Iterable[Sample]]:
    return lambda: [room.disk(peers.SLOW_DISK, form.disk, workshop)]


def _listing(form: Form, workshop: Workshop) -> Callable[[], Iterable[Sample]]:
    return lambda: [room.listing(form.listing, workshop)]


def _crowd(form: Form, workshop: Workshop) -> Callable[[], Iterable[Sample]]:
    return lambda: [room.crowd(PEERS["papayad"], form.crowd, workshop)]


def experiment_steps(form: Form, names: tuple[str, ...], workshop: Workshop) -> list[Step]:
    steps: list[Step] = []
    for repetition in range(form.repetitions):
        for connections in form.loads:
            for name in names:
                one = CONTESTANTS[name]
                facts: dict[str, object] = {
                    "server": name, "connections": connections, "repetition": repetition,
                }  # fmt: skip
                label = f"{one.label}, {connections} connections"
                work = _experiment(one, connections, form.seconds, workshop)
                steps.append((label, one.label, work, facts))
    return steps


def _experiment(
    one: experiment.Contestant, connections: int, seconds: int, workshop: Workshop
) -> Callable[[], Iterable[Sample]]:
    return lambda: experiment.run(one, connections, seconds, workshop)
