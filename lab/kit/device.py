"""A client as design section 3 wants it: its cursor and its unsent messages outlive a connection.

It keeps in memory what papayachat keeps on disk. It looks for its IDs up to `end`, and sends again
only what is missing.
"""

from errno import ENOSPC
from itertools import count

from lab.kit.room import Peer, Room
from papayad.formats import record
from papayad.formats.record import Record
from papayad.formats.wire import Greeting, Hello, check_of, render_message


class Device:
    """One device of a user. `copy` is what it has of the log, from `start` on, without notices."""

    def __init__(self, room: Room, user: str) -> None:
        self.copy = b""
        self.start = 0
        self.said: list[str] = []  # the ID of every message, in its order
        self.texts: dict[str, str] = {}  # of all messages
        self.unsure: dict[str, str] = {}  # the messages whose records it has not seen
        self.may_begin_anew = False  # an old copy of the log was put back, so a gap is right
        self._serial = count()
        self._room = room
        self.user = user
        self._log = ""
        self._peer: Peer | None = None

    @property
    def peer(self) -> Peer:
        assert self._peer is not None
        return self._peer

    @property
    def cursor(self) -> int:
        return self.start + len(self.copy)

    def connect(self) -> Greeting:
        """A new connection of the session; the old one stays open, as after a laptop's sleep."""
        hello = Hello(self._room.token(self.user), session="device")
        if self._log:
            last = self.copy[self.copy.rfind(b"\n", 0, -1) + 1 :]
            check = check_of(last) if last else ""
            hello = Hello(hello.token, self.cursor, self._log, session="device", check=check)
        self._peer = self._room.peer()
        greeting = self._peer.hello(hello)
        assert isinstance(greeting, Greeting), greeting
        own = [entry for entry in self._room.entries() if entry.user == self.user]
        assert len(own) <= 1, "the older cluster lives still"
        if not self._log:
            self._log, self.start = greeting.log, greeting.offset
        elif (greeting.log, greeting.offset) != (self._log, self.cursor):
            self._begin_anew(greeting)
        self.may_begin_anew = False
        assert greeting.offset == self.cursor
        return greeting

    def _begin_anew(self, greeting: Greeting) -> None:
        """A gap: the log is not the one that it has a copy of."""
        assert self.may_begin_anew, f"a gap, though nobody touched the log: {greeting}"
        self.peer.read_until(b"! gap %d\n" % greeting.offset)
        self._log, self.start, self.copy = greeting.log, greeting.offset, b""

    def lose(self) -> None:
        """An old copy of the log was put back: what is not in it, and was sure, is lost."""
        kept = {one.id for one in self._records()} | set(self.unsure)
        self.said = [id for id in self.said if id in kept]
        self.texts = {id: text for id, text in self.texts.items() if id in kept}
        self.may_begin_anew = True

    def _records(self) -> list[Record]:
        records = [record.parse(line) for line in self._room.log().splitlines()]
        return [one for one in records if one and one.sender == self.user]

    def say(self, *texts: str) -> None:
        """Note messages to send; each gets an ID, and is unsure until its record is seen."""
        for text in texts:
            id = f"{next(self._serial):05}"
            self.said.append(id)
            self.texts[id] = text
            self.unsure[id] = text

    def upstream(self) -> bytes:
        """The lines of all unsure messages, to be sent when the stream was read up to `end`."""
        return b"".join(render_message(id, text) for id, text in self.unsure.items())

    def resume(self) -> None:
        """Connect, read up to `end`, and send what is missing."""
        self.read_to(self.connect().end)
        self.peer.send(self.upstream())

    def read_to(self, end: int) -> None:
        """Read everything up to an offset of the log."""
        self.take()
        while self.cursor < end:
            self.read_some()

    def read_until_sure(self) -> None:
        self.take()
        while self.unsure:
            self.read_some()

    def read_some(self) -> None:
        data = self.peer.receive()
        assert data, "closed"
        self.peer.stream += data
        self.take()

    def take(self) -> None:
        """Move whole records from the stream to the copy; half a record is not kept.

        Raises OSError when a message could not be stored: it stays unsure, to be sent again.
        """
        failed = False
        whole, newline, self.peer.stream = self.peer.stream.rpartition(b"\n")
        for line in (whole + newline).splitlines(keepends=True):
            if line.startswith(b"! "):
                failed |= line.startswith(b"! error storage ")
                continue
            self.copy += line
            known = record.parse(line[:-1])
            if known and known.sender == self.user:
                self.unsure.pop(known.id, None)
        if failed:
            raise OSError(ENOSPC, "a message was not stored")

    def assert_exactly_once(self, *, in_order: bool = True) -> None:
        """Every message is in the log once and as it was said, and the copy is the log's range.

        If some could not be stored, the order differs: they were sent again after the others.
        """
        own = self._records()
        ids = [one.id for one in own]
        assert (ids if in_order else sorted(ids, key=int)) == self.said
        assert {one.id: one.text for one in own} == self.texts
        self.assert_copy()

    def assert_copy(self) -> None:
        assert self.copy == self._room.log()[self.start : self.cursor], f"the copy of {self.user}"
