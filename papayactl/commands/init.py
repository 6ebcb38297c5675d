"""`papayactl init`: a room from nothing to its first invite."""

import os
import pwd
import re
import tempfile
from pathlib import Path
from typing import Any

import click

from papayactl.cli import shell
from papayactl.cli.invocation import Invocation, pass_invocation
from papayactl.setup import foundation, invites
from papayactl.setup.foundation import Foundation
from papayactl.state import token_file
from papayad import config
from papayad.config import ENVIRONMENT
from papayad.errors import NO_PERMISSION, USAGE, Fault
from papayad.formats import invite
from papayad.formats.address import is_loopback, parse_address
from papayad.settings import Settings
from papayad.state import tokens


@click.command("init")
@click.option("--dir", "directory", type=Path, metavar="DIR", help="Put everything below DIR.")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="ADDR:PORT",
    help="Listen here (repeatable). Default: everywhere, port 7722 or the next that is free.",
)
@click.option("--host", metavar="NAME", help="What clients call this machine.")
@click.option("--user", metavar="USER", help="The service's user. Default: papaya, or yourself.")
@click.option("--group", metavar="GROUP", help="The service's group.")
@click.option("--own-user", is_flag=True, help="A user papaya-ROOM, tokens and key of its own.")
@click.option("--first", metavar="NAME", help="The first user. Default: yourself.")
@click.option("--no-invite", is_flag=True, help="Make no token: for a script that nobody reads.")
@click.option("--tls", type=click.Choice(["required", "optional", "off"]), help="Encryption.")
@click.option("--compat", is_flag=True, help="Let the original papayaChat clients in.")
@pass_invocation
def command(
    invocation: Invocation,
    /,
    directory: Path | None,
    addresses: tuple[str, ...],
    first: str | None,
    no_invite: bool,
    **chosen: Any,
) -> None:
    """Make what a room needs, and print its first invite.

    What exists stays as it is, so it is safe to run this again. A second room (--room NAME) shares
    the certificate and the tokens of the first.
    """
    path = _path(invocation, directory)
    if path.exists():
        room = config.load(path, invocation.room)
    else:
        room = _planned(path, invocation.room, directory, list(addresses), chosen)
    user = first or _own_name()
    token_file.refuse_name(user)
    ground = Foundation(room)
    ground.lay(ground.check(), _names(room, chosen["host"] or room.listen.host))
    line = None if no_invite else _first_invite(room, user, chosen["host"])
    _report(invocation, ground, directory, line)


def _path(invocation: Invocation, directory: Path | None) -> Path:
    if directory and not invocation.option:
        return config.find(str(directory / f"{invocation.room}.toml"), invocation.room)
    return invocation.path


def _planned(
    path: Path, room: str, directory: Path | None, addresses: list[str], chosen: dict[str, Any]
) -> Settings:
    """The configuration to write, checked as papayad will check it. A Fault (2)."""
    listen: dict[str, Any] = {"addresses": addresses or foundation.free_addresses(path)}
    tls = chosen["tls"] or ("optional" if chosen["compat"] else None)
    listen |= {"tls": tls} if tls else {}
    listen |= {"host": chosen["host"]} if chosen["host"] else {}
    listen |= {"papayachat_compat": True} if chosen["compat"] else {}
    own = _own_user(room, chosen["user"]) if chosen["own_user"] else None
    service = _service(own or chosen["user"], own or chosen["group"])
    top = directory.absolute() if directory else path.parent
    if directory:
        service |= {"state_dir": str(top / "state" / room), "run_dir": str(top / "run" / room)}
    if own or directory:
        place = top / room if own else top
        listen |= {"certificate": str(place / "cert.pem"), "private_key": str(place / "key.pem")}
        service |= {"tokens": str(place / "tokens")}
    planned = config.defaults(room, path, listen=listen, service=service)
    _check(planned)
    return planned


def _own_user(room: str, user: str | None) -> str:
    """The name of a user that only this room has. A Fault (2, 77)."""
    if user:
        raise Fault("--own-user", "goes not with --user", "leave one of them out", code=USAGE)
    if os.geteuid() != 0:
        raise Fault(
            "--own-user", "only root may give away files", "run it as root", code=NO_PERMISSION
        )
    return f"papaya-{room}"


def _service(user: str | None, group: str | None) -> dict[str, str]:
    """The service's user and group; without root the room belongs to the caller."""
    if os.geteuid() != 0 and not user:
        user = _name_of(os.geteuid())
    if not user:
        return {"group": group} if group else {}
    return {"user": user, "group": group or _primary_group(user)}


def _primary_group(user: str) -> str:
    import grp

    try:
        return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except KeyError:
        return user


def _check(planned: Settings) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(config.render(planned))
        file.flush()
        try:
            config.load(Path(file.name), planned.room)
        except config.Problems as problems:
            raise Fault("init", problems.lines[0], "see its options", code=USAGE) from None
    for address in planned.listen.addresses:
        if parse_address(address)[1] == 0:
            raise Fault("--address", "port 0 leads nobody here", "name a port", code=USAGE)


def _names(room: Settings, host: str | None) -> list[str]:
    """The names for the certificate; the first is the one for invites."""
    hosts = [parse_address(address)[0] for address in room.listen.addresses]
    named = [one for one in hosts if one not in ("0.0.0.0", "::")]
    everywhere = [] if len(named) == len(hosts) else [invites.public_name()]
    local = ["localhost", "127.0.0.1", "::1"]
    return list(dict.fromkeys([*([host] if host else []), *named, *everywhere, *local]))


def _first_invite(room: Settings, user: str, host: str | None) -> str | None:
    """An invite for the first user; None if the token file (maybe another room's) has tokens."""
    if tokens.read_tokens(room.tokens):
        return None
    _, secret = token_file.add(room.tokens, user)
    return invite.render(invites.make(room, user, secret, host))


def _own_name() -> str:
    """The caller's name in the form that a room takes, also when called by sudo or doas."""
    name = os.environ.get("SUDO_USER") or os.environ.get("DOAS_USER") or _name_of(os.geteuid())
    return re.sub(r"[^a-z0-9._-]", "-", name.lower()).lstrip("._-")[:32] or "admin"


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid{uid}"


def _report(
    invocation: Invocation, ground: Foundation, directory: Path | None, line: str | None
) -> None:
    room = ground.settings
    prefix = _prefix(invocation, room, directory)
    following = f"{prefix} acceptor start"
    lines = [f"made        {path}" for path in ground.made]
    lines += [f"left alone  {path}" for path in ground.left]
    lines += ["", f"room {room.room} listens on {' '.join(room.listen.addresses)}"]
    if all(map(is_loopback, room.listen.addresses)):
        lines.append("only this machine can reach that")
    if line:
        lines += ["", "the first invite, shown this once and all that a person needs:", ""]
        lines += [line, ""]
    else:
        lines.append("an invite for this room:")
        lines.append(f"  {prefix} token add NAME")
    lines.append(f"next: {following}")
    value = {
        "room": room.room,
        "config": str(room.path),
        "addresses": room.listen.addresses,
        "made": list(map(str, ground.made)),
        "left": list(map(str, ground.left)),
        "invite": line,
        "next": following,
    }
    invocation.show(value, lines)


def _prefix(invocation: Invocation, room: Settings, directory: Path | None) -> str:
    """How to call papayactl for this room from now on."""
    words = ["papayactl"]
    if invocation.option or directory or ENVIRONMENT in os.environ:
        words += ["--config", str(room.path)]
    if room.room != config.DEFAULT_ROOM:
        words += ["--room", room.room]
    return shell.command(*words)
