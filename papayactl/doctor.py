"""What a room needs, looked at from outside: each finding with the command that mends it.

Nothing here changes anything. A check that lacks a right says so and is a warning; one that finds
nothing wrong says what it looked at. The state directory's checks are in `stale`.
"""

import grp
import os
import pwd
import shlex
import shutil
import socket
import ssl
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from papayactl import acceptor, certificate, figures, moments, overview, stale
from papayactl.system import limits, proc
from papayad import config, tokens
from papayad.config import Config, Problems
from papayad.errors import NO_PERMISSION, Fault
from papayad.record import stamp

OK, WARNING, FAILURE = "ok", "warning", "failure"

_DAY = 86400.0
_SOON = 30 * _DAY
_SCARCE = 0.05  # of the disk
_LEAST = 1 << 26  # bytes of the disk
_OTHERS = 100  # processes of the service's user that are no clients
_CLIENT = 5 << 20  # bytes of memory that a client takes, roughly
_AHEAD = 5.0  # seconds that the log may be ahead of the clock


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is a command where there is one."""

    level: str
    what: str
    words: str
    remedy: str = ""


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
    for check in (user, permissions, secrets, certificates, ports, clock, disk, processes, state):
        yield from _tried(check, settings)


def user(settings: Config) -> Iterator[Finding]:
    service = settings.service
    if not _is_rooms_own(settings):
        return
    try:
        known, group = pwd.getpwnam(service.user), grp.getgrnam(service.group)
    except KeyError as error:
        remedy = f"useradd --system --user-group --shell /usr/sbin/nologin {service.user}"
        yield Finding(FAILURE, "service.user", str(error.args[0]), remedy)
        return
    if 0 in (known.pw_uid, group.gr_gid):
        yield Finding(FAILURE, "service.user", "is root", "name an unprivileged user")
    else:
        yield Finding(OK, "service.user", f"{service.user}:{service.group}")


def permissions(settings: Config) -> Iterator[Finding]:
    path = settings.state_dir
    if not path.is_dir():
        yield Finding(FAILURE, str(path), "is no directory", "papayactl init")
        return
    seen = path.stat()
    owner = _uid(settings)
    if owner is not None and seen.st_uid != owner:
        remedy = f"chown -R {settings.service.user}:{settings.service.group} {_quoted(path)}"
        yield Finding(FAILURE, str(path), f"belongs to {_name(seen.st_uid)}", remedy)
    elif seen.st_mode & 0o077:
        words = f"others may look into it (mode {stat.S_IMODE(seen.st_mode):04o})"
        yield Finding(WARNING, str(path), words, f"chmod 0700 {_quoted(path)}")
    else:
        yield Finding(OK, str(path), f"belongs to {_name(seen.st_uid)} alone")
    strangers = [one for one in path.rglob("*") if one.lstat().st_uid != seen.st_uid]
    if strangers:
        words = f"and {len(strangers) - 1} more belong" if len(strangers) > 1 else "belongs"
        remedy = f"chown -R --reference={_quoted(path)} {_quoted(path)}"
        yield Finding(FAILURE, str(strangers[0]), f"{words} to somebody else", remedy)


def secrets(settings: Config) -> Iterator[Finding]:
    """The token file and the key: the service reads them, others do not."""
    files = [settings.tokens]
    if settings.listen.tls != "off":
        files.append(Path(settings.listen.private_key))
    for path in files:
        try:
            seen = path.stat()
        except FileNotFoundError:
            yield Finding(FAILURE, str(path), "is missing", "papayactl init")
            continue
        if seen.st_mode & 0o007:
            words = f"everybody may read it (mode {stat.S_IMODE(seen.st_mode):04o})"
            yield Finding(FAILURE, str(path), words, f"chmod o-rwx {_quoted(path)}")
        elif not _service_reads(settings, seen):
            remedy = f"chgrp {settings.service.group} {_quoted(path)}; chmod 0640 {_quoted(path)}"
            yield Finding(FAILURE, str(path), "the service may not read it", remedy)
        else:
            yield Finding(OK, str(path), f"mode {stat.S_IMODE(seen.st_mode):04o}")
    try:
        known = tokens.read_tokens(settings.tokens).values()
    except Fault as fault:
        if fault.code == NO_PERMISSION:  # ours, not the service's
            raise
        yield Finding(FAILURE, fault.what, fault.why, fault.remedy)
        return
    if not any(token.valid_at(time.time()) for token in known):
        yield Finding(WARNING, str(settings.tokens), "lets nobody in", "papayactl token add NAME")


def certificates(settings: Config) -> Iterator[Finding]:
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
    elif left < _SOON:
        yield Finding(WARNING, listen.certificate, f"expires in {moments.age(left)}", renew)
    else:
        yield Finding(OK, listen.certificate, f"until {when}")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(listen.certificate, listen.private_key)
    except ssl.SSLError as error:
        words = f"is not the key of {listen.certificate} ({error.reason})"
        yield Finding(FAILURE, listen.private_key, words, "put the right one there")


def ports(settings: Config) -> Iterator[Finding]:
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


def clock(settings: Config) -> Iterator[Finding]:
    last = overview.log(settings).last
    if last and last.stamp > stamp(time.time() + _AHEAD):
        words = f"the log is ahead of it: {last.stamp}"
        yield Finding(WARNING, "clock", words, "timedatectl set-ntp true")
        return
    if _synchronized() is False:
        yield Finding(WARNING, "clock", "nobody sets it", "timedatectl set-ntp true")
    else:
        yield Finding(OK, "clock", moments.rfc3339(time.time()) or "")


def disk(settings: Config) -> Iterator[Finding]:
    seen = os.statvfs(settings.state_dir)
    free, whole = seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize
    words = f"{figures.size(free)} of {figures.size(whole)} free"
    remedy = "papayactl log prune --keep-bytes N, or set chatlog.retain_bytes"
    if free < _LEAST or (seen.f_files and not seen.f_favail):
        yield Finding(FAILURE, "disk", words, remedy)
    elif whole and free / whole < _SCARCE:
        yield Finding(WARNING, "disk", words, remedy)
    else:
        yield Finding(OK, "disk", words)


def processes(settings: Config) -> Iterator[Finding]:
    """Whether max_clients clients, two processes each, could be had."""
    most = settings.limits.max_clients
    needed = 2 * most + _OTHERS
    pid = acceptor.holder(settings)
    known = limits.read(pid) if pid else {}
    for name, allowed, remedy in (
        ("pid_max", _number("/proc/sys/kernel/pid_max"), f"sysctl kernel.pid_max={4 * needed}"),
        (
            "threads-max",
            _number("/proc/sys/kernel/threads-max"),
            f"sysctl kernel.threads-max={4 * needed}",
        ),
        ("RLIMIT_NPROC", _limit(known, "Max processes"), "set LimitNPROC= of its service"),
        ("TasksMax", _tasks_max(pid) if pid else None, "set TasksMax= of its service"),
    ):
        if allowed is not None and allowed < needed:
            words = f"{allowed}, and limits.max_clients = {most} takes {needed}"
            yield Finding(FAILURE, name, words, remedy)
    opened = _limit(known, "Max open files")
    pending = settings.limits.max_pending + _OTHERS
    if opened is not None and opened < pending:
        words = f"{opened} for the acceptor, and limits.max_pending takes {pending}"
        yield Finding(WARNING, "RLIMIT_NOFILE", words, "set LimitNOFILE= of its service")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if memory < most * _CLIENT:
        words = f"{figures.size(memory)}, and {most} clients take about "
        words += figures.size(most * _CLIENT)
        yield Finding(WARNING, "memory", words, "set limits.max_clients to less")
    else:
        yield Finding(OK, "limits", f"{most} clients, {2 * most} processes")


def state(settings: Config) -> Iterator[Finding]:
    found = list(stale.found(settings))
    for level, what, words, remedy in found:
        yield Finding(level, what, words, remedy)
    if not found:
        yield Finding(OK, "state", "nothing is left over, nobody is stuck")


def _tried(check: Callable[[Config], Iterator[Finding]], settings: Config) -> Iterator[Finding]:
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


def _is_rooms_own(settings: Config) -> bool:
    """Whether the service's user matters: papayad drops to it when root starts it."""
    return os.geteuid() == 0 or settings.state_dir.stat().st_uid != os.geteuid()


def _uid(settings: Config) -> int | None:
    if not _is_rooms_own(settings):
        return os.geteuid()
    try:
        return pwd.getpwnam(settings.service.user).pw_uid
    except KeyError:
        return None


def _service_reads(settings: Config, seen: os.stat_result) -> bool:
    uid = settings.state_dir.stat().st_uid
    if seen.st_uid == uid:
        return bool(seen.st_mode & 0o400)
    try:
        group = grp.getgrnam(settings.service.group).gr_gid
    except KeyError:
        return False
    return seen.st_gid == group and bool(seen.st_mode & 0o040)


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


def _number(path: str) -> int | None:
    try:
        text = Path(path).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _limit(known: dict[str, str], name: str) -> int | None:
    text = known.get(name, "")
    return int(text) if text.isdigit() else None


def _tasks_max(pid: int) -> int | None:
    """What the acceptor's control group may have of processes."""
    for line in (proc.text(pid, "cgroup") or "").splitlines():
        if line.startswith("0::"):
            return _number(f"/sys/fs/cgroup{line[3:]}/pids.max")
    return None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
