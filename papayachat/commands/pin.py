"""papayachat pin: know a room by another key, which you got from somebody you trust."""

import click

from papayachat.disk import profile as profiles
from papayad.errors import USAGE, Fault
from papayad.formats.pin import PIN


@click.command("pin")
@click.argument("pins", nargs=-1, metavar="[PIN]...")
@click.pass_obj
def command(name: str | None, pins: tuple[str, ...]) -> None:
    """Know the room by this key from now on: spki:HEX, as `papayactl certificate show` prints it.

    Without a PIN: print the pins by which it is known. Your token stays the same.
    """
    profile = profiles.load(name)
    for pin in pins:
        if not PIN.match(pin):
            raise Fault("pin", f'"{pin}" is none', "spki: and 64 hexadecimal digits", code=USAGE)
    if pins:
        profile = profiles.know_by(profile, pins)
    for pin in profile.invite.pins:
        click.echo(pin)
