"""The screen: rooms in a terminal, with prompt_toolkit.

Only the files in this folder know the terminal; they are imported when a screen opens. No timer
runs: between two keys or two messages there is no system call.
"""

import asyncio
import locale
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from errno import EIO

from prompt_toolkit.application import Application, in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import create_input
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.layout import (
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
)
from prompt_toolkit.layout import (
    Window as Area,
)

from papayachat.chat.cells import Row
from papayachat.chat.chat import Chat
from papayachat.disk import opened
from papayachat.disk import profile as profiles
from papayachat.disk.profile import Profile
from papayachat.disk.settings import Settings
from papayachat.room import send
from papayachat.room.link import in_thread
from papayachat.screen import answers, elsewhere, status, theme
from papayachat.screen.answers import Answers
from papayachat.screen.inputbox import InputBox
from papayachat.screen.keys import FOCUS_OFF, FOCUS_ON, Keyboard
from papayachat.screen.notify import desktop
from papayachat.screen.output import Output, has_links
from papayachat.screen.pane import Pane
from papayachat.screen.slash import table
from papayachat.screen.window import Window, Windows
from papayad.errors import DONE, Fault

SECONDS_PER_FRAME = 1 / 30  # at least, between two drawings, however much arrives
INPUT_ROWS = 8
ESCAPE_WAITS = 0.05  # seconds for the rest of a key's sequence
_TITLE_KEPT, _TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"
_NO_WHEEL_AS_ARROWS = "\x1b[?1007l"  # they would leaf through what was typed before


def run(chosen: Profile | None) -> int:
    """Chat until the person leaves; return the exit code. Without a profile: in the last rooms."""
    with suppress(locale.Error):
        locale.setlocale(locale.LC_TIME, "")
    settings = Settings()
    settings.load()
    kept = asyncio.run(_open(chosen, settings))
    with suppress(OSError):  # the terminal may be gone
        send.tell_kept(kept)
    return DONE


async def _open(chosen: Profile | None, settings: Settings) -> int:
    return await Screen(_profiles(chosen), settings, remember=chosen is None).run()


def _output() -> Output:
    made = Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
    assert isinstance(made, Output)
    return made


def _profiles(chosen: Profile | None) -> list[Profile]:
    if chosen is not None:
        return [chosen]
    default = profiles.load(None)
    found = []
    for name in dict.fromkeys([*opened.load(), default.name]):
        with suppress(Fault):  # /join says what is wrong with a broken one
            found.append(profiles.load(name))
    return found


