"""papayachat bot: a program that takes part."""

import signal
from types import FrameType

import click

from papayachat.disk.profile import load


@click.command("bot", context_settings={"ignore_unknown_options": True})
@click.argument("words", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def command(name: str | None, words: tuple[str, ...]) -> None:
    """Run COMMAND as a bot: it reads what is said, a JSON object on each line, and each line that
    it prints is sent. It does not hear its own messages, and is started again when it ends."""
    from papayachat.script.bot import run

    signal.signal(signal.SIGTERM, _end)
    run(load(name), list(words))


def _end(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
