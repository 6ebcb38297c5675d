"""What a room needs before papayad runs: directories and files, each made unless it is there.

Used by init. First it checks everything that could fail; then it makes things, in an order in which
each is useful even if the next one fails. What exists stays as it is, and is listed.
"""

import grp
import os
import pwd
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
from papayad.system.files import sync_directory, write_whole

PORT = 7722


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of the room. Both ids are -1 for an ordinary user: then chown(2) does nothing."""

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
        root = Owner(-1, owner.gid)  # files that the service only reads: root:group
        readable = 0o640 if owner.gid >= 0 else 0o600
        self._directory(Path(settings.state_dir), 0o700, owner)
        self._directory(Path(settings.run_dir), 0o755, owner)
        if self._with_certificate():
            self._certificate(names, root, readable)
        self._file(self.settings.tokens, b"", readable, root)
        self._file(self.settings.path, config.render(self.settings).encode(), 0o644, Owner())

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

    def _certificate(self, names: Sequence[str], owner: Owner, mode: int) -> None:
        there = self._certificate_files()
        if there:
            self.left += there
            return
        public, private = certificate.make(names)
        self._file(Path(self.settings.listen.private_key), private, mode, owner)
        self._file(Path(self.settings.listen.certificate), public, 0o644, Owner())

    def _directory(self, path: Path, mode: int, owner: Owner) -> None:
        if _is(path):
            self.left.append(path)
            return
        _make_parents(path)
        path.mkdir(mode=0o700)
        os.chown(path, owner.uid, owner.gid)
        path.chmod(mode)
        self.made.append(path)

    def _file(self, path: Path, content: bytes, mode: int, owner: Owner) -> None:
        """Make a file as a whole or not at all; one that somebody made meanwhile stays."""
        _make_parents(path)
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        write_whole(new, content, mode)
        try:
            os.chown(new, owner.uid, owner.gid)
            os.link(new, path)
            self.made.append(path)
        except FileExistsError:
            self.left.append(path)
        finally:
            new.unlink()
        sync_directory(path.parent)


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


def _make_parents(path: Path) -> None:
    """Make the directories above, so that the service can pass, whatever the umask is."""
    for parent in reversed(path.parents):
        if not parent.exists():
            parent.mkdir()
            parent.chmod(0o755)


def _is(path: Path) -> bool:
    return os.path.lexists(path)
