"""The timeline: all entries in their order, made one by one when they are needed.

Pure, except that it reads the replica. It keeps the few entries that are in no log (notes, and what
waits), and knows which lines to leave out: those of ignored people and, in a filtered view, all
that do not match. However long the log is, a screen costs only what it shows.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Protocol

from papayachat.chat import moves
from papayachat.chat.entry import END, LINE, NOTE, WAITING, Entry, Key, Kind
from papayachat.disk.replica import Replica
from papayachat.room.people import moved
from papayachat.stream import when
from papayachat.stream.draft import Draft
from papayachat.stream.splitter import Line
from papayad.formats import redaction
from papayad.formats.record import SERVER

NOTES_KEPT = 1000
FOLDED_AT_MOST = 500  # lines of joins and parts in one entry
_NEAR = 4096  # bytes that are read at once

MISSING = "something is missing here"
OLDER = "the copy begins here, the room has older messages: scroll up to fetch them"


class Chosen(Protocol):
    """The addresses of the records to show, if not all are shown."""

    def before(self, address: int) -> int | None: ...

    def after(self, address: int) -> int | None:
        """The one at an address or after it."""


class Timeline:
    """`mark` is the address of the first unread line, `floor` that of the first line to show.
    `only`, if it is not None, says which records are shown."""

    def __init__(self, replica: Replica, waiting: dict[str, Draft], me: str) -> None:
        self.mark: int | None = None
        self.floor = 0
        self._cleared: Key = (0, NOTE, 0)  # the last entry that is not to be shown
        self.only: Chosen | None = None
        self.ignored: set[str] = set()
        self.joins = "fold"
        self._replica = replica
        self._waiting = waiting
        self._me = me
        self._notes: list[tuple[Key, Entry]] = []
        self._count = 0

    @property
    def end(self) -> int:
        return self._replica.end

    def clear(self) -> None:
        """Show nothing of what is here now."""
        self.floor = self.end
        self._cleared = (self.end, NOTE, self._count)

    def show_all(self) -> None:
        """Show again what was cleared."""
        self.floor = 0
        self._cleared = (0, NOTE, 0)

    def note(self, stamp: str, text: str, kind: Kind = Kind.NOTE) -> None:
        """Put an entry of our own at the present end."""
        self._count += 1
        key = (self.end, NOTE, self._count)
        insort(self._notes, (key, Entry(key, self.end, kind, text, stamp)), key=lambda it: it[0])
        del self._notes[:-NOTES_KEPT]

    def before(self, key: Key) -> Entry | None:
        """The entry before a place; None if there is none."""
        waiting = self._waiting_before(key)
        if waiting is not None:
            return waiting
        note = self._note_before(key)
        line = self._line_before(key[0])
        if line is not None and (note is None or line.offset >= note.key[0]):
            return self._entry_to(line, 0 if note is None else note.key[0])
        return note

    def after(self, entry: Entry) -> Entry | None:
        """The entry after an entry; None if there is none."""
        return self._next(entry.end, entry.key)

    def at(self, key: Key) -> Entry | None:
        """The entry at a place or, if it is not there any more, the next one."""
        return self._next(key[0], (*key[:2], key[2] - 1))

    def _next(self, address: int, key: Key) -> Entry | None:
        if key[1] != WAITING:
            note = self._note_after(key)
            line = self._line_after(address)
            if line is not None and (note is None or line.offset < note.key[0]):
                return self._entry_from(line, END[0] if note is None else note.key[0])
            if note is not None:
                return note
        return self._waiting_after(key)

    def _waiting_before(self, key: Key) -> Entry | None:
        if key[0] != END[0] or self.only is not None:
            return None
        number = min(len(self._waiting), key[2] if key[1] == WAITING else len(self._waiting))
        return self._waiting_entry(number - 1) if number > 0 else None

    def _waiting_after(self, key: Key) -> Entry | None:
        if self.only is not None:
            return None
        number = key[2] + 1 if key[1] == WAITING else 0
        return self._waiting_entry(number) if number < len(self._waiting) else None

    def _waiting_entry(self, number: int) -> Entry:
        draft = list(self._waiting.values())[number]
        return Entry((END[0], WAITING, number), END[0], Kind.WAITING, draft.text, "", self._me)

    def _note_before(self, key: Key) -> Entry | None:
        index = bisect_left(self._notes, key, key=lambda it: it[0])
        note = self._notes[index - 1][1] if index and self.only is None else None
        return note if note is not None and note.key > self._cleared else None

    def _note_after(self, key: Key) -> Entry | None:
        index = bisect_right(self._notes, max(key, self._cleared), key=lambda it: it[0])
        return self._notes[index][1] if index < len(self._notes) and self.only is None else None

    def _line_before(self, address: int) -> Line | None:
        for line in self._lines_back(min(address, self.end)):
            if line.offset < self.floor:
                return None
            if self._is_shown(line):
                return line
        return None

    def _line_after(self, address: int) -> Line | None:
        lines = self._lines(max(address, self.floor))
        return next((line for line in lines if self._is_shown(line)), None)

    def _lines_back(self, address: int) -> Iterator[Line]:
        if self.only is None:
            yield from self._replica.lines_back(address, _NEAR)
            return
        chosen = self.only.before(address)
        while chosen is not None:
            line = self._replica.after(chosen)
            if line is not None:
                yield line
            chosen = self.only.before(chosen)

    def _lines(self, address: int) -> Iterator[Line]:
        if self.only is None:
            yield from self._replica.lines(address, _NEAR)
            return
        chosen = self.only.after(address)
        while chosen is not None:
            line = self._replica.after(chosen)
            if line is not None:
                yield line
            chosen = self.only.after(chosen + 1)

    def _is_shown(self, line: Line) -> bool:
        record = line.record()
        if record is None:
            return self.only is None
        if record.sender != SERVER:
            return record.sender not in self.ignored
        return self.joins != "hide" or moved(record.text) is None

    def _entry_to(self, line: Line, bound: int) -> Entry:
        """The entry whose last line this is; it begins at `bound` or later."""
        run = self._run(line, self._replica.lines_back(line.offset, _NEAR), bound, END[0])
        return self._entry(run[::-1])

    def _entry_from(self, line: Line, bound: int) -> Entry:
        """The entry whose first line this is; it ends at `bound` or before."""
        return self._entry(self._run(line, self._replica.lines(line.end, _NEAR), 0, bound))

    def _run(self, line: Line, more: Iterable[Line], low: int, high: int) -> list[Line]:
        """A line and, if it is a join or part, those that follow it in the same entry."""
        run = [line]
        if self.joins != "fold" or self.only is not None or not self._folds(line):
            return run
        low = max(low, self.floor)
        for other in more:
            later = max(other, run[-1], key=lambda each: each.offset)
            apart = other.offset < low or other.offset >= high or len(run) >= FOLDED_AT_MOST
            if (
                apart
                or not self._folds(other)
                or later.offset == self.mark
                or _opens(run[-1], other)
            ):
                break
            run.append(other)
        return run

    def _folds(self, line: Line) -> bool:
        record = line.record()
        return record is not None and record.sender == SERVER and moved(record.text) is not None

    def _entry(self, run: list[Line]) -> Entry:
        line, end = run[0], run[-1].end
        record = line.record()
        if record is None:
            text = line.raw[:-1].decode("utf-8", "replace")
            return self._headed(line, Entry(_key(line), end, Kind.STRANGE, text))
        if record.sender != SERVER:
            kind, text = Kind.SAID, record.text
        elif len(run) > 1 or moved(record.text) is not None:
            kind, text = Kind.FOLDED, moves.fold(_moves(run))
        else:
            told = redaction.parse(record.text)
            text = told.sentence() if told else record.text.removeprefix("notice ")
            kind = Kind.HAPPENED
        return self._headed(line, Entry(_key(line), end, kind, text, record.stamp, record.sender))

    def _headed(self, line: Line, entry: Entry) -> Entry:
        above = self._line_before(line.offset)
        today = when.day(entry.stamp)
        old = None if above is None else above.record()
        new_day = bool(today) and (
            above is None or (old is not None and when.day(old.stamp) != today)
        )
        hole = ""
        if self.only is None and self._replica.is_start(line.offset):
            older = self._replica.hole_before(line.offset) is not None
            hole = MISSING if above is not None else OLDER if older else ""
        unread = above is not None and line.offset == self.mark and self.only is None
        return Entry(
            entry.key,
            entry.end,
            entry.kind,
            entry.text,
            entry.stamp,
            entry.sender,
            today if new_day else "",
            unread,
            hole,
        )


def _key(line: Line) -> Key:
    return (line.offset, LINE, 0)


def _opens(one: Line, other: Line) -> bool:
    """Whether two lines are of different days, or lines between them are missing."""
    first, second = sorted((one, other), key=lambda line: line.offset)
    if first.end != second.offset:
        return True
    records = first.record(), second.record()
    days = [when.day(record.stamp) if record is not None else "" for record in records]
    return days[0] != days[1]


def _moves(run: list[Line]) -> Iterator[tuple[str, str]]:
    for line in run:
        record = line.record()
        move = moved(record.text) if record is not None else None
        if move is not None:
            yield move
