"""Dropping root: uid, gid and supplementary groups, for good (design section 2).

Run once by the acceptor at start, after it has bound its ports and before it reads anything else.
"""

import grp
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from papayad.errors import CONFIGURATION, Fault
from papayad.settings import Service


@dataclass(frozen=True, slots=True)
class Identity:
    uid: int
    gid: int


def of_service(service: Service) -> Identity | None:
    """The user to become; None if root did not start us. A Fault (78) if there is no such user."""
    if os.geteuid() != 0:
        return None
    try:
        identity = Identity(pwd.getpwnam(service.user).pw_uid, grp.getgrnam(service.group).gr_gid)
    except KeyError as error:
        remedy = f"useradd --system --user-group --shell /usr/sbin/nologin {service.user}"
        raise Fault("service.user", str(error.args[0]), remedy, code=CONFIGURATION) from error
    if identity.uid == 0 or identity.gid == 0:
        raise Fault("service.user", "is root", "name an unprivileged user", code=CONFIGURATION)
    return identity


@contextmanager
def lent(identity: Identity | None) -> Iterator[None]:
    """As root, act as the service's user for a moment: that user may have put a link where root
    would follow it. Only for files: root's real uid stays."""
    if identity is None:
        yield
        return
    groups, gid = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(identity.gid)
    os.seteuid(identity.uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


def drop(identity: Identity) -> None:
    """Become the service's user for good. It is checked, since everything depends on it."""
    os.setgroups([])
    os.setgid(identity.gid)  # as root these two set real, effective and saved ids (setuid(2))
    os.setuid(identity.uid)
    if os.getgroups() not in ([], [identity.gid]) or _can_return():
        raise Fault("service.user", "the kernel lets us have root's rights again", "report this")
    os.environ["HOME"] = "/"


def _can_return() -> bool:
    for attempt in (os.setuid, os.seteuid, os.setgid, os.setegid):
        with suppress(PermissionError):
            attempt(0)
            return True
    return False
