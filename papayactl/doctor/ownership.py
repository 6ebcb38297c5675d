"""Who owns a room's files and who may read them: the service's user, its directory, its secrets.

For doctor, apart from its other checks: these need no process of the room, only root to see all
files. They check for the user that papayad becomes.
"""

import grp
import os
import pwd
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from papayactl.cli.shell import command
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayad.errors import NO_PERMISSION, Fault
from papayad.settings import Settings
from papayad.state import tokens


def user(settings: Settings) -> Iterator[Finding]:
    service = settings.service
    if not _is_rooms_own(settings):
        return
    try:
        known, group = pwd.getpwnam(service.user), grp.getgrnam(service.group)
    except KeyError as error:
        shell = ("--shell", "/usr/sbin/nologin")
        remedy = command("useradd", "--system", "--user-group", *shell, service.user)
        yield Finding(FAILURE, "service.user", str(error.args[0]), remedy)
        return
    if 0 in (known.pw_uid, group.gr_gid):
        yield Finding(FAILURE, "service.user", "is root", "name an unprivileged user")
    else:
        yield Finding(OK, "service.user", f"{service.user}:{service.group}")


def permissions(settings: Settings) -> Iterator[Finding]:
    path = settings.state_dir
    if not path.is_dir():
        yield Finding(FAILURE, str(path), "is no directory", "papayactl init")
        return
    seen = path.stat()
    owner = _uid(settings)
    if owner is not None and seen.st_uid != owner:
        whose = f"{settings.service.user}:{settings.service.group}"
        remedy = command("chown", "-RhP", whose, path)
        yield Finding(FAILURE, str(path), f"belongs to {_name(seen.st_uid)}", remedy)
    elif seen.st_mode & 0o077:
        words = f"others may look into it (mode {stat.S_IMODE(seen.st_mode):04o})"
        yield Finding(WARNING, str(path), words, command("chmod", "0700", path))
    else:
        yield Finding(OK, str(path), f"belongs to {_name(seen.st_uid)} alone")
    strangers = [one for one in path.rglob("*") if one.lstat().st_uid != seen.st_uid]
    if strangers:
        words = f"and {len(strangers) - 1} more belong" if len(strangers) > 1 else "belongs"
        remedy = command("chown", "-RhP", f"--reference={path}", path)
        yield Finding(FAILURE, str(strangers[0]), f"{words} to somebody else", remedy)


def secrets(settings: Settings) -> Iterator[Finding]:
    """The token file and the key: the service can read them, others cannot."""
    yield _secret(settings, settings.tokens)
    if settings.listen.tls != "off":
        yield _secret(settings, Path(settings.listen.private_key))
    yield from _invited(settings)


def _secret(settings: Settings, path: Path) -> Finding:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return Finding(FAILURE, str(path), "is missing", "papayactl init")
    mode = f"mode {stat.S_IMODE(seen.st_mode):04o}"
    if seen.st_mode & 0o007:
        words = f"everybody may read it ({mode})"
        return Finding(FAILURE, str(path), words, command("chmod", "o-rwx", path))
    if not _service_reads(settings, seen):
        group = command("chgrp", settings.service.group, path)
        remedy = f"{group}; {command('chmod', '0640', path)}"
        return Finding(FAILURE, str(path), "the service may not read it", remedy)
    return Finding(OK, str(path), mode)


def _invited(settings: Settings) -> Iterator[Finding]:
    try:
        known = tokens.read_tokens(settings.tokens).values()
    except Fault as fault:
        if fault.code == NO_PERMISSION:  # we may not read it; the service perhaps may
            raise
        yield Finding(FAILURE, fault.what, fault.why, fault.remedy)
        return
    if not any(token.valid_at(time.time()) for token in known):
        yield Finding(WARNING, str(settings.tokens), "lets nobody in", "papayactl token add NAME")


def _is_rooms_own(settings: Settings) -> bool:
    """Whether the service's user matters: papayad becomes that user when root starts it."""
    return os.geteuid() == 0 or settings.state_dir.stat().st_uid != os.geteuid()


def _uid(settings: Settings) -> int | None:
    if not _is_rooms_own(settings):
        return os.geteuid()
    try:
        return pwd.getpwnam(settings.service.user).pw_uid
    except KeyError:
        return None


def _service_reads(settings: Settings, seen: os.stat_result) -> bool:
    uid = settings.state_dir.stat().st_uid
    if seen.st_uid == uid:
        return bool(seen.st_mode & 0o400)
    try:
        group = grp.getgrnam(settings.service.group).gr_gid
    except KeyError:
        return False
    return seen.st_gid == group and bool(seen.st_mode & 0o040)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
