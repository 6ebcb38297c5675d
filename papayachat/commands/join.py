"""papayachat join: accept an invite."""

import sys
from getpass import getpass
from pathlib import Path

import click

from papayachat.disk import profile as profiles
from papayachat.disk.profile import Profile
from papayachat.disk.standing import Standing
from papayachat.stream.terminal import tell
from papayad.errors import TRY_AGAIN, UNAVAILABLE, Fault, reason
from papayad.formats import invite as invites

_SCHEME = "papaya:"
_LONGEST = 4096  # bytes that are read of a file or a pipe
_EXPOSED = "the invite is in your shell's history, and others saw it in ps; better: papayachat join"


@click.command("join")
@click.argument("source", metavar="[FILE]", default="-")
@click.option("--as", "name", metavar="NAME", help="Save it under this name; default: the room's.")
@click.option("--force", is_flag=True, help="Replace another profile of that name.")
@click.option("--plain", is_flag=True, help="TCP without TLS, to this machine only.")
@click.option("--offline", is_flag=True, help="Do not try it.")
def command(source: str, name: str | None, force: bool, plain: bool, offline: bool) -> None:
    """Accept an invite: save it as the default profile. It is asked for and not shown, or read from
    stdin or FILE: an invite is a secret."""
    accepted = invites.parse(_read(source))
    if source.startswith(_SCHEME):
        tell(_EXPOSED)
    profile = _merge(profiles.make(accepted, name or accepted.room, plain), force)
    trouble = None if offline else _try(profile)
    profiles.save(profile)
    if offline or trouble is not None:
        click.echo(f"saved {profile.name}: {profile.identity}")
    else:
        Standing(profile.name).opened()
        click.echo(f"joined {accepted.room} at {profile.address} as {accepted.name}")
    if trouble is not None:
        tell(f"not tried: {trouble}: papayachat will try again")


def _read(source: str) -> str:
    """The invite; a Fault if there is no such file."""
    if source.startswith(_SCHEME):
        return source
    if source == "-":
        return getpass("Invite: ") if sys.stdin.isatty() else sys.stdin.readline(_LONGEST)
    try:
        with Path(source).open(encoding="utf-8", errors="replace") as file:
            return file.readline(_LONGEST)
    except OSError as error:
        raise Fault(source, reason(error)) from error


def _merge(profile: Profile, force: bool) -> Profile:
    """The profile, with the session that this device already has in that room."""
    old = _known(profile.name, force)
    if old is None:
        return profile
    same = (old.invite.token, old.address) == (profile.invite.token, profile.address)
    if not same and not force:
        why = f"is {old.identity} already"
        raise Fault(f"profile {profile.name}", why, "choose another name with --as, or --force")
    session = old.session if old.identity == profile.identity else profile.session
    return Profile(profile.name, profile.invite, session, profile.plain)


def _known(name: str, force: bool) -> Profile | None:
    try:
        return profiles.find(name)
    except Fault:
        if force:
            return None
        raise


def _try(profile: Profile) -> Fault | None:
    """Connect once. Return a fault that may pass; raise one that cannot: nothing is saved then."""
    from papayachat.room.attempt import connect
    from papayachat.room.dial import UnknownHost
    from papayad.formats.wire import Hello

    try:
        connect(profile, Hello(profile.invite.token, last=0, presence=False)).close()
    except UnknownHost as fault:
        remedy = "look at the invite, or save it all the same with --offline"
        raise Fault(fault.what, fault.why, remedy, code=fault.code) from fault
    except Fault as fault:
        if fault.code not in (UNAVAILABLE, TRY_AGAIN):
            raise
        return fault
    return None
