"""The keys, and other things that a terminal sends: pasted text, and whether it has the focus.

For Alt and a key a terminal sends Esc and then that key. If a multiplexer or a slow line brings Esc
and a key together, nobody can tell the two cases apart. So Alt works only with the keys for which
the screen has a use at that moment; everything else is Esc, and then the key. Nothing that was
typed is lost, least of all the slash before a command.
"""

from typing import Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from papayachat.chat import paste
from papayachat.chat.chat import Chat
from papayachat.chat.glyphs import stops
from papayachat.disk import profile as profiles
from papayachat.screen import completion
from papayachat.screen.slash import table
from papayachat.screen.slash.desk import Desk
from papayachat.screen.window import Windows

FOCUS_ON, FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"
_GOT_FOCUS, _LOST_FOCUS = Keys.ControlF23, Keys.ControlF24  # no keyboard has these keys

ANSI_SEQUENCES["\x1b[I"] = _GOT_FOCUS
ANSI_SEQUENCES["\x1b[O"] = _LOST_FOCUS


class Face(Desk, Protocol):
    """What the keys act on: the screen."""

    question: str
    focused: bool | None

    @property
    def input(self) -> Buffer: ...

    def submit(self) -> None:
        """Send or do what was typed."""

    def suspend(self) -> None:
        """Stop this job, as the terminal would do."""


