"""The room: one stream of events over as many connections as it takes.

It keeps the cursor and the session, connects again after pauses that grow, and sends what the
delivery has due. It has no thread and no timer of its own: the caller polls `fileno()` (for
writing, too, while `wants_write`) for at most `timeout()` seconds, then calls `step()`, again and
again. The timeout of an idle room is None: nothing wakes it.
"""

import random
import time
from collections.abc import Callable

from papayachat.disk import profile as profiles
from papayachat.disk.profile import Profile
from papayachat.disk.standing import BELIEVED_AFTER, Standing
from papayachat.room.attempt import FIRST_TRIES, may_pass
from papayachat.room.backoff import Backoff
from papayachat.room.connection import Connection, Denied
from papayachat.room.delivery import Delivery
from papayachat.room.dial import SECONDS_PER_ADDRESS, Distrusted
from papayachat.room.events import Accepted, Connected, Event, Lost, Postponed, Refused, Uncertain
from papayachat.stream.cursor import Cursor
from papayachat.stream.draft import Draft
from papayachat.stream.splitter import Line
from papayad.errors import TRY_AGAIN, UNAVAILABLE, Fault
from papayad.formats import wire
from papayad.formats.wire import Hello, Notice

SILENT_FOR = 20.0  # seconds without a byte although the server owes us an answer: it is dead
TRUSTED_AGAIN_AFTER = 60.0  # seconds until a server with a wrong certificate is tried again
STEADY_AFTER = 10.0  # seconds; after a connection that lasts as long, the next pause is short
STORED_AGAIN_AFTER = 2.0

REPLACED = Notice("bye", "replaced")  # another connection of this session took over

Start = Cursor | int | None  # from a cursor on, the last N records, or what the server gives


