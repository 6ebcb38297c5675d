"""papayachat send: one message, exactly once."""

import sys

import click

from papayachat import draft, profile
from papayachat.terminal import tell


@click.command("send")
@click.argument("text", nargs=-1)
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Give up after so many seconds.",
)
@click.pass_obj
def command(name: str | None, text: tuple[str, ...], seconds: float) -> None:
    """Send TEXT, or stdin, and end with 0 once it is in the log. It arrives exactly once, whatever
    happens to the connection; 75: try again, with the same text."""
    from papayachat.sending import send

    chosen = profile.load(name)
    send(chosen, draft.write(_text(text)), seconds, tell)


def _text(words: tuple[str, ...]) -> str:
    if words == ("-",) or (not words and not sys.stdin.isatty()):
        return draft.decode(sys.stdin.buffer.read())
    if not words:
        raise click.UsageError("Missing TEXT.")
    return " ".join(words)