class Screen:
    """Does what windows, keys and commands want outside of them (window.Around, keys.Face)."""

    def __init__(self, first: list[Profile], settings: Settings, remember: bool) -> None:
        self.settings = settings
        self.question = ""  # a question that has to be answered first
        self._remember = remember
        self._focused: bool | None = None
        self._ground = ""  # the background, as the terminal says
        self._title = ""
        self._kept = 0
        self._output = _output()
        self._box = InputBox(Buffer(), self._prompt)
        self._depth = theme.depth()
        self.windows = Windows([Window(each, settings, self) for each in first], self._show)
        self.keyboard = Keyboard(self)
        self.app = self._application()

    @property
    def chat(self) -> Chat:
        return self.windows.active.chat

    @property
    def input(self) -> Buffer:
        return self.windows.active.input

    @property
    def focused(self) -> bool | None:
        """Whether the terminal has the focus; None: it does not say."""
        return self._focused

    @focused.setter
    def focused(self, value: bool | None) -> None:
        self._focused = value
        for window in self.windows.all:
            window.chat.attention.focused = value

    async def run(self) -> int:
        """Run until the person leaves; return how many messages wait for the next time."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        for ending in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(ending, self.quit)
        loop.add_signal_handler(signal.SIGTSTP, self.suspend)
        loop.add_signal_handler(signal.SIGCONT, self._go_on)
        self.restyle()
        for window in self.windows.all:
            window.open()
        try:
            await self._draw_until_left()
        except EOFError:
            pass  # the terminal is gone
        except OSError as error:
            if error.errno != EIO:  # this also means that the terminal is gone
                raise
        finally:
            self._close()
        return self._kept

    async def _draw_until_left(self) -> None:
        self._ask_terminal()
        try:
            await self.app.run_async(set_exception_handler=False)
        finally:
            self._let_terminal_go()

    def _close(self) -> None:
        if self._remember:
            active = self.windows.active
            others = [one for one in self.windows.all if one is not active]
            opened.save([one.profile.name for one in [active, *others]])
        self._kept += sum(window.close() for window in self.windows.all)

    # What windows want.

    def draw(self) -> None:
        self.app.invalidate()

    def ring(self) -> None:
        self._output.bell()
        self._output.flush()

    def notify(self, title: str, text: str) -> None:
        self._output.write_raw(desktop(title, text))
        self._output.flush()

    def shows(self, window: Window) -> bool:
        return window is self.windows.active and self._focused is True

    # What commands and keys want.

    def quit(self) -> None:
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def submit(self) -> None:
        """Send or do what was typed."""
        window = self.windows.active
        text = window.input.text
        if not text.strip():
            return
        window.input.append_to_history()
        window.input.reset()
        window.sent()
        if not table.submit(self, text):
            window.input.insert_text(text)

    def draft(self, text: str) -> None:
        self.input.insert_text(text)

    def restyle(self) -> None:
        """Look as the settings, the terminal and the person's own file say."""
        chosen = self.settings.get("theme")
        ground = chosen if chosen != "auto" else self._ground or theme.ground()
        self.app.style, problems = theme.style(ground, self._depth)
        for problem in problems:
            self.chat.note(problem)
        self._output.links = self.settings.get("links") == "on" and has_links(os.environ)
        self.draw()

    def join(self, profile: str) -> None:
        if not profile:
            self._elsewhere(self._take_invite)
            return
        window = self.windows.of(profile)
        if window is not None:
            self.windows.show(window)
            return
        window = Window(profiles.load(profile), self.settings, self)
        window.chat.attention.focused = self._focused
        self.windows.add(window)
        window.open()

    def part(self) -> None:
        window = self.windows.active
        self.windows.remove(window)
        self._kept += window.close()

    def bare(self) -> None:
        copy, end = self.chat.copy, self.chat.view.span()[1]
        self._elsewhere(lambda: elsewhere.bare(copy, end))

    def edit(self) -> None:
        buffer = self.input

        def edit() -> None:
            text = elsewhere.edited(buffer.text)
            buffer.text = text
            buffer.cursor_position = len(text)

        self._elsewhere(edit)

    def copy(self, text: str) -> None:
        self._output.write_raw(elsewhere.clipboard(text))
        self._output.flush()

    def browse(self, address: str) -> None:
        try:
            elsewhere.browse(address)
        except Fault as fault:
            self.chat.note(str(fault))

    def apart(self, act: Callable[[], str]) -> None:
        chat = self.chat

        def told(text: str | Fault) -> None:
            chat.note(str(text))
            self.draw()

        in_thread(act, told, told)

    def suspend(self) -> None:
        """Stop, as the terminal would do; go on at SIGCONT."""
        self._elsewhere(lambda: os.kill(os.getpid(), signal.SIGSTOP))

    # The terminal.

    def _elsewhere(self, act: Callable[[], None]) -> None:
        """Give the terminal back, do something in it, and take it again."""

        async def away() -> None:
            async with in_terminal():
                self._let_terminal_go()
                try:
                    act()
                except (Fault, KeyboardInterrupt) as error:
                    self.chat.note(str(error) or "interrupted")
                self._ask_terminal()
            self.draw()

        self.app.create_background_task(away())

    def _take_invite(self) -> None:
        before = set(profiles.names())
        if not elsewhere.join():
            return
        default = profiles.default()
        for name in sorted(set(profiles.names()) - before) or ([default] if default else []):
            self.join(name)

    def _go_on(self) -> None:
        """Go on after a stop from outside, for which the shell took the terminal back."""
        if not self.app.is_running or os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():
            return
        self.app.input.raw_mode().__enter__()
        self.app.renderer.reset()
        self._ask_terminal()
        self.draw()

    def _ask_terminal(self) -> None:
        """Ask the terminal for what the screen needs besides drawing."""
        self._title = ""
        asked = _TITLE_KEPT + FOCUS_ON + _NO_WHEEL_AS_ARROWS + answers.QUESTION
        self._output.write_raw(asked)
        self._output.flush()

    def _let_terminal_go(self) -> None:
        self._output.write_raw(FOCUS_OFF + _TITLE_BACK)
        self._output.flush()

    def _answered(self, ground: str) -> None:
        if ground != self._ground:
            self._ground = ground
            asyncio.get_running_loop().call_soon(self.restyle)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """After a bug: first restore the terminal, then say what happened."""
        error = context.get("exception")
        if not self.app.is_done and isinstance(error, BaseException):
            self.app.exit(exception=error)

    # What is drawn.

    def _show(self, window: Window) -> None:
        """Show another room."""
        self._box.buffer = window.input

    def _application(self) -> Application[None]:
        several = Condition(lambda: len(self.windows.all) > 1)
        asks = Condition(lambda: bool(self.question))
        typed = Area(self._box, height=Dimension(min=1, max=INPUT_ROWS), dont_extend_height=True)
        rows = HSplit(
            [
                Area(Pane(lambda: self.chat, Output.marks), always_hide_cursor=True),
                ConditionalContainer(self._line(self._rooms), several),
                self._line(lambda width: status.row(self.chat, width)),
                ConditionalContainer(self._line(self._question), asks),
                typed,
            ]
        )
        source = create_input(always_prefer_tty=True)
        if isinstance(source, Vt100Input):
            source.stdin_reader = Answers(source.stdin_reader, self._answered)  # type: ignore[assignment]
        app: Application[None] = Application(
            Layout(rows, focused_element=typed),
            key_bindings=self.keyboard.bindings,
            full_screen=True,
            mouse_support=Condition(lambda: self.settings.get("mouse") == "on"),
            color_depth=self._depth,
            min_redraw_interval=SECONDS_PER_FRAME,
            terminal_size_polling_interval=None,
            input=source,
            output=self._output,
            after_render=self._rendered,
        )
        app.ttimeoutlen = ESCAPE_WAITS
        app.timeoutlen = 0.0
        app.key_processor.before_key_press += lambda _: self.chat.touch()
        return app

    def _line(self, row: Callable[[int], Row]) -> Area:
        def drawn() -> StyleAndTextTuples:
            pieces = row(self._output.get_size().columns)
            return [(piece.style, piece.text) for piece in pieces]

        return Area(FormattedTextControl(drawn), height=1)

    def _rooms(self, width: int) -> Row:
        return status.rooms(self.windows.all, self.windows.active, width)

    def _question(self, width: int) -> Row:
        return status.question(self.question, width)

    def _prompt(self) -> str:
        return f"{self.chat.me}> "

    def _rendered(self, app: Application[None]) -> None:
        """Note what was drawn as seen; if that changes something, draw again."""
        if app.is_running and self.chat.look_at():
            self.draw()
        title = status.title(self.chat)
        if title != self._title:
            self._title = title
            self._output.set_title(title)
            self._output.flush()
