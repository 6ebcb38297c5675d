"""Runs the attacker in RECV and in SEND, with Landlock and without it, and judges what he reached.

What SECURITY.md says that such a client can still do is here as what may be done; everything else
has to be refused, and the room around it goes on. It is in a pid namespace of its own where the
machine lets somebody make one: a hole would hit nobody else.
"""

import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

from lab.kit.inside import WITHOUT_LANDLOCK
from lab.kit.machine import pid_namespace
from lab.torture.inside.attacker import LAST
from lab.torture.inside.scene import GOES_ON, HELLO, Outcomes, Scene
from lab.torture.inside.witness import DONE
from papayad.formats.titles import RECV, SEND

# A column of the table each: what runs in the daemon before all else, and the role.
COLUMNS: dict[str, tuple[str, str]] = {
    "RECV": ("", RECV),
    "SEND": ("", SEND),
    "RECV, no Landlock": (WITHOUT_LANDLOCK, RECV),
    "SEND, no Landlock": (WITHOUT_LANDLOCK, SEND),
}
_REFUSED = {"EPERM", "EACCES"}
# What else is right, in every column.
_OTHERWISE = {
    GOES_ON: {DONE},
    "files: hear the relay's own end": {"EBADF"},
    "descriptors: find a terminal": {"ENOTTY"},
    "descriptors: let the log go": {DONE},
    "descriptors: 200 descriptors": {"EMFILE"},
    "rights: 1 GiB of memory": {"ENOMEM"},
}
_RECV_MAY = {
    "names: open the log to append": {DONE},
    "names: a segment": {DONE},
    "names: a segment of 8 TiB": {"EFBIG"},
    "names: remove a segment": {DONE},
    "descriptors: exclude all from the log": {DONE, "EAGAIN"},
}
# Without Landlock a cluster reads what its user may read, and RECV appends to what it may write.
_FOUND = {DONE, "ENOENT", "ENXIO", "EISDIR"}


def run() -> tuple[list[str], list[str]]:
    """Return the report's lines and the goals that were missed."""
    is_alone = pid_namespace.can_choose_pids()
    play = _play_alone if is_alone else _play
    return _table({name: play(*column, is_alone) for name, column in COLUMNS.items()})


def _play_alone(before: str, role: str, is_alone: bool) -> Outcomes:
    with tempfile.TemporaryDirectory() as directory:
        found = Path(directory) / "outcomes"

        def inside() -> None:
            found.write_text(json.dumps(_play(before, role, is_alone)))

        pid_namespace.run_in_pid_namespace(inside)
        outcomes: Outcomes = json.loads(found.read_text())
        return outcomes


def _play(before: str, role: str, is_alone: bool) -> Outcomes:
    with ExitStack() as stack:
        return Scene(stack, before, role, is_alone).play()


def _right(name: str, column: str) -> set[str]:
    """The outcomes of an attempt that are as SECURITY.md says."""
    role, _, no_landlock = column.partition(", ")
    if name.startswith("memory: "):
        return {"ENOENT", DONE} if name == HELLO else {"ENOENT"}
    if name in _OTHERWISE:
        return _OTHERWISE[name]
    if role == "RECV" and name in _RECV_MAY:
        return _RECV_MAY[name]
    known = name.startswith(("files: read", "files: list"))
    known |= name.startswith("files: append") and role == "RECV"
    return _REFUSED | _FOUND if no_landlock and known else _REFUSED


def _table(outcomes: dict[str, Outcomes]) -> tuple[list[str], list[str]]:
    names = list(dict.fromkeys(name for column in outcomes.values() for name in column))
    names = [name for name in names if name != LAST]
    lines = [f"  {'':<46}" + "".join(f"{column:<19}" for column in outcomes)]
    missed = []
    for name in names:
        cells = [known.get(name, "?") for known in outcomes.values()]
        lines.append(f"  {name:<46}" + "".join(f"{cell:<19}" for cell in cells).rstrip())
        for column, cell in zip(outcomes, cells, strict=True):
            if cell not in _right(name, column):
                missed.append(f"inside {column}: {name}: {cell}")
    lines.append(f"  {len(names)} attempts in each; {len(missed)} were not as SECURITY.md says")
    return lines, missed
