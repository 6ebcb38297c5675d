"""`papayactl import`: take over a room of the original papayaChat."""

from pathlib import Path

import click

from papayactl.act import adopt
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_invocation
from papayactl.system import service_user
from papayad.errors import USAGE, Fault

_FILE = click.Path(path_type=Path)


@click.command("import")
@click.option("--chat", type=_FILE, metavar="FILE", help="Its log: papayachat.chat.")
@click.option("--append", is_flag=True, help="Also after what this room's log has.")
@click.option("--key", type=_FILE, metavar="FILE", help="Its key, to let in --user.")
@click.option("--user", metavar="NAME", help="Who comes in with the key.")
@audited
@pass_invocation
def command(
    invocation: Invocation, chat: Path | None, append: bool, key: Path | None, user: str | None
) -> None:
    """Take over what the server of the original papayaChat kept.

    Each line of its log becomes a record of whoever's name is in front, with the present time: it
    has none. Its key is one for all; here all who have it come in as one user. Better is a token
    for each: papayactl token add.
    """
    settings = invocation.settings
    if chat is None and key is None:
        raise Fault("import", "nothing is named", "--chat FILE, --key FILE", code=USAGE)
    if (key is None) != (user is None):
        raise Fault("import", "--key and --user go together", code=USAGE)
    said = adopt.read(chat) if chat is not None else b""
    token = None
    if key is not None and user is not None:
        token = adopt.let_in(settings, adopt.read(key), user)
    count = service_user.run(settings, lambda: adopt.write(settings, said, append)) if said else 0
    shown = [f"{count} messages taken over"] if chat is not None else []
    shown += [f"the key lets in {token.user} as token {token.id}"] if token is not None else []
    invocation.show(
        {"messages": count, "user": user, "token": token.id if token is not None else None}, shown
    )
