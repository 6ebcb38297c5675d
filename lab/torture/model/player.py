"""One person of the model, who plays conversations against the real daemon and judges each at once.

What can be judged only in the whole log, when everybody has gone, is kept in `expected`.
"""

from collections import Counter
from dataclasses import dataclass

from lab.kit.room import Room
from lab.torture.model import oracle, utterance
from lab.torture.model.connection import Connection
from lab.torture.model.conversation import EOF, PING, RESET, STAY, Call, Conversation
from lab.torture.model.opening import CLOSED, COMPAT, GREETED, Start
from lab.torture.model.oracle import Log
from lab.torture.model.utterance import Utterance

_LONGEST_HELLO = 1024  # bytes without an LF that are answered at once
_LAST = Utterance(b"PING last\n", notice=b"! pong last\n")


@dataclass(frozen=True, slots=True)
class Before:
    """A connection that the next one takes over: up to which offset it has read, and which of its
    messages it has not seen yet."""

    connection: Connection
    cursor: int
    unsure: list[Utterance]


class Player:
    """One user. `expected`: what the log must have of each connection, and whether all of it."""

    def __init__(self, room: Room, user: str, log: Log) -> None:
        self.user = user
        self.expected: dict[str, oracle.Said] = {}
        self.done: Counter[str] = Counter()
        self._room = room
        self._log = log
        self._token = room.token(user).encode()
        self._identity = (room.state_dir / "identity").read_bytes().strip()

    def play(self, plan: Conversation) -> None:
        """Play a conversation; AssertionError when the daemon does anything else than it must."""
        before = None
        marks = [f"{plan.number}.{index}" for index in range(len(plan.calls))]
        for mark, call in zip(marks, plan.calls, strict=True):
            self.expected[mark] = oracle.Said([], False)
            self.done[call.opening.answer or "closed"] += 1
            with Connection(self._room, self.user, call.tls, self._log) as connection:
                before = self._call(connection, call, mark, before)
        if plan.calls[-1].resends:  # it ended in good order: nothing that was said is missing
            for mark in marks:
                self.expected[mark] = oracle.Said(self.expected[mark].records, True)

    def _call(
        self, connection: Connection, call: Call, mark: str, before: Before | None
    ) -> Before | None:
        cursor = before.cursor if before else self._cursor(call.opening.start)
        hello = self._filled(call.opening.data, cursor)
        said = [*call.said, _LAST] if call.end == PING else list(call.said)
        if call.opening.answer == COMPAT:
            self._as_papayachat(connection, call, mark, hello)
        elif before:
            return self._resume(connection, call, mark, hello, said, before)
        elif call.cut is not None and call.cut < min(len(hello), _LONGEST_HELLO):
            self._refused(connection, call, hello, CLOSED)
        elif call.opening.answer == GREETED:
            return self._talk(connection, call, mark, hello, said, cursor)
        else:
            self._refused(connection, call, hello, call.opening.answer)
        return None

    def _refused(self, connection: Connection, call: Call, hello: bytes, answer: str) -> None:
        connection.send((hello + _bytes(list(call.said)))[: call.cut], call.piece)
        connection.half_close()
        connection.read_refusal(answer)

    def _talk(
        self,
        connection: Connection,
        call: Call,
        mark: str,
        hello: bytes,
        said: list[Utterance],
        cursor: int,
    ) -> Before | None:
        """Send hello and lines at once, before any answer.

        If another connection takes this one over, its answer is read first: later nobody could know
        where its stream began.
        """
        if call.end == STAY:
            connection.send(hello, call.piece)
            connection.read_greeting(call.opening, cursor)
            connection.send(_bytes(said), call.piece)
            self.expected[mark] = oracle.Said(oracle.expect(said).records, False)
            return self._stay(connection, call, said)
        connection.send((hello + _bytes(said))[: call.cut], call.piece)
        if call.cut is not None:
            said = utterance.cut(said, call.cut - len(hello))
        expected = oracle.expect(said)
        self.expected[mark] = oracle.Said(expected.records, False)
        if call.end == RESET:
            connection.reset()
            return None
        if call.end == EOF:
            connection.half_close()
        connection.read_greeting(call.opening, cursor)
        connection.finish(expected, call)
        self.expected[mark] = oracle.Said(expected.records, True)
        return None

    def _resume(
        self,
        connection: Connection,
        call: Call,
        mark: str,
        hello: bytes,
        said: list[Utterance],
        before: Before,
    ) -> Before | None:
        """Act as a client that lost its connection: read to `end`, send what is missing, go on."""
        connection.send(hello, call.piece)
        connection.read_greeting(call.opening, before.cursor)
        connection.read_to_end_of_greeting()
        before.connection.read_until_closed()
        missing = _unseen(before.unsure, connection)
        self.expected[mark] = oracle.Said(oracle.expect(said).records, False)
        connection.send(_bytes([*missing, *said]), call.piece)
        if call.end == STAY:
            return self._stay(connection, call, [*missing, *said])
        if call.end == EOF:
            connection.half_close()
        connection.finish(oracle.expect([*missing, *said]), call)
        return None

    def _stay(self, connection: Connection, call: Call, said: list[Utterance]) -> Before:
        """Leave the connection open, as far as it has read, so that the next one takes it over."""
        connection.judge(oracle.expect(said), call, is_whole=False)
        connection.is_kept = True
        return Before(connection, connection.cursor(), _unseen(said, connection))

    def _as_papayachat(self, connection: Connection, call: Call, mark: str, hello: bytes) -> None:
        records = oracle.expect(call.said).records
        self.expected[mark] = oracle.Said(records, True)
        connection.send(hello + _bytes(list(call.said)), call.piece)
        connection.half_close()
        connection.read_as_papayachat(records)

    def _filled(self, data: bytes, cursor: int) -> bytes:
        data = data.replace(b"{token}", self._token).replace(b"{TOKEN}", self._token.upper())
        return data.replace(b"{since}", b"%d" % cursor).replace(b"{log}", self._identity)

    def _cursor(self, start: Start) -> int:
        """An offset of the log as it is now."""
        end = self._room.committed()
        if start.kind == "past":
            return end + start.number
        boundary = self._log.start_of_last(max(0, start.number), end)
        return boundary + start.number if start.kind == "inside" else boundary


def _bytes(said: list[Utterance]) -> bytes:
    return b"".join(one.data for one in said)


def _unseen(said: list[Utterance], connection: Connection) -> list[Utterance]:
    """The messages whose records it has not read; their IDs tell them apart."""
    ids = {id for sender, id, _ in connection.records() if sender == connection.user}
    return [one for one in said if one.text and one.id not in ids]
