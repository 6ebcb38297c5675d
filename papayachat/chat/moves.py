"""Moves: many joins and parts become one line that says who came and who left."""

from collections.abc import Iterable

NAMES_TOLD = 12  # names that are shown; the rest is a number


def fold(moves: Iterable[tuple[str, str]]) -> str:
    """ "bob, carol joined; dave left; erin left and came back": everybody once."""
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for verb, name in moves:
        first.setdefault(name, verb)
        last[name] = verb
    groups: dict[str, list[str]] = {}
    for name, verb in last.items():
        groups.setdefault(_outcome(first[name], verb), []).append(name)
    return "; ".join(f"{_names(names)} {outcome}" for outcome, names in groups.items())


def _outcome(first: str, last: str) -> str:
    if first == last:
        return "joined" if last == "join" else "left"
    return "came and left" if last == "part" else "left and came back"


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_TOLD])
    return shown if len(names) <= NAMES_TOLD else f"{shown} and {len(names) - NAMES_TOLD} others"
