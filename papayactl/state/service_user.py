"""Acting as the service's user: what root writes in the state directory must not be root's; and
what is said to those who are neither.

A segment or a roster entry that belongs to root would stop the room. The user is the owner of the
state directory: the kernel's word, right for a room that root started and for a private one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from papayad.errors import FAILED, Fault, denied_or, reason
from papayad.settings import Settings

REMEDY = "run it as root or as the service's user"


@contextmanager
def acting(settings: Settings) -> Iterator[None]:
    """As root: be the service's user for a while; else be who one is."""
    if os.geteuid() != 0:
        yield
        return
    owner = settings.state_dir.stat()
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


def fault(error: OSError) -> Fault:
    """Why a file of the state cannot be read or written: 77, or 1."""
    code = denied_or(error, FAILED)
    return Fault(str(error.filename), reason(error), REMEDY, code=code)
