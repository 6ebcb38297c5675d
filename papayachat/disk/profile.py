"""Profiles: an invite that was accepted, saved under a name.

A profile is a file, ~/.config/papaya/NAME.toml. It has the invite, and a session name that was
drawn once, by which the server recognises this device. It holds a token, so a profile that others
can read is refused: they may have read it already. The file `default` beside them names the profile
that is used when none is named.
"""

import ipaddress
import os
import re
import secrets
import tomllib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from papayachat.disk.paths import config_dir, make_private
from papayachat.disk.standing import Standing
from papayad.errors import CONFIGURATION, USAGE, Fault, denied_or, reason
from papayad.formats import invite as invites
from papayad.formats.invite import Invite
from papayad.formats.pin import PIN
from papayad.formats.record import NAME
from papayad.system.files import write_whole

_SESSION = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class Profile:
    """`plain` is TCP without TLS, which is allowed only to a loopback address."""

    name: str
    invite: Invite
    session: str
    plain: bool = False

    @property
    def address(self) -> str:
        host = self.invite.host
        return f"[{host}]:{self.invite.port}" if ":" in host else f"{host}:{self.invite.port}"

    @property
    def identity(self) -> str:
        """The user and the room: the same for two profiles of the same account."""
        return f"{self.invite.name}@{self.address}/{self.invite.room}"


def new_session() -> str:
    """A session name that no other device has (96 random bits)."""
    return secrets.token_urlsafe(12)


def make(invite: Invite, name: str, plain: bool) -> Profile:
    """Make a profile, without saving it; a Fault if it is not allowed."""
    if not NAME.match(name):
        raise Fault("--as", f'"{name}" is no profile name', "use a-z 0-9 . _ -", code=USAGE)
    if plain and not _is_loopback(invite.host):
        raise Fault("--plain", f"{invite.host} is not this machine", "use TLS", code=USAGE)
    return Profile(name, invite, new_session(), plain)


def path_of(name: str) -> Path:
    return config_dir() / f"{name}.toml"


def names() -> list[str]:
    return sorted(path.stem for path in config_dir().glob("*.toml") if NAME.match(path.stem))


def find(name: str) -> Profile | None:
    """The profile of that name, or None if there is none; a Fault (78) if it cannot be used."""
    path = path_of(name)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        code = denied_or(error, CONFIGURATION)
        raise Fault(str(path), reason(error), code=code) from error
    if mode & 0o077:
        remedy = f"chmod 600 {path}"
        raise Fault(str(path), "others can read your token", remedy, code=CONFIGURATION)
    return _parse(name, path, content)


def load(name: str | None) -> Profile:
    """The profile of that name, or the default one; a Fault (78) lists those that exist."""
    wanted = name or _default()
    profile = find(wanted) if NAME.match(wanted) else None
    if profile is None:
        there = ", ".join(names())
        remedy = f"there is {there}" if there else "papayachat join takes an invite"
        raise Fault(f"profile {wanted}", "no such profile", remedy, code=CONFIGURATION)
    return profile


def save(profile: Profile) -> None:
    """Write the profile and make it the default; a Fault if it cannot be written."""
    make_private(config_dir())
    path = path_of(profile.name)
    Standing(profile.name).forget()
    _write(path, _render(profile))
    make_default(profile)


def make_default(profile: Profile) -> None:
    """Use this profile when none is named; a Fault if it cannot be written."""
    _write(_default_path(), f"{profile.name}\n")


def forget(name: str) -> None:
    """Remove a profile, even a damaged one; a Fault if there is none."""
    if name not in names():
        load(name)  # to list those that exist
    try:
        path_of(name).unlink()
        if default() == name:
            _default_path().unlink(missing_ok=True)
    except OSError as error:
        raise Fault(str(path_of(name)), reason(error), code=denied_or(error, 1)) from error
    Standing(name).forget()


def save_session(profile: Profile, session: str) -> None:
    """Save the new session, unless the profile has changed since it was loaded."""
    if find(profile.name) == profile:
        _write(path_of(profile.name), _render(replace(profile, session=session)))


def learn(profile: Profile, pins: tuple[str, ...]) -> Profile:
    """Know the server by these pins from now on; return the profile with them.

    Only if it was known by a pin: it announced them over that connection. If the file cannot be
    written, or is another profile by now, they hold as long as this process lives.
    """
    if not profile.invite.pins or not pins or not all(map(PIN.match, pins)):
        return profile
    if pins == profile.invite.pins:
        return profile
    with suppress(Fault):
        if find(profile.name) == profile:
            return know_by(profile, pins)
    return _with(profile, pins)


def know_by(profile: Profile, pins: tuple[str, ...]) -> Profile:
    """Save other pins; return the profile with them. Raises a Fault."""
    learned = _with(profile, pins)
    _write(path_of(profile.name), _render(learned))
    return learned


def _with(profile: Profile, pins: tuple[str, ...]) -> Profile:
    return replace(profile, invite=replace(profile.invite, pins=pins))


def default() -> str | None:
    """The name of the profile that is used when none is named; None if that is not clear."""
    try:
        return _default()
    except Fault:
        return None


def _default_path() -> Path:
    return config_dir() / "default"


def _default() -> str:
    try:
        return _default_path().read_text("utf-8", "replace").strip()
    except OSError:
        pass  # never written, or unreadable: then there must be only one profile
    known = names()
    if len(known) == 1:
        return known[0]
    if not known:
        remedy = "papayachat join takes an invite"
        raise Fault("profile", "you have not joined a room yet", remedy, code=CONFIGURATION)
    remedy = f"choose with --profile: {', '.join(known)}"
    raise Fault("profile", "none is the default", remedy, code=CONFIGURATION)


def _write(path: Path, content: str) -> None:
    try:
        if path.exists():
            path.chmod(0o600)  # write_whole keeps the mode, which may be wrong
        write_whole(path, content.encode())
    except OSError as error:
        raise Fault(str(path), reason(error), code=denied_or(error, 1)) from error


def _render(profile: Profile) -> str:
    return (
        "# papayachat join wrote this. The invite holds your token: keep it to yourself.\n"
        f'invite = "{invites.render(profile.invite)}"\n'
        f'session = "{profile.session}"\n'
        f"plain = {'true' if profile.plain else 'false'}\n"
    )


def _parse(name: str, path: Path, content: bytes) -> Profile:
    try:
        table = tomllib.loads(content.decode())
        session, plain = str(table["session"]), table["plain"]
        invite = invites.parse(str(table["invite"]))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, Fault):
        # A message of the parsers could repeat the token.
        raise _broken(path) from None
    if not _SESSION.match(session) or not isinstance(plain, bool):
        raise _broken(path)
    if plain and not _is_loopback(invite.host):
        why = f"plain, but {invite.host} is not this machine"
        raise Fault(str(path), why, "join again without --plain", code=CONFIGURATION)
    return Profile(name, invite, session, plain)


def _broken(path: Path) -> Fault:
    return Fault(str(path), "not a profile", "remove it and join again", code=CONFIGURATION)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
