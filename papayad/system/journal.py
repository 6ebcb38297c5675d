"""What the service says: to syslog, or to stderr with journald's priorities (design section 2).

Every process of the daemon has one. Tokens, keys and messages are never passed to it.

It sends the datagrams itself and does not use syslog(3), which would wait for a syslog daemon that
is stuck. Here a line that cannot be sent at once is lost, and the room goes on. A process that the
acceptor forked hands its lines to the acceptor (papayad/cluster/relay.py): it is to have no socket
but its client's, and no stream that may be somebody's terminal.
"""

import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from select import PIPE_BUF
from types import MappingProxyType

# Catalogue numbers of lines that programs look for (MESSAGE_ID, sd_journal_print(3)).
SESSION_BEGAN = "0a3d52cb0a5b4f1c9c6a53b1c4b8e0d1"
SESSION_ENDED = "5f2c0e7d1b8a4a53b5b7b7f1c0a9d2e3"
ADMIN_ACTED = "c1d7a94e63f84d5b8f0e2a6c7b9d1f45"

NO_FIELDS: Mapping[str, str] = MappingProxyType({})

RING = "lock"  # said instead of a priority and a line
ERROR, WARNING, INFO = 3, 4, 6  # as in RFC 5424
_DAEMON = 3 << 3
_JOURNALD = "/run/systemd/journal/socket"
_PLACES = ("/dev/log", "/var/run/log", "/var/run/syslog")  # Linux, the BSDs, macOS
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Journal:
    """Lines for the admin. `to` is "syslog" or "stderr"; `program` is the name before each line."""

    def __init__(self, room: str, to: str, program: str = "papayad") -> None:
        self._room = room
        self._name = f"{program}[{room}]"
        self._to_syslog = to == "syslog"
        self._prefixed = not self._to_syslog and not sys.stderr.isatty()
        self._socket: socket.socket | None = None
        self._relay = -1
        self._unsaid = 0  # lines that the relay did not take

    def reopen(self) -> None:
        """Drop the descriptor, right before a forked process closes all that it inherited.

        The next line opens a new one. Otherwise the old number could mean another file by then, and
        the line would be written into that.
        """
        if self._socket:
            self._socket.close()
            self._socket = None

    def speak_through(self, relay: int) -> None:
        """Right after a fork: from now on this process's lines go into the relay."""
        self.reopen()
        self._relay = relay

    def ring(self) -> None:
        """Tell the acceptor that the log's lock is not to be had."""
        self._hand_over(RING)

    def info(self, line: str, **fields: str) -> None:
        """`fields` are kept beside the line if the system's log has fields
        (systemd.journal-fields(7)); the line itself says the same."""
        self._say(INFO, line, fields=fields)

    def warning(self, line: str) -> None:
        self._say(WARNING, line)

    def error(self, line: str) -> None:
        self._say(ERROR, line)

    def pass_on(self, pid: int, priority: int, line: str) -> None:
        """What another process said."""
        self._say(priority, line, pid)

    def _say(
        self, priority: int, line: str, pid: int = 0, fields: Mapping[str, str] = NO_FIELDS
    ) -> None:
        line = line.replace("\n", " ")
        if self._relay >= 0:
            before = f"({self._unsaid} lines are lost before this) " if self._unsaid else ""
            said = self._hand_over(f"{priority} {before}{line}")
            self._unsaid = 0 if said else self._unsaid + 1
        elif self._to_syslog and fields and os.path.exists(_JOURNALD):
            self._send_fields(priority, line, fields)
        elif self._to_syslog:
            tag = f"{self._name}[{pid or os.getpid()}]"
            self._send(f"<{_DAEMON | priority}>{_now()} {tag}: {line}".encode())
        else:
            prefix = f"<{priority}>" if self._prefixed else ""
            with suppress(OSError):  # nobody reads stderr any more: the service goes on
                os.write(2, f"{prefix}{self._name}: {line}\n".encode())

    def _hand_over(self, line: str) -> bool:
        """In one piece, and in a line of its own, whatever others wrote before it."""
        data = f"\n{os.getpid()} {line}".encode()[: PIPE_BUF - 1] + b"\n"
        try:
            os.write(self._relay, data)
        except OSError:  # there is no acceptor now, or it has too much to read
            return False
        return True

    def _send_fields(self, priority: int, line: str, fields: Mapping[str, str]) -> None:
        """By journald's own protocol, one field a line. If it is not taken, it is lost."""
        known = {
            "MESSAGE": line,
            "PRIORITY": str(priority),
            "SYSLOG_FACILITY": "3",
            "SYSLOG_IDENTIFIER": self._name,
            "SYSLOG_PID": str(os.getpid()),
            "PAPAYA_ROOM": self._room,
            **fields,
        }
        words = "".join(f"{key}={' '.join(value.split())}\n" for key, value in known.items())
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
            journald.setblocking(False)
            journald.sendto(words.encode(), _JOURNALD)

    def _send(self, datagram: bytes) -> None:
        """Try twice, since a syslog daemon that was restarted has a new socket."""
        for _ in range(2):
            try:
                self._socket = self._socket or _connect()
                self._socket.send(datagram)
                return
            except BlockingIOError:  # the syslog daemon does not keep up
                return
            except OSError:
                self.reopen()


def _connect() -> socket.socket:
    place = next((one for one in _PLACES if os.path.exists(one)), _PLACES[0])
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        connection.setblocking(False)
        connection.connect(place)
    except OSError:
        connection.close()
        raise
    return connection


def _now() -> str:
    """The time in the form of RFC 3164: local time, the day padded with a space."""
    clock = time.localtime()
    month = _MONTHS[clock.tm_mon - 1]
    return f"{month} {clock.tm_mday:2d} {clock.tm_hour:02d}:{clock.tm_min:02d}:{clock.tm_sec:02d}"
