"""Whether a pid is a process of the room, as only the kernel says (design section 7).

Anybody may have written a roster entry or a group file. But the kernel knows the user of a process,
its group, and which signals it ignores. A client's processes ignore six that no other program
ignores. The room's own signal would even kill other programs of the same user, such as an editor or
a shell.
"""

import os
import re
import sys
from itertools import islice

from papayactl.system import proc
from papayad.state.groups import ANNOUNCEMENT, DEAF_TO

_LOOKED_AT = 16  # members of a group that are checked: all are of one session
_FIELD = re.compile(r"^(Uid|SigBlk|SigIgn):\s+(.*)$", re.MULTILINE)
_ANNOUNCEMENT = 1 << (ANNOUNCEMENT - 1)
_IGNORED = sum(1 << (number - 1) for number in DEAF_TO)


def is_member(pid: int, group: int, uid: int) -> bool | None:
    """Whether it is a client's process, in that group and of that user.

    None if there is no such process.
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
    """The processes of a group, as far as we see them."""
    names = os.listdir("/proc") if sys.platform == "linux" else []
    return [pid for pid in map(int, filter(str.isdecimal, names)) if _is_in(pid, group)]


def is_deaf(group: int) -> bool:
    """Whether the room's signal would kill no process of a group."""
    facts = map(_facts, islice(members(group), _LOOKED_AT))
    return all(known is None or _is_clients(known) or _blocks(known) for known in facts)


def _is_ours(pid: int, uid: int) -> bool | None:
    known = _facts(pid)
    if known is None:  # not Linux, or hidden: then the kernel decides whether we may signal it
        return _may_signal(pid)
    return known["Uid"].split() == [str(uid)] * 4 and _is_clients(known)


def _facts(pid: int) -> dict[str, str] | None:
    known = dict(_FIELD.findall(proc.text(pid, "status") or ""))
    return known if "SigIgn" in known else None


def _is_clients(known: dict[str, str]) -> bool:
    return int(known["SigIgn"], 16) & _IGNORED == _IGNORED


def _blocks(known: dict[str, str]) -> bool:
    """Whether it blocks the signal. For a waiting SEND the kernel says that it does not."""
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
