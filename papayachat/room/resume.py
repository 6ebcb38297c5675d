"""Resuming: where to begin following a room, from the copy and from what the outbox has sent."""

from papayachat.disk.outbox import Outbox
from papayachat.disk.replica import Replica
from papayachat.room.delivery import Delivery
from papayachat.room.room import Start


def start(
    copy: Replica, box: Outbox, delivery: Delivery, me: str, lines: int | None = None
) -> Start:
    """Where to begin; an empty copy begins with the last `lines` (None: the server decides).

    What the outbox has sent is first looked for in the copy: it may be there already, but not noted
    as done.
    """
    have, sent = copy.cursor, box.cursor
    if have is None:
        return sent or lines
    if sent is None or (sent.log == have.log and sent.offset >= have.offset):
        return have
    if not copy.has(sent, have):
        return sent
    for line in copy.lines(copy.address(sent)):
        said = line.record()
        if said is not None and said.sender == me:
            delivery.settle(said.id)
    return have
