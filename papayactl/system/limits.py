"""Resource limits of another process, from /proc/PID/limits; none elsewhere."""

import re

from papayactl.system import proc

_LINE = re.compile(r"(Max [a-z ]+?)  +(\S+) +(\S+)")


def read(pid: int) -> dict[str, str]:
    """The soft limits by their names in that file ("Max open files"): a number or "unlimited"."""
    lines = (proc.text(pid, "limits") or "").splitlines()
    return {match[1]: match[2] for match in map(_LINE.match, lines) if match}
