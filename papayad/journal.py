"""What the service says: to syslog, or to stderr with journald's priorities (design section 2).

Every process of the daemon has one. Tokens, keys and messages are never passed to it.
"""

import os
import sys
import syslog
from contextlib import suppress


class Journal:
    """Lines for the admin. `to` is "syslog" or "stderr"."""

    def __init__(self, room: str, to: str) -> None:
        self._room = room
        self._to_syslog = to == "syslog"
        self._prefixed = not self._to_syslog and not sys.stderr.isatty()
        self.reopen()

    def reopen(self) -> None:
        """Right before a forked process closes what it inherited: drop the descriptor of /dev/log.

        syslog(3) opens it again when it has something to say. Were it closed behind its back, the
        next line could go into whatever file then has its number.
        """
        if self._to_syslog:
            syslog.closelog()
            syslog.openlog(f"papayad[{self._room}]", syslog.LOG_PID, syslog.LOG_DAEMON)

    def info(self, line: str) -> None:
        self._say(syslog.LOG_INFO, line)

    def warning(self, line: str) -> None:
        self._say(syslog.LOG_WARNING, line)

    def error(self, line: str) -> None:
        self._say(syslog.LOG_ERR, line)

    def _say(self, priority: int, line: str) -> None:
        line = line.replace("\n", " ")
        if self._to_syslog:
            syslog.syslog(priority, line)
            return
        prefix = f"<{priority}>" if self._prefixed else ""
        with suppress(OSError):  # nobody reads it any more: the service goes on
            os.write(2, f"{prefix}papayad[{self._room}]: {line}\n".encode())
