"""A user whose token is right and who abuses it, and what the others in the room notice.

As in attack.py, each kind of abuse is compared with quiet times in between, and everything is done
in several turns. The room has the limits that it has by default: they are under test.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from lab.kit.room import Room, wait_for
from lab.torture.attack.attackers import Steps
from lab.torture.attack.horde import Size, attacking
from lab.torture.attack.people import FRIEND, TITLES, Seen, converse
from papayad.formats import record

ABUSER = "abuser"
CONNECTIONS = Size(1000, 8)  # as many as a user may have, and made anew at once

_LONGEST_JOIN = 2.0  # seconds
_WORSE = 2.0  # how many times the quiet p99 is allowed
_MORE = 1.2  # times the messages that one person may write, for what was under way
_LINES = 100  # in one piece


def comes_back(hello: bytes) -> Steps:
    """Says all that a connection may say at once, leaves, and comes back for more."""
    yield hello + _messages()
    yield b""
    return True


def joins(hello: bytes) -> Steps:
    yield hello
    yield b""
    return True


def floods(hello: bytes) -> Steps:
    yield hello
    while True:
        yield _messages()


def asks_who(hello: bytes) -> Steps:
    yield hello
    while True:
        yield b"WHO\n" * _LINES
        yield b""


def pings(hello: bytes) -> Steps:
    yield hello
    while True:
        yield b"PING x\n" * _LINES
        yield b""


def sends_no_line(hello: bytes) -> Steps:
    yield hello
    while True:
        yield b"x" * 65536


def sends_long_lines(hello: bytes) -> Steps:
    yield hello
    while True:
        yield (b"x" * 9000 + b"\n") * 7
        yield b""


ABUSES: dict[str, Callable[[bytes], Steps]] = {
    "messages and again": comes_back,
    "joins and again": joins,
    "messages": floods,
    "WHO": asks_who,
    "PING": pings,
    "bytes without LF": sends_no_line,
    "lines too long": sends_long_lines,
}


def _messages() -> bytes:
    return b"MSG - buy now\n" * _LINES


@dataclass(slots=True)
class Abused(Seen):
    """And what the abuser got into the log."""

    said: int = 0
    came: int = 0
    size: int = 0
    began: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        said, came, size = (n / self.seconds for n in (self.said, self.came, self.size))
        return f"{Seen.line(self, name)}{said:9.1f}{came:8.1f}{size / 1000:8.1f}"

    def count(self, log: bytes, seconds: float) -> None:
        """What was written to the log in a turn of so many seconds."""
        self.size += len(log)
        self.began.append(seconds)
        for line in log.splitlines():
            if known := record.parse(line):
                self.said += known.sender == ABUSER
                self.came += known.text == f"join {ABUSER}"


def run(people: int, seconds: float, turns: int) -> tuple[list[str], list[str]]:
    """Return the report's lines and the goals that were missed; AssertionError: somebody was lost.

    `seconds` is for each kind of abuse and the quiet before it, in all turns together.
    """
    limits = {"max_clients": people + 100, "penalty_exempt": []}
    with closing(Room("optional", limits=limits, chatlog={"durability": "kernel"})) as room:
        room.start()
        peers = [room.join(f"user{number}", last=0) for number in range(people)]
        room.token(FRIEND)
        hello = f"PAPAYA/1 {room.token(ABUSER)} last=0\n".encode()
        quiet, abused = Seen(), {name: Abused() for name in ABUSES}
        for turn in range(turns):
            for block, (name, steps) in enumerate(ABUSES.items(), start=1):
                seen = abused[name]
                converse(room, peers, seconds / turns / 3, quiet, turn)
                end, before = room.committed(), seen.seconds
                with attacking(room.port, partial(steps, hello), CONNECTIONS, block) as made:
                    converse(room, peers, seconds / turns * 2 / 3, seen, turn)
                    seen.made += made()
                wait_for(lambda: ABUSER not in {entry.user for entry in room.entries()})
                seen.count(room.log()[end:], seen.seconds - before)
        lines = [
            f"{line}{more}" for line, more in zip(TITLES.splitlines(), _MORE_TITLES, strict=True)
        ]
        lines += [quiet.line("quiet"), *(seen.line(name) for name, seen in abused.items())]
        return lines, _missed(room, quiet, abused)


_MORE_TITLES = "     said   joins     log", "       /s      /s    kB/s"


def _missed(room: Room, quiet: Seen, abused: dict[str, Abused]) -> list[str]:
    limits, missed = room.settings.limits, []
    for name, seen in abused.items():
        if seen.quantile(99) > _WORSE * quiet.quantile(99):
            missed.append(f"{name}: p99 is {seen.quantile(99) / quiet.quantile(99):.1f} x quiet")
        if max(seen.joins) > _LONGEST_JOIN:
            missed.append(f"{name}: a friend joined after {max(seen.joins):.2f} s")
        most = sum(limits.messages_per_second * turn + limits.message_burst for turn in seen.began)
        if seen.said > _MORE * most:
            missed.append(f"{name}: one person said {seen.said} messages, {most:.0f} are allowed")
    return missed
