"""Whether a pid is a process of the room's, by the kernel's word alone (design section 7).

A roster entry and a group file are what somebody wrote. What the kernel knows: whose a process is,
which group it is in, and which signals it ignores. A client's processes ignore six that nobody else
does; a stranger of the same user, an editor or a shell, would even die of the room's own signal.
"""

import os
import re
import sys
from itertools import islice

from papayactl.system import proc
from papayad.state.groups import ANNOUNCEMENT, DEAF_TO

_LOOKED_AT = 16  # members of a group: they are all of one session
_FIELD = re.compile(r"^(Uid|SigBlk|SigIgn):\s+(.*)$", re.MULTILINE)
_ANNOUNCEMENT = 1 << (ANNOUNCEMENT - 1)
_IGNORED = sum(1 << (number - 1) for number in DEAF_TO)


def is_member(pid: int, group: int, uid: int) -> bool | None:
    """Whether the process is one of a client's, in that group and of that user.

    None when there is no such process.
    """
    try:
        if os.getpgid(pid) != group:
            return False
    except ProcessLookupError:
        return None
    except PermissionError:
        return False
    return _is_ours(pid, uid)


def members(group: int) -> list[int]:
    """The processes of a group, as far as they are seen."""
    names = os.listdir("/proc") if sys.platform == "linux" else []
    return [pid for pid in map(int, filter(str.isdecimal, names)) if _is_in(pid, group)]


def is_deaf(group: int) -> bool:
    """Whether nobody in a group would die of the room's signal."""
    facts = map(_facts, islice(members(group), _LOOKED_AT))
    return all(known is None or _is_clients(known) or _blocks(known) for known in facts)


def _is_ours(pid: int, uid: int) -> bool | None:
    known = _facts(pid)
    if known is None:  # no Linux, or hidden from us: then the kernel says whether we may signal it
        return _may_signal(pid)
    return known["Uid"].split() == [str(uid)] * 4 and _is_clients(known)


def _facts(pid: int) -> dict[str, str] | None:
    known = dict(_FIELD.findall(proc.text(pid, "status") or ""))
    return known if "SigIgn" in known else None


def _is_clients(known: dict[str, str]) -> bool:
    return int(known["SigIgn"], 16) & _IGNORED == _IGNORED


def _blocks(known: dict[str, str]) -> bool:
    """Not SEND while it waits: the kernel shows that as unblocked."""
    return bool((int(known["SigBlk"], 16) | int(known["SigIgn"], 16)) & _ANNOUNCEMENT)


def _may_signal(pid: int) -> bool | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return False
    return True


def _is_in(pid: int, group: int) -> bool:
    try:
        return os.getpgid(pid) == group
    except OSError:
        return False
