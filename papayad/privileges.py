"""Dropping root: uid, gid and supplementary groups, for good (design section 2).

Run once by the acceptor at start, after it has bound its ports and before it reads anything else.
"""

import grp
import os
import pwd
from dataclasses import dataclass

from papayad.config import Service
from papayad.errors import CONFIGURATION, Fault


@dataclass(frozen=True, slots=True)
class Identity:
    uid: int
    gid: int


def of_service(service: Service) -> Identity | None:
    """Whom to become: None when not started as root. A Fault (78) when there is no such user."""
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


def drop(identity: Identity) -> None:
    """Become the service's user with no way back; checked, because everything rests on it."""
    os.setgroups([])
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)
    if set(os.getresuid() + os.getresgid() + (identity.uid, identity.gid)) - {
        identity.uid,
        identity.gid,
    }:
        raise Fault("service.user", "the kernel kept some of root's rights", "report this")
    os.environ["HOME"] = "/"
