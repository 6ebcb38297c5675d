"""What doctor finds (a leaf): what was looked at, how bad it is, and the command that mends it."""

from dataclasses import dataclass

OK, WARNING, FAILURE = "ok", "warning", "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is OK, WARNING (it works, for now) or FAILURE; `remedy` is a command if there is
    one."""

    level: str
    what: str
    words: str
    remedy: str = ""
