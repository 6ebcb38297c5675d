"""Esc, and Alt with a key.

Esc and a key that follows it at once is what a terminal sends for Alt and that key, and nobody can
tell them apart when a multiplexer or a slow line has put them together. So Alt is a key only where
the screen says so at that moment; everything else is Esc, and then the key. Nothing that was typed
is eaten, least of all the slash before a command.
"""

from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from papayachat.screen.keyboard.face import Face
from papayachat.screen.slash import table


def bind(bindings: KeyBindings, screen: Face) -> None:
    add = bindings.add
    usual = Condition(lambda: not screen.question)

    @add("escape", filter=usual)
    def _escape(event: KeyPressEvent) -> None:
        screen.chat.escape()

    @add("escape", Keys.Any, filter=usual, eager=True)
    def _escape_and_key(event: KeyPressEvent) -> None:
        screen.chat.escape()
        event.key_processor.feed(event.key_sequence[-1], first=True)

    @add("escape", "enter", filter=usual, eager=True)
    @add("escape", "c-j", filter=usual, eager=True)
    def _newline(event: KeyPressEvent) -> None:
        if screen.input.text:
            screen.input.insert_text("\n")

    @add("escape", "up", eager=True)
    def _up(event: KeyPressEvent) -> None:
        screen.chat.scroll(-1)

    @add("escape", "down", eager=True)
    def _down(event: KeyPressEvent) -> None:
        screen.chat.scroll(1)

    @add("escape", "<", filter=usual, eager=True)
    def _first(event: KeyPressEvent) -> None:
        screen.chat.to_start()

    @add("escape", ">", filter=usual, eager=True)
    def _last(event: KeyPressEvent) -> None:
        screen.chat.view.to_end()

    unread = Condition(lambda: screen.chat.attention.unread > 0)

    @add("escape", "u", filter=usual & unread, eager=True)
    def _unread(event: KeyPressEvent) -> None:
        table.obey(screen, "/unread")

    mentioned = Condition(lambda: screen.chat.attention.mentions > 0)

    @add("escape", "m", filter=usual & mentioned, eager=True)
    def _mention(event: KeyPressEvent) -> None:
        table.obey(screen, "/mention")

    news = Condition(lambda: screen.windows.with_news() is not None)

    @add("escape", "a", filter=usual & news, eager=True)
    def _next(event: KeyPressEvent) -> None:
        window = screen.windows.with_news()
        if window is not None:
            screen.windows.show(window)

    for number in range(1, 10):
        _bind_window(bindings, screen, number)


def _bind_window(bindings: KeyBindings, screen: Face, number: int) -> None:
    there = Condition(lambda: 1 < len(screen.windows.all) >= number)

    @bindings.add("escape", str(number), filter=there, eager=True)
    def _show(event: KeyPressEvent) -> None:
        screen.windows.number(number)
