"""The delivery: brings each draft into the log exactly once, over as many connections as it takes.

Pure, except for the journal, which it tells beforehand. The rules are those of design section 3: a
draft is accepted when its ID is seen in the stream. After a lost connection the stream is read to
the end that the greeting named, and only drafts that were not seen by then are sent again.
"""

from collections.abc import Iterable
from typing import Protocol

from papayachat.stream.cursor import Cursor
from papayachat.stream.draft import Draft


class Journal(Protocol):
    """Where drafts survive this process: papayachat.disk.outbox."""

    def post(self, draft: Draft) -> None: ...
    def note_sent(self, drafts: list[Draft], cursor: Cursor) -> None: ...
    def done(self, id: str) -> None: ...


class Delivery:
    """`waiting` are the drafts that are neither accepted nor refused, in the order of posting."""

    def __init__(
        self, journal: Journal, drafts: Iterable[Draft] = (), sent: Iterable[str] = ()
    ) -> None:
        """`drafts` and `sent` are what an earlier process left: `sent` may be in the log."""
        self.waiting = {draft.id: draft for draft in drafts}
        self._journal = journal
        self._sent = set(sent)  # may have reached the server, over any connection
        self._flying: set[str] = set()  # sent over the present connection, and not answered
        self._not_before: dict[str, float] = {}

    @property
    def is_owed(self) -> bool:
        """Whether the server owes us an answer."""
        return bool(self._flying)

    @property
    def uncertain(self) -> bool:
        """Whether something that waits may be in the log already."""
        return any(id in self._sent for id in self.waiting)

    @property
    def next_try(self) -> float | None:
        """When the first postponed draft is due, by the clock that `due` is given."""
        return min(self._not_before.values(), default=None)

    def post(self, draft: Draft) -> None:
        self._journal.post(draft)
        self.waiting[draft.id] = draft

    def disconnected(self) -> None:
        """The connection is lost: look in the stream for what was under way."""
        self._flying.clear()

    def due(self, now: float, cursor: Cursor) -> list[Draft]:
        """What to send now, when everything up to the greeting's end has been read. It is on disk
        when this returns."""
        drafts = [draft for draft in self.waiting.values() if self._is_due(draft.id, now)]
        if drafts:
            ids = [draft.id for draft in drafts]
            self._journal.note_sent(drafts, cursor)
            self._sent.update(ids)
            self._flying.update(ids)
            for id in ids:
                self._not_before.pop(id, None)
        return drafts

    def settle(self, id: str) -> Draft | None:
        """Take out the draft with this ID: it was accepted or finally refused."""
        draft = self.waiting.pop(id, None)
        if draft is not None:
            self._sent.discard(id)
            self._flying.discard(id)
            self._not_before.pop(id, None)
            self._journal.done(id)
        return draft

    def postpone(self, id: str, until: float) -> Draft | None:
        """Keep the draft with this ID, which the server could not store, to send it again."""
        draft = self.waiting.get(id)
        if draft is not None:
            self._sent.discard(id)
            self._flying.discard(id)
            self._not_before[id] = until
        return draft

    def give_up_uncertain(self) -> list[Draft]:
        """Take out the drafts that may be in a part of the log that is gone: nobody can tell
        whether to send them again would say them twice."""
        lost = [id for id in self.waiting if id in self._sent]
        return [draft for draft in map(self.settle, lost) if draft is not None]

    def _is_due(self, id: str, now: float) -> bool:
        return id not in self._flying and self._not_before.get(id, now) <= now
