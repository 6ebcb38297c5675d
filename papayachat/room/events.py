"""What a room tells its client, in the order in which it happened."""

from dataclasses import dataclass

from papayachat.stream.draft import Draft
from papayachat.stream.splitter import Line
from papayad.errors import Fault
from papayad.formats.wire import Greeting, Notice


@dataclass(frozen=True, slots=True)
class Connected:
    greeting: Greeting


@dataclass(frozen=True, slots=True)
class Lost:
    """There is no connection, and in `seconds` there will be another attempt."""

    fault: Fault
    seconds: float


@dataclass(frozen=True, slots=True)
class Accepted:
    """The draft's record is in the log; its Line comes right before."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Refused:
    """The server will never take this draft."""

    draft: Draft
    why: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """The server cannot store this draft now; it will be offered again."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The draft may be in a part of the log that is gone; it is given up."""

    draft: Draft


def words(notice: Notice) -> str:
    """A notice in words for a person; empty if it is no news."""
    match notice:
        case Notice("pong" | "online"):
            return ""
        case Notice("bye", "replaced"):
            return (
                "this session goes on elsewhere: was the home directory copied, or is it shared "
                "with another machine? Going on as a device of its own"
            )
        case Notice("bye", why):
            word, _, reason = why.partition(" ")
            return f"you were disconnected ({word})" + (f": {reason}" if reason else "")
        case Notice("gap", offset):
            return f"gap: what was said before offset {offset} is not to be had any more"
    return f"the server says: {notice.word} {notice.rest}".rstrip()


Event = Connected | Lost | Line | Notice | Accepted | Refused | Postponed | Uncertain
