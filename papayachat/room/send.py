"""Sending from the command line: a message of one's own, and what earlier commands left.

Each outbox has a session of its own, so that any number of `papayachat send` can run at the same
time without taking each other's session over. An outbox can end in three ways: everything in it is
decided, and it is removed; its owner was told "not known, try again", and it waits for the same
text; or its owner was killed, and the next command delivers it. So there is one record for each
exit 0, whatever breaks or is killed in between.
"""

import hashlib
import time
from collections.abc import Callable

from papayachat.disk import outboxes
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile, new_session
from papayachat.room.delivery import Delivery
from papayachat.room.dial import SECONDS_PER_ADDRESS
from papayachat.room.events import Accepted, Event, Lost, Postponed, Refused, Uncertain
from papayachat.room.room import Room
from papayachat.room.wait import wait
from papayachat.stream.draft import Draft, write_all
from papayachat.stream.terminal import brief, tell
from papayad.errors import TRY_AGAIN, Fault

_SETTLED_WITHIN = 10.0
LEFT_FOR = 86400.0  # seconds that "try again" holds; later the same text is a new message

Outcome = Accepted | Refused | Uncertain
Report = Callable[[str], None]


def send(profile: Profile, text: str, seconds: float, report: Report) -> None:
    """Return when the draft's record is in the log; a Fault says why it is not, or not known."""
    until = time.monotonic() + seconds
    drafts = write_all(text)
    whole = _digest(drafts)
    outbox = None
    for left in outboxes.abandoned(profile.identity):
        if left.left_at and outbox is None and left.whole == whole:
            outbox = left  # its owner was told to try again, and this is that
        else:
            _settle(profile, left, until, report)
    if outbox is None:
        outbox = _new_outbox(profile)
        outbox.begin(whole)
        for each in drafts:
            outbox.post(each)
    for outcome in _own(profile, outbox, until):
        _raise_unless_accepted(outcome)


def settle_left(profile: Profile, report: Report) -> None:
    """Deliver what killed commands left, if that does not take long."""
    until = time.monotonic() + _SETTLED_WITHIN
    for left in outboxes.abandoned(profile.identity):
        _settle(profile, left, until, report)


def tell_kept(count: int) -> None:
    """Say what happens with the messages that are kept, if there are any."""
    if count:
        tell(f"{count} not yet in the log; kept, and delivered once by the next papayachat")


def _own(profile: Profile, outbox: Outbox, until: float) -> list[Outcome]:
    delivery = _delivery(outbox)
    try:
        outcomes = deliver(profile, outbox, delivery, until)
    except BaseException:
        # The caller is told that it failed. What certainly did not arrive is not kept.
        if delivery.uncertain:
            outbox.leave()
        else:
            outbox.discard()
        raise
    outbox.discard()
    return outcomes


def _settle(profile: Profile, outbox: Outbox, until: float, report: Report) -> None:
    if outbox.left_at:
        _expire(outbox)
        return
    try:
        for outcome in deliver(profile, outbox, _delivery(outbox), until):
            report(
                f"left by an earlier papayachat: {_describe(outcome)}: {brief(outcome.draft.text)}"
            )
    except Fault as fault:
        outbox.close()
        report(f"left by an earlier papayachat, still waiting: {fault}")
    except BaseException:
        outbox.close()
        raise
    else:
        outbox.discard()


def _expire(outbox: Outbox) -> None:
    if time.time() - outbox.left_at > LEFT_FOR:
        outbox.discard()
    else:
        outbox.close()


def deliver(profile: Profile, outbox: Outbox, delivery: Delivery, until: float) -> list[Outcome]:
    """What became of each draft; a Fault (75) if something still waits at `until`."""
    start = 0 if outbox.cursor is None else outbox.cursor
    room = Room(profile, outbox.session, start, delivery=delivery)
    outcomes: list[Outcome] = []
    trouble: Fault | None = None
    try:
        while delivery.waiting:
            left = until - time.monotonic()
            if left <= 0 or _pauses(room, left):
                raise _too_late(delivery, trouble)
            for event in room.step(min(left, SECONDS_PER_ADDRESS)):
                trouble = _trouble(event) or trouble
                if isinstance(event, Outcome):
                    outcomes.append(event)
            left = until - time.monotonic()
            if delivery.waiting and not _pauses(room, left):
                wait(room, left)
    finally:
        room.close()
    return outcomes


def _pauses(room: Room, seconds: float) -> bool:
    """Whether there is no connection, and no attempt within these seconds."""
    return room.fileno() is None and (room.timeout() or 0.0) > seconds


def _trouble(event: Event) -> Fault | None:
    if isinstance(event, Postponed):
        return Fault("send", "the server cannot store it", code=TRY_AGAIN)
    return event.fault if isinstance(event, Lost) else None


def _too_late(delivery: Delivery, trouble: Fault | None) -> Fault:
    """The Fault when it waited long enough; to try again will not say it twice."""
    why = str(trouble) if trouble else "no answer in time"
    if not delivery.uncertain:
        return Fault("not sent", why, "try again", code=TRY_AGAIN)
    remedy = "send the same text again: it will stand there once"
    return Fault("not known whether it arrived", why, remedy, code=TRY_AGAIN)


def _raise_unless_accepted(outcome: Outcome) -> None:
    if isinstance(outcome, Refused):
        raise Fault("message", f"refused: {outcome.why}")
    if isinstance(outcome, Uncertain):
        why = "that part of the log is gone"
        raise Fault("not known whether it arrived", why, "look with papayachat tail")


def _describe(outcome: Outcome) -> str:
    if isinstance(outcome, Refused):
        return f"refused ({outcome.why})"
    return "delivered" if isinstance(outcome, Accepted) else "not known whether it arrived"


def _new_outbox(profile: Profile) -> Outbox:
    while True:
        outbox = outboxes.acquire(new_session(), profile.identity)
        if outbox is not None:
            return outbox


def _delivery(outbox: Outbox) -> Delivery:
    return Delivery(outbox, outbox.drafts.values(), outbox.sent)


def _digest(drafts: list[Draft]) -> str:
    """A digest of the whole text: the same for the same text, whatever was delivered of it."""
    return hashlib.sha256("\0".join(draft.text for draft in drafts).encode()).hexdigest()
