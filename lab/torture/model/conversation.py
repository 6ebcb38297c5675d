"""A random conversation: the connections that one person makes, one after the other.

A plan is only data, drawn from a seed: it can be played again, and made smaller.
"""

import random
from dataclasses import dataclass

from lab.torture.model import opening, utterance
from lab.torture.model.opening import COMPAT, GREETED, Opening, Start
from lab.torture.model.utterance import CAREFUL, CARELESS, USUAL, Utterance

# How a connection ends: with its EOF, after which it reads to the end; after a last PING; at once;
# or not yet, since the next one takes its session over.
EOF, PING, RESET, STAY = "eof", "ping", "reset", "stay"


@dataclass(frozen=True, slots=True)
class Call:
    """A connection. `cut`: only so many bytes are sent. `piece`: bytes of a send, 0: all at once.

    `resends`: it first sends again what the call before it sent and did not see in the log.
    """

    opening: Opening
    said: tuple[Utterance, ...]
    end: str
    cut: int | None = None
    piece: int = 0
    tls: bool = False
    resends: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    number: int
    calls: tuple[Call, ...]


def draw(seed: int, number: int) -> Conversation:
    """Draw a conversation: always the same one for the same seed and number."""
    dice = random.Random(f"{seed} {number}")
    if dice.random() < 0.25:
        return Conversation(number, _takeover(dice, number))
    count = dice.choice([1, 1, 1, 2])
    return Conversation(number, tuple(_call(dice, f"{number}.{index}") for index in range(count)))


def _call(dice: random.Random, mark: str) -> Call:
    first = opening.opening(dice)
    if first.answer == COMPAT:
        lines = [utterance.raw(dice, f"{mark}.{place}") for place in range(dice.randint(0, 6))]
        return Call(first, tuple(lines), EOF, piece=_piece(dice))
    end = dice.choice([EOF, EOF, PING, RESET]) if first.answer == GREETED else EOF
    said = _said(dice, mark, dice.choice([USUAL, USUAL, USUAL, CARELESS]))
    length = len(first.data) + sum(len(one.data) for one in said)
    cut = dice.randint(0, length) if dice.random() < 0.2 and end in (EOF, RESET) else None
    tls = dice.random() < 0.15 and first.answer != opening.CLOSED
    return Call(first, said, end, cut, _piece(dice), tls)


def _takeover(dice: random.Random, number: int) -> tuple[Call, ...]:
    """A device that comes back with its session and cursor, once or twice, and then ends well."""
    session = f"device{dice.randint(0, 9)}"
    tls = dice.random() < 0.15
    first = opening.good(dice, Start("last", dice.choice([0, 5])), session)
    calls = [Call(first, _said(dice, f"{number}.0", CAREFUL), STAY, None, _piece(dice), tls)]
    for index in range(1, dice.choice([2, 2, 3])):
        again = opening.good(dice, Start("resume"), session)
        said = _said(dice, f"{number}.{index}", CAREFUL)
        calls.append(Call(again, said, STAY, None, _piece(dice), tls, resends=True))
    last = calls.pop()
    end = dice.choice([EOF, PING])
    calls.append(Call(last.opening, last.said, end, None, last.piece, tls, resends=True))
    return tuple(calls)


def _said(dice: random.Random, mark: str, temper: str) -> tuple[Utterance, ...]:
    count = dice.choice([0, 1, 3, 6, 12, 30] if temper == CAREFUL else [0, 1, 3, 6, 12])
    return tuple(utterance.utterance(dice, f"{mark}.{place}", temper) for place in range(count))


def _piece(dice: random.Random) -> int:
    return dice.choice([0, 0, 0, 1, 7, 100])
