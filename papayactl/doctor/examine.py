"""What a room needs, checked from outside: each finding with the command that mends it.

Nothing here changes anything. A check that may not look at something says so, as a warning; one
that finds nothing wrong says what it looked at. Here are the checks of what others meet; those of
files, of the machine and so on are in the modules beside it.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import update_wrapper
from pathlib import Path

from papayactl.cli import moments
from papayactl.cli.shell import command
from papayactl.doctor import capacity, certificates, chatlog, leftovers, memory, ownership
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.look import acceptor, overview
from papayactl.look.acceptor import Status
from papayactl.state import units
from papayactl.system import service_user
from papayad import config
from papayad.config import Problems
from papayad.errors import NO_PERMISSION, Fault
from papayad.formats.record import stamp
from papayad.settings import Settings

Check = Callable[[Settings], Iterator[Finding]]

_CONTAINER = Path("/run/systemd/container")  # systemd writes its manager's name there
_LOG_AHEAD_AT_MOST = 5.0  # seconds that the log may be ahead of the clock


def examine(path: Path, room: str) -> Iterator[Finding]:
    """Every finding, in the order in which to mend them."""
    try:
        settings = config.load(path, room)
    except Problems as problems:
        for line in problems.lines:
            yield Finding(FAILURE, str(path), line, f"{command('edit', path)}; papayad --check")
        return
    except Fault as fault:
        yield Finding(FAILURE, fault.what, fault.why, fault.remedy)
        return
    yield Finding(OK, "configuration", str(path))
    for check in (
        ownership.user,
        _in_room(ownership.permissions),
        ownership.secrets,
        running,
        _in_room(clock),
        _in_room(chatlog.files),
        _in_room(chatlog.growth),
        _in_room(capacity.disk),
        _in_room(capacity.processes),
        _in_room(memory.foretold),
        _in_room(leftovers.state),
    ):
        yield from _tried(check, settings)


def _in_room(check: Check) -> Check:
    """The same check, done as the room's user: it reads what others can write."""

    def run(settings: Settings) -> Iterator[Finding]:
        found = service_user.run(settings, lambda: list(map(asdict, check(settings))))
        yield from (Finding(**one) for one in found)

    return update_wrapper(run, check)


def running(settings: Settings) -> Iterator[Finding]:
    """Whether new clients are let in, and by what the configuration says."""
    seen = acceptor.status(settings)
    yield _acceptor(settings, seen)
    reload = "papayactl acceptor reload"
    if seen.fault:
        yield Finding(FAILURE, "the last reload", f"was refused: {seen.fault}", reload)
    elif seen.changed:
        yield Finding(WARNING, str(settings.path), "was changed and is not loaded", reload)
    yield from _ports(settings, seen)
    yield from _sandbox(settings, seen)
    yield from certificates.examine(settings, seen)


def _acceptor(settings: Settings, seen: Status) -> Finding:
    if seen.state == acceptor.FROZEN:
        return Finding(FAILURE, "acceptor", f"pid {seen.pid} is stopped", f"kill -CONT {seen.pid}")
    if seen.state == acceptor.WAITING:
        return Finding(OK, "acceptor", "systemd starts it at the first connection")
    if seen.pid is not None:
        return Finding(OK, "acceptor", f"runs, pid {seen.pid}")
    own = units.of(settings)
    if own and own.active:
        return Finding(WARNING, "acceptor", "is not running, systemd is about to start it")
    words = "is not running: nobody new is let in"
    return Finding(FAILURE, "acceptor", words, "papayactl acceptor start")


def _ports(settings: Settings, seen: Status) -> Iterator[Finding]:
    for address in settings.listen.addresses:
        if address in seen.addresses:
            yield Finding(OK, address, "is open")
        elif seen.state == acceptor.RUNNING:
            words = "the acceptor does not listen there"
            yield Finding(FAILURE, address, words, "papayactl acceptor reload")
        elif seen.state == acceptor.STOPPED and acceptor.is_open(address):
            port = address.rpartition(":")[2]
            remedy = f"see who with: ss -ltnp 'sport = :{port}'"
            yield Finding(FAILURE, address, "somebody else listens there", remedy)


def _sandbox(settings: Settings, seen: Status) -> Iterator[Finding]:
    """Tell which half of the sandbox is missing: a room works without, so nobody would notice."""
    if seen.without and settings.service.sandbox != "off":
        remedy = "a kernel that has it, a container that allows it: SECURITY.md"
        yield Finding(WARNING, "sandbox", f"clients are not confined by {seen.without}", remedy)
    elif seen.sandbox:
        yield Finding(OK, "sandbox", seen.sandbox.replace(",", ", "))


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


def _tried(check: Check, settings: Settings) -> Iterator[Finding]:
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


def _synchronized() -> bool | None:
    if not shutil.which("timedatectl") or _CONTAINER.exists():
        return None  # the host sets a container's clock
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except subprocess.TimeoutExpired:
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())
