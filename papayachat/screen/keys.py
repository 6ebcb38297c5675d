"""The keys, and other things that a terminal sends: pasted text, and whether it has the focus."""

import os
import signal
from typing import Protocol

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import Output

from papayachat.chat import paste
from papayachat.chat.chat import Chat
from papayachat.screen import completion, slash

FOCUS_ON, FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"
_GOT_FOCUS, _LOST_FOCUS = Keys.ControlF23, Keys.ControlF24  # no keyboard has these keys

ANSI_SEQUENCES["\x1b[I"] = _GOT_FOCUS
ANSI_SEQUENCES["\x1b[O"] = _LOST_FOCUS


def _suspended(output: Output) -> None:
    """Stop this job, as the terminal would do, and go on when the shell continues it."""
    output.write_raw(FOCUS_OFF)
    output.flush()
    os.kill(0, signal.SIGTSTP)
    output.write_raw(FOCUS_ON)
    output.flush()


class Face(Protocol):
    """What the keys act on: the screen."""

    chat: Chat
    input: Buffer
    question: str

    def submit(self) -> None:
        """Send or do what was typed."""

    def quit(self) -> None:
        """Leave."""


class Keyboard:
    """`bindings` for a screen. It keeps what is unfinished: a paste, a completion."""

    def __init__(self, screen: Face) -> None:
        self._screen = screen
        self._chat = screen.chat
        self._pasted = ""
        self._choices: list[str] = []
        self._choice = 0
        self._shown: tuple[str, int] = ("", 0)  # text and cursor after the last Tab
        self.bindings = KeyBindings()
        self._bind_question()
        self._bind_input()
        self._bind_view()
        self._bind_terminal()

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
            self._chat.touch()
            self._screen.submit()

        @add("escape", "enter", filter=usual)
        @add("escape", "c-j", filter=usual)
        def _newline(event: KeyPressEvent) -> None:
            self._screen.input.insert_text("\n")

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

        @add("c-r", filter=usual)
        def _search(event: KeyPressEvent) -> None:
            if not self._screen.input.text:
                self._insert("/search ")

    def _bind_view(self) -> None:
        add = self.bindings.add
        view = self._chat.view

        @add("pageup")
        def _page_up(event: KeyPressEvent) -> None:
            self._chat.scroll(-max(1, view.height - 2))

        @add("pagedown")
        def _page_down(event: KeyPressEvent) -> None:
            self._scroll_down(max(1, view.height - 2))

        @add("s-up")
        @add("escape", "up")
        def _up(event: KeyPressEvent) -> None:
            self._chat.scroll(-1)

        @add("s-down")
        @add("escape", "down")
        def _down(event: KeyPressEvent) -> None:
            self._scroll_down(1)

        @add("escape", "<")
        @add("c-home")
        def _first(event: KeyPressEvent) -> None:
            self._chat.timeline.floor = 0
            view.to_start()
            self._chat.scroll(-1)

        @add("escape", ">")
        @add("c-end")
        def _last(event: KeyPressEvent) -> None:
            view.to_end()
            self._chat.touch()

        @add("escape", filter=Condition(lambda: not self._screen.question))
        def _escape(event: KeyPressEvent) -> None:
            if self._chat.finder.pattern is not None:
                self._chat.finder.end()
            view.to_end()
            self._chat.touch()

        @add("escape", "u")
        def _unread(event: KeyPressEvent) -> None:
            slash.obey(self._chat, "/unread")

        @add("escape", "p")
        def _older(event: KeyPressEvent) -> None:
            self._search_on(back=True)

        @add("escape", "n")
        def _newer(event: KeyPressEvent) -> None:
            self._search_on(back=False)

    def _bind_terminal(self) -> None:
        add = self.bindings.add

        @add("c-l")
        def _redraw(event: KeyPressEvent) -> None:
            event.app.renderer.clear()

        @add("c-z")
        def _suspend(event: KeyPressEvent) -> None:
            run_in_terminal(lambda: _suspended(event.app.output))

        @add(_GOT_FOCUS)
        def _got(event: KeyPressEvent) -> None:
            self._chat.attention.focused = True
            self._chat.touch()

        @add(_LOST_FOCUS)
        def _lost(event: KeyPressEvent) -> None:
            self._chat.attention.focused = False

    def _scroll_down(self, count: int) -> None:
        self._chat.scroll(count)
        self._chat.touch()

    def _insert(self, text: str) -> None:
        self._screen.input.insert_text(text)

    def _search_on(self, back: bool) -> None:
        pattern = self._chat.finder.pattern
        if pattern is not None and not self._chat.finder.filtered:
            self._chat.finder.search(pattern, back)

    def _complete(self, step: int) -> None:
        """Show the next completion; after the last one, what was typed."""
        buffer = self._screen.input
        if self._shown != (buffer.text, buffer.cursor_position) or not self._choices:
            before = buffer.document.text_before_cursor
            found = completion.candidates(before, self._chat.client.people, slash.names())
            self._choices = [before, *found] if found else []
            self._choice = 0
        if not self._choices:
            return
        old = self._choices[self._choice]
        self._choice = (self._choice + step) % len(self._choices)
        buffer.delete_before_cursor(len(old))
        buffer.insert_text(self._choices[self._choice])
        self._shown = (buffer.text, buffer.cursor_position)
