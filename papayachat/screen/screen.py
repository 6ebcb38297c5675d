"""The screen: rooms in a terminal, with prompt_toolkit.

Only the files in this folder know the terminal; they are imported when a screen opens. No timer
runs: between two keys or two messages there is no system call.
"""

import asyncio
import locale
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from errno import EIO

from prompt_toolkit.application import Application, in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.input import create_input
from prompt_toolkit.input.vt100 import Vt100Input

from papayachat.chat.cells import Row
from papayachat.chat.chat import Chat
from papayachat.disk import opened
from papayachat.disk import profile as profiles
from papayachat.disk.profile import Profile
from papayachat.disk.settings import Settings
from papayachat.room import send
from papayachat.room.link import in_thread
from papayachat.screen import elsewhere, frame, status, theme
from papayachat.screen.answers import Answers
from papayachat.screen.inputbox import InputBox
from papayachat.screen.keyboard.keys import Keyboard
from papayachat.screen.pane import Pane
from papayachat.screen.slash import table
from papayachat.screen.tty import Tty
from papayachat.screen.window import Window, Windows
from papayad.errors import DONE, Fault

SECONDS_PER_FRAME = 1 / 30  # at least, between two drawings, however much arrives
ESCAPE_WAITS = 0.05  # seconds for the rest of a key's sequence


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
        self._ground = ""  # the background, as the terminal says
        self._kept = 0
        self._tty = Tty()
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
        return self._tty.focused

    @focused.setter
    def focused(self, value: bool | None) -> None:
        self._tty.focused = value
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
        self._tty.take()
        try:
            await self.app.run_async(set_exception_handler=False)
        finally:
            self._tty.give_back()

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
        self._tty.ring()

    def notify(self, title: str, text: str) -> None:
        self._tty.notify(title, text)

    def shows(self, window: Window) -> bool:
        return window is self.windows.active and self._tty.focused is True

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
        self._tty.show_links(self.settings.get("links") == "on")
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
        window.chat.attention.focused = self._tty.focused
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
        self._tty.copy(text)

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
                self._tty.give_back()
                try:
                    act()
                except (Fault, KeyboardInterrupt) as error:
                    self.chat.note(str(error) or "interrupted")
                self._tty.take()
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
        if not (self.app.is_running and self._tty.is_ours()):
            return
        self.app.input.raw_mode().__enter__()
        self.app.renderer.reset()
        self._tty.take()
        self.draw()

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
        source = create_input(always_prefer_tty=True)
        if isinstance(source, Vt100Input):
            source.stdin_reader = Answers(source.stdin_reader, self._answered)  # type: ignore[assignment]
        messages = Pane(lambda: self.chat, self._tty.output.marks)
        app: Application[None] = Application(
            frame.layout(messages, self._rooms, self._status, self._question, self._box),
            key_bindings=self.keyboard.bindings,
            full_screen=True,
            mouse_support=Condition(lambda: self.settings.get("mouse") == "on"),
            color_depth=self._depth,
            min_redraw_interval=SECONDS_PER_FRAME,
            terminal_size_polling_interval=None,
            input=source,
            output=self._tty.output,
            after_render=self._rendered,
        )
        app.ttimeoutlen = ESCAPE_WAITS
        app.timeoutlen = 0.0
        app.key_processor.before_key_press += lambda _: self.chat.touch()
        return app

    def _rooms(self) -> Row:
        if len(self.windows.all) < 2:
            return []
        return status.rooms(self.windows.all, self.windows.active, self._tty.columns)

    def _status(self) -> Row:
        return status.row(self.chat, self._tty.columns)

    def _question(self) -> Row:
        return status.question(self.question, self._tty.columns) if self.question else []

    def _prompt(self) -> str:
        return f"{self.chat.me}> "

    def _rendered(self, app: Application[None]) -> None:
        """Note what was drawn as seen; if that changes something, draw again."""
        if app.is_running and self.chat.look_at():
            self.draw()
        self._tty.entitle(status.title(self.chat))
