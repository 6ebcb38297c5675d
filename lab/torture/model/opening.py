"""Random first lines of a connection, and the answer that each must get (design section 3)."""

import random
from dataclasses import dataclass

GREETED, CLOSED, COMPAT = "+", "", "papayaChat"

_GOOD = b"PAPAYA/1 {token}"
_SESSION_CHARACTERS = "abzABZ019_-"
_REFUSED = [
    b"",
    b"hello",
    b"PAPAYA/1",
    b"PAPAYA/1 ",
    b"PAPAYA/1  {token}",
    b"PAPAYA/2 {token}",
    b"PAPAYA/1\t{token}",
    b"PAPAYA/1 {token}\xff",
    b"PAPAYA/1 " + b"x" * 1024,
    *(
        _GOOD + b" " + options
        for options in (
            b"",
            b"last",
            b"last=",
            b"last=-1",
            b"last=0x1",
            b"last=1 last=1",
            b"last=%b" % (b"1" * 21),
            b"since=0",
            b"since=-1 log={log}",
            b"log={log}",
            b"since=0 log={log} last=1",
            b"session=",
            b"session=%b" % (b"s" * 33),
            b"session=a.b",
            b"presence=on",
            b"presence=",
            b"what=1",
            b"LAST=1",
        )
    ),
]


@dataclass(frozen=True, slots=True)
class Start:
    """Where the stream has to begin.

    `kind` is "last" (`number` records, -1: as many as the room gives), "since" (a cursor that many
    records before the end), "inside" (that many bytes inside such a record), "past" (past the end),
    "alien" (of another log), or "resume" (where the connection before it was).
    """

    kind: str = "last"
    number: int = -1

    @property
    def is_gap(self) -> bool:
        return self.kind in ("inside", "past", "alien")


@dataclass(frozen=True, slots=True)
class Opening:
    """A first line: `data` with its LF, if it has one, and {token}, {since}, {log} to fill in."""

    data: bytes
    answer: str = GREETED  # or a reason, or CLOSED, or COMPAT
    start: Start = Start()
    session: str = ""
    presence: bool = True


def opening(dice: random.Random) -> Opening:
    """Draw a first line; most of them are good."""
    fate = dice.random()
    if fate < 0.80:
        return good(dice, _start(dice), dice.choice(["", _session(dice)]))
    if fate < 0.90:
        return Opening(dice.choice(_REFUSED) + b"\n", "protocol")
    if fate < 0.94:
        wrong = dice.choice([b"x", b"{TOKEN}", dice.randbytes(64).hex().encode()])
        return Opening(b"PAPAYA/1 " + wrong + b"\n", "auth")
    if fate < 0.96:
        return Opening(b"\x16" + dice.randbytes(40), CLOSED)
    return Opening(b"{token}", COMPAT)


def good(dice: random.Random, start: Start, session: str) -> Opening:
    """Draw a first line that is let in, with its options in any order."""
    presence = dice.random() < 0.8
    options = [b"session=" + session.encode()] if session else []
    options += [] if presence else [b"presence=off"]
    if start.kind != "last":
        log = b"%032x" % dice.getrandbits(128) if start.kind == "alien" else b"{log}"
        options += [b"since={since}", b"log=" + log]
    elif start.number >= 0:
        options.append(b"last=%d" % start.number)
    dice.shuffle(options)
    data = b" ".join([_GOOD, *options]) + dice.choice([b"\n", b"\n", b"\r\n"])
    return Opening(data, GREETED, start, session, presence)


def _start(dice: random.Random) -> Start:
    kind = dice.choice(["last", "last", "since", "since", "inside", "past", "alien"])
    if kind == "past":
        return Start(kind, dice.choice([10**9, 10**19]))
    return Start(kind, dice.choice([-1, 0, 1, 7, 40] if kind == "last" else [1, 2, 5, 30]))


def _session(dice: random.Random) -> str:
    return "".join(dice.choices(_SESSION_CHARACTERS, k=dice.choice([1, 8, 32])))
