"""`papayactl certificate`: the certificate that clients know: show, renew, import, roll."""

from pathlib import Path
from typing import Any

import click

from papayactl.act import control, roll
from papayactl.cli import moments
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Helping, Invocation, pass_invocation
from papayactl.cli.table import pairs
from papayactl.look import acceptor
from papayactl.look.served import served
from papayactl.state.certificate import Certificate
from papayad.errors import FAILED, Fault
from papayad.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("certificate", cls=Helping, short_help="What clients know this room by.")
def command() -> None:
    """The certificate. Clients know this room by its public key."""


@command.command("show", short_help="Its pins, names, and until when it is good.")
@pass_invocation
def show(invocation: Invocation) -> None:
    """Show the certificate: pin, names, expiry, and whether it is the one that clients get.

    If another key is announced, also its pin, and the users whose clients know only the old one.
    """
    _show(invocation)


@command.command("renew", short_help="A new one with the same key: no client notices.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="Instead of its names.")
@audited
@pass_invocation
def renew(invocation: Invocation, names: tuple[str, ...]) -> None:
    """Make a new self-signed certificate with the same key. No client notices."""
    roll.renew(invocation.settings, names)
    _serve(invocation)


@command.command("import", short_help="Take a certificate that somebody else made.")
@click.argument("chain", type=_FILE)
@click.argument("key", type=_FILE)
@click.option("--force", is_flag=True, help="Also with a key that clients do not know.")
@audited
@pass_invocation
def take(invocation: Invocation, chain: Path, key: Path, force: bool) -> None:
    """Replace the present certificate and key by CHAIN and KEY, and make the acceptor use them.

    A key that was not announced is refused (1) if clients know this room by the present one.
    """
    roll.take_over(invocation.settings, chain, key, force)
    _serve(invocation)


@command.command("roll", short_help="Change the key: announced first, then used.")
@click.option("--certificate", "chain", type=_FILE, help="This one, instead of a new one.")
@click.option("--key", type=_FILE, help="Its key.")
@click.option("--now", is_flag=True, help="Use the announced one from now on.")
@click.option("--abort", is_flag=True, help="Announce no other key any more.")
@click.option("--yes", is_flag=True, help="Also where clients know only the old one.")
@audited
@pass_invocation
def change(
    invocation: Invocation, chain: Path | None, key: Path | None, now: bool, abort: bool, yes: bool
) -> None:
    """Change the key: first announce it to each client that connects; with --now, use it.

    --now is refused (1) if there are users whose clients were not here since the announcement.
    """
    settings = invocation.settings
    if bool(chain) != bool(key) or (now and (abort or chain)) or (abort and chain):
        raise click.UsageError("--certificate and --key go together; --now and --abort alone")
    if abort:
        roll.drop(settings)
    elif now:
        _refuse_unaware(settings, yes)
        roll.finish(settings)
    else:
        roll.announce(settings, chain, key)
    _serve(invocation)


def _refuse_unaware(settings: Settings, yes: bool) -> None:
    late = roll.unaware(settings)
    if late and not yes:
        few = " ".join(late[:5]) + (" ..." if len(late) > 5 else "")
        why = f"{len(late)} users were not here since the key was announced: {few}"
        raise Fault(
            "certificate roll", why, "wait, or say --yes: they need new invites", code=FAILED
        )


def _serve(invocation: Invocation) -> None:
    """Make the acceptor, if one runs, use it, and show what is there now."""
    if control.is_running(invocation.settings):
        control.reload(invocation.settings)
    _show(invocation)


def _show(invocation: Invocation) -> None:
    settings = invocation.settings
    present, following = roll.stored(settings), roll.following(settings)
    answer = served(settings, acceptor.status(settings).addresses)
    late = roll.unaware(settings)
    value: dict[str, Any] = {
        **_as_dict(present),
        "served": answer.pin if answer else None,
        "next": _as_dict(following) if following else None,
        "unaware": late,
    }
    rows = [("pin", present.pin), *_rows(present)]
    rows.append(("served", _served(present, answer)))
    if following:
        rows += [
            ("next pin", following.pin),
            ("next until", moments.rfc3339(following.expires) or ""),
        ]
        rows.append(
            ("know only the old", f"{len(late)} users" + "".join(f" {one}" for one in late))
        )
    invocation.show(value, pairs(rows))


def _rows(one: Certificate) -> list[tuple[str, str]]:
    return [
        ("names", " ".join(one.names)),
        ("until", moments.rfc3339(one.expires) or ""),
        ("made by", "itself" if one.self_signed else "an authority"),
    ]


def _served(present: Certificate, answer: Certificate | None) -> str:
    if answer is None:
        return "no: nobody answers"
    if answer.expires == present.expires and answer.pin == present.pin:
        return "yes"
    return f"no, but {answer.pin}: papayactl acceptor reload"


def _as_dict(one: Certificate) -> dict[str, Any]:
    return {
        "pin": one.pin,
        "names": list(one.names),
        "expires": moments.rfc3339(one.expires),
        "self_signed": one.self_signed,
    }
