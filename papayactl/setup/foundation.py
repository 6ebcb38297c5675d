"""What a room needs before papayad runs: directories and files, each made unless it is there.

Used by init. First it checks everything that could fail; then it makes things, in an order in which
each is useful even if the next one fails. What exists stays as it is, and is listed.
"""

import grp
import os
import pwd
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from papayactl.look import acceptor
from papayactl.state import certificate, siblings
from papayad import config
from papayad.errors import CONFIGURATION, NO_PERMISSION, Fault
from papayad.formats.address import parse_address
from papayad.settings import Settings
from papayad.system import directories
from papayad.system.files import create_whole

PORT = 7722


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of the room. Both ids are -1 for an ordinary user: then all is that user's."""

    uid: int = -1
    gid: int = -1


@dataclass
class Foundation:
    """Makes what a room lacks, and remembers what it made and what was there already."""

    settings: Settings
    made: list[Path] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)

    def check(self) -> Owner:
        """Refuse what cannot work, before anything is changed. A Fault (77, 78)."""
        owner = _owner(self.settings) if os.geteuid() == 0 else Owner()
        for path in self._paths():
            _check_reachable(path, owner)
        if self._with_certificate() and len(self._certificate_files()) == 1:
            there = self._certificate_files()[0]
            why = "stands alone: a certificate and its key belong together"
            raise Fault(str(there), why, "restore the other, or move it away", code=CONFIGURATION)
        return owner

    def lay(self, owner: Owner, names: Sequence[str]) -> None:
        """Make the directories and files; `names` are for the certificate. Raises OSError."""
        settings = self.settings.service
        before = os.umask(0o022)  # the service has to pass whatever is made above its directories
        try:
            self._directory(Path(settings.state_dir), 0o700, owner)
            self._directory(Path(settings.run_dir), 0o755, owner)
            if self._with_certificate():
                self._certificate(names, owner)
            self._secret(self.settings.tokens, b"", owner)
            self._file(self.settings.path, config.render(self.settings).encode(), 0o644)
        finally:
            os.umask(before)

    def _paths(self) -> list[Path]:
        settings, listen = self.settings.service, self.settings.listen
        paths = [self.settings.path, self.settings.tokens, self.settings.state_dir]
        paths.append(Path(settings.run_dir))
        if self._with_certificate():
            paths += [Path(listen.certificate), Path(listen.private_key)]
        return paths

    def _with_certificate(self) -> bool:
        return self.settings.listen.tls != "off"

    def _certificate_files(self) -> list[Path]:
        """The existing ones of certificate and key."""
        listen = self.settings.listen
        return [path for path in map(Path, (listen.certificate, listen.private_key)) if _is(path)]

    def _certificate(self, names: Sequence[str], owner: Owner) -> None:
        there = self._certificate_files()
        if there:
            self.left += there
            return
        public, private = certificate.make(names)
        self._secret(Path(self.settings.listen.private_key), private, owner)
        self._file(Path(self.settings.listen.certificate), public, 0o644)

    def _secret(self, path: Path, content: bytes, owner: Owner) -> None:
        """A file that the service reads and nobody else: root's, and its group's."""
        self._file(path, content, 0o640 if owner.gid >= 0 else 0o600, owner.gid)

    def _directory(self, path: Path, mode: int, owner: Owner) -> None:
        if _is(path):
            self.left.append(path)
            return
        if owner.uid >= 0:
            directories.make(path, mode, owner.uid, owner.gid)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=mode)
        self.made.append(path)

    def _file(self, path: Path, content: bytes, mode: int, gid: int = -1) -> None:
        """Make a file as a whole or not at all; one that somebody made meanwhile stays."""
        directory = _enter(path.parent)
        try:
            create_whole(directory, path.name, content, mode, gid=gid)
            self.made.append(path)
        except FileExistsError:
            self.left.append(path)
        finally:
            os.close(directory)


def _enter(path: Path) -> int:
    """A descriptor of the directory, made where it is missing; root's follows nobody's links."""
    if os.geteuid() == 0:
        return directories.enter(path)
    path.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def free_addresses(path: Path) -> list[str]:
    """The default addresses with the first port that no other room and no program uses."""
    taken = {
        parse_address(address)[1]
        for other in siblings.beside(path)
        for address in other.listen.addresses
    }
    for port in range(PORT, 65536):
        addresses = [f"0.0.0.0:{port}", f"[::]:{port}"]
        if port not in taken and not any(map(acceptor.is_open, addresses)):
            return addresses
    raise Fault("--address", "no port is free", "name one")


def _owner(settings: Settings) -> Owner:
    user, group = settings.service.user, settings.service.group
    try:
        gid = grp.getgrnam(group).gr_gid
        return Owner(pwd.getpwnam(user).pw_uid, gid)
    except KeyError:
        remedy = f"make them with: {_command_for(user, group)}"
        why = "this machine has no such user and group"
        raise Fault(f"service user {user}:{group}", why, remedy, code=CONFIGURATION) from None


def _command_for(user: str, group: str) -> str:
    """The command that makes a service user on this system."""
    user, group = shlex.quote(user), shlex.quote(group)
    if sys.platform.startswith("freebsd"):
        return f"pw groupadd {group}; pw useradd {user} -g {group} -d /nonexistent -s /sbin/nologin"
    if not sys.platform.startswith("linux"):
        return f"groupadd {group}; useradd -g {group} -d /nonexistent -s /sbin/nologin {user}"
    home = "--no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin"
    return f"groupadd --system {group}; useradd --system --gid {group} {home} {user}"


def _check_reachable(path: Path, owner: Owner) -> None:
    """Check that we may make it if it is missing, and that the service can reach it later."""
    if _is(path):
        return
    there = next(parent for parent in path.parents if _is(parent))
    if not there.is_dir():
        raise Fault(str(path), f"{there} is no directory", "choose another place with --dir")
    if not os.access(there, os.W_OK | os.X_OK):
        remedy = "run it as root, or choose a place with --dir"
        raise Fault(str(path), f"no right to write in {there}", remedy, code=NO_PERMISSION)
    if owner.uid >= 0:
        _check_passable(there, owner)


def _check_passable(directory: Path, owner: Owner) -> None:
    for one in (directory, *directory.parents):
        seen = one.stat()
        bit = 0o100 if seen.st_uid == owner.uid else 0o010 if seen.st_gid == owner.gid else 0o001
        if not seen.st_mode & bit:
            why = f"the service's user cannot pass {one} (mode {seen.st_mode & 0o7777:04o})"
            raise Fault(str(directory), why, "choose another place", code=CONFIGURATION)


def _is(path: Path) -> bool:
    return os.path.lexists(path)