class Room:
    """`cursor` is None until the first connection, unless the room starts at one."""

    def __init__(
        self,
        profile: Profile,
        session: str,
        start: Start,
        *,
        presence: bool = False,
        delivery: Delivery | None = None,
        patient: bool = False,
        renew: Callable[[], str] | None = None,
    ) -> None:
        """`patient`: it tries for ever, since a person sees that. `renew` gives a new session if
        another device uses this one."""
        self.cursor = start if isinstance(start, Cursor) else None
        self.end: int | None = None  # the committed end when the present connection was greeted
        self._last = start if isinstance(start, int) else None
        self._profile = profile
        self._session = session
        self._presence = presence
        self._delivery = delivery
        self._connection: Connection | None = None
        self._backoff = Backoff()
        self._retry_at = self._opened_at = self._heard_at = time.monotonic()
        self._gap = False
        self._renew = renew
        self._standing = Standing(profile.name)
        # None: it was greeted, or is patient.
        self._tries_left: int | None = None if patient else FIRST_TRIES

    @property
    def caught_up(self) -> bool:
        """Whether everything that was committed when the connection was opened has been read."""
        return self.cursor is not None and self.end is not None and self.cursor.offset >= self.end

    @property
    def wants_write(self) -> bool:
        return self._connection is not None and self._connection.wants_write

    def fileno(self) -> int | None:
        """The descriptor to poll; None between two connections."""
        return None if self._connection is None else self._connection.fileno()

    def timeout(self) -> float | None:
        """The seconds until `step` has something to do, unless the socket is ready before."""
        when = self._next_moment()
        return None if when is None else max(0.0, when - time.monotonic())

    def step(self, seconds: float = SECONDS_PER_ADDRESS) -> list[Event]:
        """Do what can be done now. It blocks only to connect, for `seconds` an address.

        A loss that may be mended is an event. A Fault is raised if no later attempt can mend it,
        and if a room cannot be reached at all: better to say so at once than to try for ever.
        """
        try:
            if self._connection is not None:
                return self._work(self._connection)
            return self.adopt(self.open(seconds)) if self.is_due else []
        except Fault as fault:
            return self.failed(fault)

    @property
    def is_due(self) -> bool:
        """Whether it is time to connect."""
        return self._connection is None and time.monotonic() >= self._retry_at

    def open(self, seconds: float = SECONDS_PER_ADDRESS) -> Connection:
        """The part of `step` that blocks. It changes nothing here: a thread may call it, and then
        gives the result to `adopt` or `failed`."""
        return Connection.open(self._profile, self._hello(), seconds)

    def failed(self, fault: Fault) -> list[Event]:
        """Note that a connection failed; raises the Fault if no later attempt can mend it."""
        self._forgive()
        self.close()
        if isinstance(fault, Denied) and fault.reason == "auth":
            return [self._doubt(fault)]
        if not self._may_pass(fault):
            raise fault
        pause = TRUSTED_AGAIN_AFTER if isinstance(fault, Distrusted) else 0.0
        return [self._lost(fault, max(pause, self._backoff.delay()))]

    def hurry(self) -> None:
        """Connect at once, if there is no connection."""
        self._retry_at = time.monotonic()

    def say(self, line: bytes) -> bool:
        """Send a line that needs no delivery, like WHO; False if there is no connection."""
        if self._connection is None:
            return False
        self._connection.write(line)
        self._connection.flush()
        return True

    def send_due(self) -> None:
        """Send what has been posted; `step` also does it."""
        if self._connection is None or self._delivery is None or self.cursor is None:
            return
        if self.caught_up:
            due = self._delivery.due(time.monotonic(), self.cursor)
            if due:
                self._heard_at = time.monotonic()  # from now on it owes us an answer
            for draft in due:
                self._connection.write(wire.render_message(draft.id, draft.text))
        self._connection.flush()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self.end = None
            if self._delivery is not None:
                self._delivery.disconnected()

    def adopt(self, connection: Connection) -> list[Event]:
        """Go on with an open connection."""
        asked = self.cursor
        greeting = connection.greeting
        self._connection = connection
        self._tries_left = None
        self._standing.opened()
        self._opened_at = self._heard_at = time.monotonic()
        self.end = greeting.end
        # The server also says "! gap", but in a separate line, which may come after we caught up.
        self._gap = asked is not None and asked != connection.cursor
        if asked != connection.cursor:
            self.cursor = connection.cursor
        events = [Connected(greeting), *self._after_gap()]
        self.send_due()
        return events

    def _hello(self) -> Hello:
        return Hello(
            token=self._profile.invite.token,
            since=None if self.cursor is None else self.cursor.offset,
            log="" if self.cursor is None else self.cursor.log,
            check="" if self.cursor is None else self.cursor.check,
            last=self._last,
            session=self._session,
            presence=self._presence,
        )

    def _work(self, connection: Connection) -> list[Event]:
        items = connection.read()
        if connection.cursor != self.cursor:
            self.cursor = connection.cursor
        events = [event for item in items for event in self._events_of(item)]
        if items:
            self._heard_at = time.monotonic()
        elif self._owed() and time.monotonic() - self._heard_at >= SILENT_FOR:
            why = f"nothing heard for {SILENT_FOR:.0f} s"
            raise Fault(self._profile.address, why, code=UNAVAILABLE)
        events += self._after_gap()
        self.send_due()
        return events

    def _events_of(self, item: Line | Notice) -> list[Event]:
        if isinstance(item, Line):
            record = item.record()
            draft = self._settle(record.id) if record is not None else None
            return [item] if draft is None else [item, Accepted(draft)]
        self._gap = self._gap or item.word == "gap"
        if item.word == "pins":
            self._profile = profiles.learn(self._profile, tuple(item.rest.split()))
            return []
        if item == REPLACED and self._renew is not None:
            self._session = self._renew()
        return self._failed(item) or [item]

    def _settle(self, id: str) -> Draft | None:
        return None if self._delivery is None else self._delivery.settle(id)

    def _failed(self, notice: Notice) -> list[Event]:
        """What an `! error CODE ID words` means for a draft of ours; nothing for other notices."""
        code, id, *words = [*notice.rest.split(" ", 2), "", ""]
        if notice.word != "error" or self._delivery is None:
            return []
        if code == "storage":
            postponed = self._delivery.postpone(id, time.monotonic() + STORED_AGAIN_AFTER)
            return [] if postponed is None else [Postponed(postponed)]
        refused = self._delivery.settle(id)
        return [] if refused is None else [Refused(refused, f"{code} {words[0]}".rstrip())]

    def _after_gap(self) -> list[Event]:
        if not (self._gap and self.caught_up):
            return []
        self._gap = False
        return [] if self._delivery is None else _uncertain(self._delivery)

    def _lost(self, fault: Fault, seconds: float) -> Lost:
        self._retry_at = time.monotonic() + seconds
        return Lost(fault, seconds)

    def _doubt(self, fault: Denied) -> Lost:
        """Try a token that opened the room before once more, after a while; raise if that was done
        already."""
        if self._standing.refused(time.time()):
            raise fault
        why = f"{fault.why}, though your token opened it before"
        pause = BELIEVED_AFTER * random.uniform(1.02, 1.2)
        return self._lost(Fault(fault.what, why, code=TRY_AGAIN), pause)

    def _may_pass(self, fault: Fault) -> bool:
        if self._tries_left is None:
            return fault.code in (UNAVAILABLE, TRY_AGAIN) or isinstance(fault, Distrusted)
        self._tries_left -= 1
        return may_pass(fault) and self._tries_left > 0

    def _forgive(self) -> None:
        """A connection that lasted makes the next pause a short one."""
        if self._connection is not None and time.monotonic() - self._opened_at > STEADY_AFTER:
            self._backoff.reset()

    def _owed(self) -> bool:
        return not self.caught_up or (self._delivery is not None and self._delivery.is_owed)

    def _next_moment(self) -> float | None:
        if self._connection is None:
            return self._retry_at
        if self._connection.has_more:
            return self._heard_at
        moments = [self._heard_at + SILENT_FOR] if self._owed() else []
        if self._delivery is not None and self._delivery.next_try is not None:
            moments.append(self._delivery.next_try)
        return min(moments, default=None)


def _uncertain(delivery: Delivery) -> list[Event]:
    return [Uncertain(draft) for draft in delivery.give_up_uncertain()]
