"""The keyboard: keys that edit, answer and leave, and what a terminal sends that is no key: pasted
text, and whether it has the focus."""

from prompt_toolkit.filters import Condition
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from papayachat.chat import paste
from papayachat.chat.chat import Chat
from papayachat.disk import profile as profiles
from papayachat.screen import completion
from papayachat.screen.keyboard import alt, cursor, view
from papayachat.screen.keyboard.face import Face
from papayachat.screen.slash import table

_GOT_FOCUS, _LOST_FOCUS = Keys.ControlF23, Keys.ControlF24  # no keyboard has these keys

ANSI_SEQUENCES["\x1b[I"] = _GOT_FOCUS
ANSI_SEQUENCES["\x1b[O"] = _LOST_FOCUS


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
        cursor.bind(self.bindings, screen)
        view.bind(self.bindings, screen)
        alt.bind(self.bindings, screen)
        self._bind_terminal()

    @property
    def _chat(self) -> Chat:
        return self._screen.chat

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
