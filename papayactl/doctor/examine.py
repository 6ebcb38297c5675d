"""What a room needs, looked at from outside: each finding with the command that mends it.

Nothing here changes anything. A check that lacks a right says so and is a warning; one that finds
nothing wrong says what it looked at. Here are the checks of what others meet (port, certificate,
clock); those of files, of the machine and of what is left over are in `ownership`, `capacity` and
`stale`.
"""

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from papayactl.cli import moments
from papayactl.doctor import capacity, leftovers, ownership
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.look import acceptor, overview
from papayactl.state import certificate
from papayad import config
from papayad.config import Problems
from papayad.errors import NO_PERMISSION, Fault
from papayad.formats.record import stamp
from papayad.settings import Settings

_DAY = 86400.0
_EXPIRY_WARNED_BEFORE = 30 * _DAY
_LOG_AHEAD_AT_MOST = 5.0  # seconds that the log may be ahead of the clock


def examine(path: Path, room: str) -> Iterator[Finding]:
    """Every finding, in the order in which one would mend them."""
    try:
        settings = config.load(path, room)
    except Problems as problems:
        for line in problems.lines:
            yield Finding(FAILURE, str(path), line, f"edit {path}; papayad --check")
        return
    except Fault as fault:
        yield Finding(FAILURE, fault.what, fault.why, fault.remedy)
        return
    yield Finding(OK, "configuration", str(path))
    for check in (
        ownership.user,
        ownership.permissions,
        ownership.secrets,
        certificates,
        ports,
        clock,
        capacity.disk,
        capacity.processes,
        leftovers.state,
    ):
        yield from _tried(check, settings)


def certificates(settings: Settings) -> Iterator[Finding]:
    listen = settings.listen
    if listen.tls == "off":
        yield Finding(OK, "listen.tls", "off, on loopback only")
        return
    try:
        seen = certificate.read(Path(listen.certificate))
    except Fault as fault:
        yield Finding(FAILURE, fault.what, fault.why, "papayactl init")
        return
    left = seen.expires - time.time()
    when = moments.rfc3339(seen.expires)
    pinned = "; invites pin this one: make new ones, too" if seen.self_signed else ""
    renew = f"put a new one there, then papayactl acceptor reload{pinned}"
    if left < 0:
        yield Finding(FAILURE, listen.certificate, f"expired at {when}", renew)
    elif left < _EXPIRY_WARNED_BEFORE:
        yield Finding(WARNING, listen.certificate, f"expires in {moments.age(left)}", renew)
    else:
        yield Finding(OK, listen.certificate, f"until {when}")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(listen.certificate, listen.private_key)
    except ssl.SSLError as error:
        words = f"is not the key of {listen.certificate} ({error.reason})"
        yield Finding(FAILURE, listen.private_key, words, "put the right one there")


def ports(settings: Settings) -> Iterator[Finding]:
    seen = acceptor.status(settings)
    if seen.state == "frozen":
        remedy = f"kill -CONT {seen.pid}"
        yield Finding(FAILURE, "acceptor", f"pid {seen.pid} is stopped", remedy)
    elif seen.pid is None:
        yield Finding(WARNING, "acceptor", "is not running", "papayactl acceptor start")
    else:
        yield Finding(OK, "acceptor", f"runs, pid {seen.pid}")
    for address in settings.listen.addresses:
        is_open = acceptor.is_open(address)
        if is_open and seen.pid is None:
            port = address.rpartition(":")[2]
            remedy = f"see who with: ss -ltnp 'sport = :{port}'"
            yield Finding(FAILURE, address, "somebody else listens there", remedy)
        elif seen.pid is not None and not is_open and _can_bind(address):
            words = "the acceptor does not listen there"
            yield Finding(FAILURE, address, words, "papayactl acceptor restart")
        else:
            yield Finding(OK, address, "is open" if is_open else "is free")


def clock(settings: Settings) -> Iterator[Finding]:
    last = overview.log(settings).last
    if last and last.stamp > stamp(time.time() + _LOG_AHEAD_AT_MOST):
        words = f"the log is ahead of it: {last.stamp}"
        yield Finding(WARNING, "clock", words, "timedatectl set-ntp true")
        return
    if _synchronized() is False:
        yield Finding(WARNING, "clock", "nobody sets it", "timedatectl set-ntp true")
    else:
        yield Finding(OK, "clock", moments.rfc3339(time.time()) or "")


def _tried(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except Fault as fault:
        remedy = "run it as root" if fault.code == NO_PERMISSION else fault.remedy
        yield Finding(WARNING, check.__name__, f"not looked at: {fault.what}: {fault.why}", remedy)
    except PermissionError as error:
        words = f"not looked at: no right to see {error.filename}"
        yield Finding(WARNING, check.__name__, words, "run it as root")
    except FileNotFoundError as error:
        yield Finding(WARNING, check.__name__, f"{error.filename} is missing", "papayactl init")


def _can_bind(address: str) -> bool:
    """A kernel without IPv6 has none of its ports open."""
    return socket.has_ipv6 if address.startswith("[") else True


def _synchronized() -> bool | None:
    if not shutil.which("timedatectl"):
        return None
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except subprocess.TimeoutExpired:
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())
