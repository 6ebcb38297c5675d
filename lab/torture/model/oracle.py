"""Judges a connection and the log: what must be there, and what was seen (design sections 3, 4).

The log is read as a file, and its lines are taken apart here: papayad's readers are under test.
"""

import re
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.kit.room import Room
from lab.torture.model.utterance import Utterance
from papayad.log import segments

HISTORY = 20  # history_lines of the model's room

_LINE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z ([^ ]+) ([^ ]+) ([^\n]+)\n")
_BYE = b"! bye protocol\n"
_FAULTS = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """`notices` is how each notice begins; `before` is how many records each pong has to follow."""

    records: list[tuple[str, str]]
    notices: list[bytes]
    before: list[int]
    is_ended: bool


@dataclass(frozen=True, slots=True)
class Said:
    """IDs and texts that the log must have of a connection: all of them, or the first ones."""

    records: list[tuple[str, str]]
    is_whole: bool


def expect(said: Sequence[Utterance]) -> Expected:
    """What must happen with these lines, up to the third that the protocol does not know."""
    records: list[tuple[str, str]] = []
    notices: list[bytes] = []
    before: list[int] = []
    faults = 0
    for one in said:
        if one.text:
            records.append((one.id, one.text))
        if one.notice:
            notices.append(one.notice)
            before.append(len(records) if one.notice.startswith(b"! pong") else 0)
        faults += one.is_fault
        if faults == _FAULTS:
            return Expected(records, [*notices, _BYE], [*before, 0], True)
    return Expected(records, notices, before, False)


def taken_apart(line: bytes) -> tuple[str, str, str]:
    """Sender, ID and text of a line of the log."""
    match = _LINE.fullmatch(line)
    assert match, f"no record: {line!r}"
    sender, id, text = match.groups()
    return sender.decode(), id.decode(), text.decode()


@dataclass
class Log:
    """The room's log, as far as it was asked for; its bytes never change. Threads may share it."""

    room: Room
    data: bytearray = field(default_factory=bytearray)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def range(self, start: int, end: int) -> bytes:
        with self.lock:
            while len(self.data) < end:
                self._read(end)
            return bytes(self.data[start:end])

    def start_of_last(self, count: int, end: int) -> int:
        """The offset at which the last `count` records before an end begin."""
        self.range(0, end)
        with self.lock:
            while count and end:
                end = self.data.rfind(b"\n", 0, end - 1) + 1
                count -= 1
        return end

    def _read(self, end: int) -> None:
        base = max(one for one in segments.bases(self.room.state_dir) if one <= len(self.data))
        with open(segments.path(self.room.state_dir, base), "rb") as file:
            file.seek(len(self.data) - base)
            more = file.read(end - len(self.data))
        assert more, f"the log has no offset {len(self.data)}"
        self.data += more


def judge_stream(stream: bytes, offset: int, log: Log) -> tuple[list[bytes], bytes]:
    """Split off the notices; the rest of the stream must be the log's bytes from `offset` on."""
    whole = stream[: stream.rfind(b"\n") + 1]
    assert b"\r" not in whole, f"a control character: {whole!r}"
    lines = whole.splitlines(keepends=True)
    notices = [line for line in lines if line.startswith(b"! ")]
    rest = b"".join(line for line in lines if not line.startswith(b"! "))
    assert rest == log.range(offset, offset + len(rest)), "the stream is not the log"
    return notices, rest


def judge_notices(notices: list[bytes], expected: Expected, is_whole: bool) -> None:
    """The notices are the expected ones in order, or the first ones if the connection was cut."""
    wanted = expected.notices if is_whole else expected.notices[: len(notices)]
    assert len(notices) == len(wanted), f"notices {notices}, expected {wanted}"
    for notice, start in zip(notices, wanted, strict=True):
        assert notice.startswith(start), f"notice {notice!r}, expected {start!r}"
        if start == b"! online":
            names = notice.split()[2:]
            assert names == sorted(set(names)), f"{notice!r} is not in order"


def judge_pongs(stream: bytes, expected: Expected, user: str) -> None:
    """What was said before a PING stands before its pong."""
    marks = {text for _, text in expected.records}
    seen, before = 0, iter(expected.before)
    for line in stream.split(b"\n")[:-1]:
        if line.startswith((b"! gap ", b"! pins ")):
            continue
        if line.startswith(b"! "):
            assert seen >= next(before), f"{line!r} comes before what was said before it"
        else:
            sender, _, text = taken_apart(line + b"\n")
            seen += sender == user and text in marks


def judge_log(data: bytes, expected: dict[str, Said], users: set[str]) -> Counter[str]:
    """Compare the whole log with everything that was said; `expected` has that by connection.

    Each message is there once and in order (of a connection that was cut off, the first messages),
    and nothing else is there. Returns how many records there are of each kind.
    """
    found: dict[str, list[tuple[str, str]]] = {mark: [] for mark in expected}
    presence: Counter[tuple[str, str]] = Counter()
    for line in data.splitlines(keepends=True):
        sender, id, text = taken_apart(line)
        if sender == "*":
            word, _, name = text.partition(" ")
            assert word in ("join", "part") and name in users, f"who said {text!r}?"
            presence[word, name] += 1
        else:
            found[mark_of(text)].append((id, text))
    for mark, said in expected.items():
        wanted = said.records if said.is_whole else said.records[: len(found[mark])]
        assert found[mark] == wanted, f"connection {mark}: {found[mark]}, expected {said.records}"
    for user in users:
        assert presence["join", user] == presence["part", user], f"joins and parts of {user}"
    return Counter(messages=sum(map(len, found.values())), presence=presence.total())


def mark_of(text: str) -> str:
    """The connection that sent a text: each text begins with CONVERSATION.CONNECTION.LINE."""
    return text.partition(" ")[0].rpartition(".")[0]