class Keyboard:
    """`bindings` for a screen. It keeps what is unfinished: a paste, a completion."""

    def __init__(self, screen: Face) -> None:
        self._screen = screen
        self._pasted = ""
        self._choices: list[str] = []
        self._choice = 0
        self._shown: tuple[str, int] = ("", 0)  # text and cursor after the last Tab
        self.bindings = KeyBindings()
        self._bind_question()
        self._bind_input()
        self._bind_cursor()
        self._bind_view()
        self._bind_alt()
        self._bind_terminal()

    @property
    def _chat(self) -> Chat:
        return self._screen.chat

    @property
    def _windows(self) -> Windows:
        return self._screen.windows

    def _bind_question(self) -> None:
        add = self.bindings.add
        asked = Condition(lambda: bool(self._screen.question))

        @add(Keys.Any, filter=asked, eager=True)
        @add("escape", filter=asked, eager=True)
        @add("enter", filter=asked, eager=True)
        @add("c-c", filter=asked, eager=True)
        def _answer(event: KeyPressEvent) -> None:
            if event.data in ("y", "Y"):
                self._insert(self._pasted)
            self._pasted = self._screen.question = ""

    def _bind_input(self) -> None:
        add = self.bindings.add
        usual = Condition(lambda: not self._screen.question)

        @add("enter", filter=usual)
        @add("c-j", filter=usual)  # Enter, typed before the screen opened
        def _enter(event: KeyPressEvent) -> None:
            self._screen.submit()

        @add("tab", filter=usual)
        def _tab(event: KeyPressEvent) -> None:
            self._complete(1)

        @add("s-tab", filter=usual)
        def _back(event: KeyPressEvent) -> None:
            self._complete(-1)

        @add(Keys.BracketedPaste, filter=usual)
        def _paste(event: KeyPressEvent) -> None:
            text = paste.lines(event.data)
            count = text.count("\n") + 1
            if count <= paste.LINES_UNASKED:
                self._insert(text)
                return
            self._pasted = text
            self._screen.question = f" Paste {count} lines? y, or any other key for no "

        @add("c-c")
        def _clear(event: KeyPressEvent) -> None:
            if not self._screen.input.text:
                self._chat.note("Ctrl-D or /quit leaves")
            self._screen.input.reset()

        @add("c-d", filter=usual & Condition(lambda: not self._screen.input.text))
        def _leave(event: KeyPressEvent) -> None:
            self._screen.quit()

        @add("c-x", "c-e", filter=usual)
        def _edit(event: KeyPressEvent) -> None:
            self._screen.edit()

    def _bind_cursor(self) -> None:
        """Move and delete by what a person takes for one character, whatever it is made of."""
        add = self.bindings.add

        @add("backspace")
        @add("c-h")
        def _backspace(event: KeyPressEvent) -> None:
            buffer = self._screen.input
            buffer.delete_before_cursor(buffer.cursor_position - _stop_before(buffer))

        @add("delete")
        @add("c-d", filter=Condition(lambda: bool(self._screen.input.text)))
        def _delete(event: KeyPressEvent) -> None:
            buffer = self._screen.input
            buffer.delete(_stop_after(buffer) - buffer.cursor_position)

        @add("left")
        @add("c-b")
        def _left(event: KeyPressEvent) -> None:
            self._screen.input.cursor_position = _stop_before(self._screen.input)

        @add("right")
        @add("c-f")
        def _right(event: KeyPressEvent) -> None:
            self._screen.input.cursor_position = _stop_after(self._screen.input)

    def _bind_view(self) -> None:
        add = self.bindings.add
        searched = Condition(
            lambda: self._chat.finder.query is not None and not self._chat.finder.filtered
        )

        @add("pageup")
        def _page_up(event: KeyPressEvent) -> None:
            self._chat.scroll(-max(1, self._chat.view.height - 2))

        @add("pagedown")
        def _page_down(event: KeyPressEvent) -> None:
            self._chat.scroll(max(1, self._chat.view.height - 2))

        @add("s-up")
        def _up(event: KeyPressEvent) -> None:
            self._chat.scroll(-1)

        @add("s-down")
        def _down(event: KeyPressEvent) -> None:
            self._chat.scroll(1)

        @add("c-home")
        def _first(event: KeyPressEvent) -> None:
            self._chat.to_start()

        @add("c-end")
        def _last(event: KeyPressEvent) -> None:
            self._chat.view.to_end()

        @add("c-p", filter=searched)
        @add("c-r", filter=searched)
        def _older(event: KeyPressEvent) -> None:
            self._chat.finder.older()

        @add("c-n", filter=searched)
        def _newer(event: KeyPressEvent) -> None:
            self._chat.finder.newer()

        @add("c-r", filter=~searched)
        def _search(event: KeyPressEvent) -> None:
            if not self._screen.input.text:
                self._insert("/search ")

        @add("f2")
        def _bare(event: KeyPressEvent) -> None:
            self._screen.bare()

    def _bind_alt(self) -> None:
        add = self.bindings.add
        usual = Condition(lambda: not self._screen.question)

        @add("escape", filter=usual)
        def _escape(event: KeyPressEvent) -> None:
            self._chat.escape()

        @add("escape", Keys.Any, filter=usual, eager=True)
        def _escape_and_key(event: KeyPressEvent) -> None:
            self._chat.escape()
            event.key_processor.feed(event.key_sequence[-1], first=True)

        @add("escape", "enter", filter=usual, eager=True)
        @add("escape", "c-j", filter=usual, eager=True)
        def _newline(event: KeyPressEvent) -> None:
            if self._screen.input.text:
                self._insert("\n")

        @add("escape", "up", eager=True)
        def _up(event: KeyPressEvent) -> None:
            self._chat.scroll(-1)

        @add("escape", "down", eager=True)
        def _down(event: KeyPressEvent) -> None:
            self._chat.scroll(1)

        @add("escape", "<", filter=usual, eager=True)
        def _first(event: KeyPressEvent) -> None:
            self._chat.to_start()

        @add("escape", ">", filter=usual, eager=True)
        def _last(event: KeyPressEvent) -> None:
            self._chat.view.to_end()

        unread = Condition(lambda: self._chat.attention.unread > 0)

        @add("escape", "u", filter=usual & unread, eager=True)
        def _unread(event: KeyPressEvent) -> None:
            table.obey(self._screen, "/unread")

        mentioned = Condition(lambda: self._chat.attention.mentions > 0)

        @add("escape", "m", filter=usual & mentioned, eager=True)
        def _mention(event: KeyPressEvent) -> None:
            table.obey(self._screen, "/mention")

        news = Condition(lambda: self._windows.with_news() is not None)

        @add("escape", "a", filter=usual & news, eager=True)
        def _next(event: KeyPressEvent) -> None:
            window = self._windows.with_news()
            if window is not None:
                self._windows.show(window)

        for number in range(1, 10):
            self._bind_window(number)

    def _bind_window(self, number: int) -> None:
        there = Condition(lambda: 1 < len(self._windows.all) >= number)

        @self.bindings.add("escape", str(number), filter=there, eager=True)
        def _show(event: KeyPressEvent) -> None:
            self._windows.number(number)

    def _bind_terminal(self) -> None:
        add = self.bindings.add

        @add("c-l")
        def _redraw(event: KeyPressEvent) -> None:
            event.app.renderer.clear()

        @add("c-z")
        def _suspend(event: KeyPressEvent) -> None:
            self._screen.suspend()

        @add(_GOT_FOCUS)
        def _got(event: KeyPressEvent) -> None:
            self._screen.focused = True

        @add(_LOST_FOCUS)
        def _lost(event: KeyPressEvent) -> None:
            self._screen.focused = False

    def _insert(self, text: str) -> None:
        self._screen.input.insert_text(text)

    def _complete(self, step: int) -> None:
        """Show the next completion; after the last one, what was typed."""
        buffer = self._screen.input
        if self._shown != (buffer.text, buffer.cursor_position) or not self._choices:
            before = buffer.document.text_before_cursor
            people = self._chat.client.people
            found = completion.candidates(before, people, table.names(), profiles.names())
            self._choices = [before, *found] if found else []
            self._choice = 0
        if not self._choices:
            return
        old = self._choices[self._choice]
        self._choice = (self._choice + step) % len(self._choices)
        buffer.delete_before_cursor(len(old))
        buffer.insert_text(self._choices[self._choice])
        self._shown = (buffer.text, buffer.cursor_position)


def _stop_before(buffer: Buffer) -> int:
    places = [place for place in stops(buffer.text) if place < buffer.cursor_position]
    return places[-1] if places else 0


def _stop_after(buffer: Buffer) -> int:
    return next(
        (place for place in stops(buffer.text) if place > buffer.cursor_position), len(buffer.text)
    )
