"""papayachat join: accept an invite."""

import sys

import click

from papayachat.disk import profile as profiles
from papayachat.disk.profile import Profile
from papayachat.disk.standing import Standing
from papayachat.stream.terminal import tell
from papayad.errors import TRY_AGAIN, UNAVAILABLE, Fault
from papayad.formats import invite as invites


@click.command("join")
@click.argument("invite", default="-")
@click.option("--as", "name", metavar="NAME", help="Save it under this name; default: the room's.")
@click.option("--force", is_flag=True, help="Replace another profile of that name.")
@click.option("--plain", is_flag=True, help="TCP without TLS, to this machine only.")
@click.option("--offline", is_flag=True, help="Do not try it.")
def command(invite: str, name: str | None, force: bool, plain: bool, offline: bool) -> None:
    """Accept an INVITE: save it as the default profile. `-` reads it from stdin, which keeps it out
    of the shell's history and of ps."""
    accepted = invites.parse(_read() if invite == "-" else invite)
    profile = _merge(profiles.make(accepted, name or accepted.room, plain), force)
    trouble = None if offline else _try(profile)
    profiles.save(profile)
    if trouble is None and not offline:
        Standing(profile.name).opened()
    click.echo(f"joined {accepted.room} at {profile.address} as {accepted.name}")
    if trouble is not None:
        tell(f"not tried: {trouble}")


def _read() -> str:
    if sys.stdin.isatty():
        click.echo("Invite: ", nl=False, err=True)
    return sys.stdin.readline()


def _merge(profile: Profile, force: bool) -> Profile:
    """The profile, with the session that this device already has in that room."""
    old = _existing(profile.name, force)
    if old is None:
        return profile
    same = (old.invite.token, old.address) == (profile.invite.token, profile.address)
    if not same and not force:
        why = f"is {old.identity} already"
        raise Fault(f"profile {profile.name}", why, "choose another name with --as, or --force")
    session = old.session if old.identity == profile.identity else profile.session
    return Profile(profile.name, profile.invite, session, profile.plain)


def _existing(name: str, force: bool) -> Profile | None:
    try:
        return profiles.find(name)
    except Fault:
        if force:
            return None
        raise


def _try(profile: Profile) -> Fault | None:
    """Connect once. Return a fault that may pass; raise one that cannot: nothing is saved then."""
    from papayachat.room.attempt import connect
    from papayad.formats.wire import Hello

    try:
        connect(profile, Hello(profile.invite.token, last=0, presence=False)).close()
    except Fault as fault:
        if fault.code not in (UNAVAILABLE, TRY_AGAIN):
            raise
        return fault
    return None
