"""Random lines of a client, each with what must happen with it (design section 3).

This is written from the protocol's description and does not use papayad's parsers: otherwise nobody
would find what both get wrong.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

LIMIT = 300  # message_bytes of the model's room
CAREFUL, USUAL, CARELESS = "careful", "usual", "careless"

_IDS = "abcxyzABCXYZ0189_-"
_REMOVED = [*range(9), *range(0x0A, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F)]
_UNSAFE = {chr(code) for code in [*_REMOVED, *range(0x2066, 0x206A)]}
_WRITABLE = sorted(_UNSAFE - {"\n"})
_KEPT = ["a", "z", " ", "\t", ":", "\xdf", "\u2028", "\u200d", "\u4e2d", "\U0001f600"]
_BROKEN = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"]
_GARBAGE = [b"", b"MSG", b"MSG id", b"MSG  x", b"MSG a.b x", b"MSG %b x" % (b"i" * 17), b"msg i x"]
_GARBAGE += [b"WHO is there", b"PING", b"ping x", b"! bye", b"* - part alice", b"\xff\0\x1b"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A line with its LF. `text` is the text of its record, or "" when there is no record.

    `notice` is how the answer begins; if it ends in LF, it is the whole answer.
    """

    data: bytes
    id: str = "-"
    text: str = ""
    notice: bytes = b""
    is_fault: bool = False

    def cut(self, length: int) -> "Utterance":
        """What is left of the line when only that many bytes arrive."""
        if length >= len(self.data):
            return self
        heard = self.notice if b" too-long " in self.notice and length > LIMIT else b""
        return replace(self, data=self.data[:length], text="", notice=heard, is_fault=False)


def cleaned(text: str) -> str:
    return "".join(char for char in text if char not in _UNSAFE)


def cut(said: Sequence[Utterance], length: int) -> list[Utterance]:
    """The lines that are left when only the first bytes arrive."""
    left = []
    for one in said:
        if length > 0:
            left.append(one.cut(length))
        length -= len(one.data)
    return left


def utterance(dice: random.Random, mark: str, temper: str) -> Utterance:
    """Draw a line of a careful, a usual or a careless sender. `mark` stands only in its text.

    A careful sender's ID is also unique, and its line is never one that ends the connection.
    """
    makers = [_message] * 12 + [_too_long, _broken, _empty, _who, _ping, _ping]
    makers += [_garbage] * {CAREFUL: 0, USUAL: 1, CARELESS: 10}[temper]
    maker: Callable[[random.Random, str, str], Utterance] = dice.choice(makers)
    return maker(dice, _id(dice, mark, temper), mark)


def raw(dice: random.Random, mark: str) -> Utterance:
    """Draw a line of papayaChat's client: it may begin with a name, and gets no errors."""
    text = f"{mark} " + "".join(dice.choices([char for char in _KEPT if char != ":"], k=9))
    name = dice.choice(["", "", "alice: ", "a\x1b[b: "])
    broken = dice.choice([b"", b"", b"", b"\xff", b"x" * LIMIT])
    data = (name + text).encode() + broken
    kept = "" if len(broken) == LIMIT else cleaned(text) + ("\ufffd" if broken else "")
    return Utterance(data + b"\n", text=kept)


def _id(dice: random.Random, mark: str, temper: str) -> str:
    if temper == CAREFUL:
        return mark.replace(".", "_")
    return dice.choice(["-", "".join(dice.choices(_IDS, k=dice.randint(1, 16)))])


def _message(dice: random.Random, id: str, mark: str) -> Utterance:
    strange = dice.choices(_KEPT + dice.sample(_WRITABLE, 3), k=dice.choice([0, 3, 20]))
    text = f"{mark} " + "".join(strange) + dice.choice(["", "\r"])
    data = f"MSG {id} {text}".encode()
    if dice.random() < 0.1:  # as long as may be
        filler = max(0, LIMIT - len(data))
        text, data = text + "x" * filler, data + b"x" * filler
    return Utterance(data + b"\n", id, cleaned(text))


def _too_long(dice: random.Random, id: str, mark: str) -> Utterance:
    head = dice.choice([b"MSG %b " % id.encode(), b"x", b"PING "])
    told = id if head.startswith(b"MSG") else "-"
    length = dice.choice([LIMIT + 1, LIMIT + 2, 3 * LIMIT, 20 * LIMIT])
    notice = f"! error too-long {told} {LIMIT}\n".encode()
    return Utterance(head + b"x" * (length - len(head)) + b"\n", id, notice=notice)


def _broken(dice: random.Random, id: str, mark: str) -> Utterance:
    data = f"MSG {id} {mark}".encode() + dice.choice(_BROKEN) + dice.choice([b"", b" behind"])
    return Utterance(data + b"\n", id, notice=f"! error encoding {id} ".encode())


def _empty(dice: random.Random, id: str, mark: str) -> Utterance:
    nothing = "".join(dice.choices(_WRITABLE, k=dice.randint(0, 3)))
    notice = f"! error empty {id} ".encode()
    return Utterance(f"MSG {id} {nothing}\n".encode(), id, notice=notice)


def _who(dice: random.Random, id: str, mark: str) -> Utterance:
    return Utterance(dice.choice([b"WHO\n", b"WHO\r\n"]), notice=b"! online")


def _ping(dice: random.Random, id: str, mark: str) -> Utterance:
    echo = dice.choice([b"", b"x y", mark.encode(), b"\x1b[2J\xff\xc2\x9b", b"\xe2\x80\xae"])
    back = cleaned(echo.decode("utf-8", "replace")).encode()
    end = dice.choice([b"\n", b"\r\n"])
    return Utterance(b"PING " + echo + end, notice=b"! pong " + back + b"\n")


def _garbage(dice: random.Random, id: str, mark: str) -> Utterance:
    data = dice.choice([*_GARBAGE, b"?" + dice.randbytes(9).replace(b"\n", b"")])
    return Utterance(data + b"\n", notice=b"! error protocol - ", is_fault=True)
