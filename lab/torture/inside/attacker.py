"""The attacker: tries everything, in the caged process, and reports what came of it."""

import errno
from collections.abc import Callable

from lab.torture.inside.attempts import THEMES
from lab.torture.inside.place import Facts, Place
from lab.torture.inside.witness import DONE, Witness
from papayad.cluster.shared import Client, Shared

LAST = "last"


def attack(role: str, client: Client, shared: Shared, facts: Facts, witness: Witness) -> None:
    """Try everything; `last` is the last line."""
    place = Place(role, client, shared, facts)
    for theme, kind in THEMES.items():
        for name, attempt, *arguments in kind(place):
            witness.say(f"{theme}: {name}", outcome(attempt, *arguments))
    witness.say(LAST, DONE)


def outcome(attempt: Callable[..., object], *arguments: object) -> str:
    try:
        attempt(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "?")
    except (RuntimeError, ValueError) as error:  # what Python makes of EPERM for these
        known = ("can't start new thread", "not allowed to raise maximum limit")
        return "EPERM" if str(error) in known else repr(error)
    return DONE
