"""Attempts: the first tries to reach a room, each of which may fail for a passing reason.

Many cron jobs connect at the full hour, and a busy server then closes some connections before it
answers. To give up then would lose what the job had to say. If there is no such host, we say so at
once.
"""

import time

from papayachat.disk.profile import Profile
from papayachat.room.backoff import Backoff
from papayachat.room.connection import Connection, Denied
from papayachat.room.dial import Cut
from papayad.errors import Fault
from papayad.formats.wire import Hello

FIRST_TRIES = 6  # after so many closed connections it may be no papayad at all


def may_pass(fault: Fault) -> bool:
    """Whether a room that has not answered yet may do so the next time."""
    return isinstance(fault, Cut) or (isinstance(fault, Denied) and fault.reason == "busy")


def connect(profile: Profile, hello: Hello) -> Connection:
    """A connection for a single question. It blocks for some seconds; raises a Fault."""
    backoff = Backoff()
    for _ in range(FIRST_TRIES - 1):
        try:
            return Connection.open(profile, hello)
        except Fault as fault:
            if not may_pass(fault):
                raise
        time.sleep(backoff.delay())
    return Connection.open(profile, hello)
