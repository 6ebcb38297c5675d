"""papayachat send: one message, or one a line, exactly once."""

import sys

import click

from papayachat.disk import profile
from papayachat.stream import draft
from papayachat.stream.terminal import tell


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
@click.option("--lines", is_flag=True, help="Each line of stdin is a message, as long as it comes.")
@click.pass_context
def command(ctx: click.Context, text: tuple[str, ...], seconds: float, lines: bool) -> None:
    """Send TEXT, or what stdin has, and end with 0 when it is in the log. It arrives exactly once,
    whatever happens to the connection. 75 means: try again, with the same text."""
    from papayachat.room.send import send

    if lines and text not in ((), ("-",)):
        raise click.UsageError("--lines takes them from stdin.")
    chosen = profile.load(ctx.obj)
    if lines:
        from papayachat.script.feed import feed

        ctx.exit(feed(chosen))
    send(chosen, _text(text), seconds, tell)


def _text(words: tuple[str, ...]) -> str:
    if words == ("-",) or (not words and not sys.stdin.isatty()):
        return draft.decode(sys.stdin.buffer.read())
    if not words:
        raise click.UsageError("Missing TEXT.")
    return " ".join(words)
