"""Attempts: the first tries to reach a room, of which each may fail for a reason that passes.

Who comes at the full hour with everybody else is hung up on before a word is said; to give up then
would be to lose what a cron job had to say. A host that is not there is told at once.
"""

import time

from papayachat.disk.profile import Profile
from papayachat.room.backoff import Backoff
from papayachat.room.connection import Connection, Denied
from papayachat.room.dial import Cut
from papayad.errors import Fault
from papayad.formats.wire import Hello

FIRST_TRIES = 6  # what hangs up so often before it greets may be no papayad at all


def may_pass(fault: Fault) -> bool:
    """Whether a room that has not greeted yet may do so the next time."""
    return isinstance(fault, Cut) or (isinstance(fault, Denied) and fault.reason == "busy")


def connect(profile: Profile, hello: Hello) -> Connection:
    """A connection, for who has one thing to ask. It blocks, for some seconds; raises a Fault."""
    backoff = Backoff()
    for _ in range(FIRST_TRIES - 1):
        try:
            return Connection.open(profile, hello)
        except Fault as fault:
            if not may_pass(fault):
                raise
        time.sleep(backoff.delay())
    return Connection.open(profile, hello)
