"""The screen: the chat in a terminal, with prompt_toolkit.

Only this module and two others (keys, pane) know the terminal; they are imported when the screen
opens. No timer runs: between two keys or two messages there is no system call.
"""

import asyncio
import signal
from contextlib import suppress
from errno import EIO

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from papayachat.chat.chat import Chat
from papayachat.disk import outbox
from papayachat.disk.profile import Profile
from papayachat.disk.settings import Settings
from papayachat.room import send
from papayachat.room.events import Event
from papayachat.room.fetch import fetch
from papayachat.room.link import Link, in_thread
from papayachat.screen import slash, status, theme
from papayachat.screen.keys import FOCUS_OFF, FOCUS_ON, Keyboard
from papayachat.screen.notify import desktop
from papayachat.screen.pane import Pane
from papayachat.stream.cursor import Cursor
from papayad.errors import DONE, Fault

SECONDS_PER_FRAME = 1 / 30  # seconds between two drawings, however much arrives
INPUT_ROWS = 8


def run(profile: Profile) -> int:
    """Chat until the person leaves; return the exit code."""
    settings = Settings()
    settings.load()
    box = outbox.of_device(profile.session, profile.identity)
    try:
        asyncio.run(_open(profile, box, settings))
    finally:
        kept = box.put_away()
        with suppress(OSError):  # the terminal may be gone
            send.tell_kept(kept)
    return DONE


async def _open(profile: Profile, box: outbox.Outbox, settings: Settings) -> None:
    await Screen(profile, box, settings).run()


class Screen:
    """What the chat wants done around it (chat.Hands), and what a terminal does with it."""

    def __init__(self, profile: Profile, box: outbox.Outbox, settings: Settings) -> None:
        self._profile = profile
        self.chat = Chat(profile, box, settings, self)
        self._link = Link(self.chat.client.room, self._hear, self._dismiss, self._draw)
        self.question = ""  # a question that has to be answered first
        self.input = Buffer(multiline=True, history=InMemoryHistory(self.chat.own_messages()))
        self.keyboard = Keyboard(self)
        self.app = self._application()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._failed)
        for ending in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(ending, self.quit)
        in_thread(self._settle_left, self._tell_left, self._tell_left)
        self._link.poke()
        self.app.output.write_raw(FOCUS_ON)
        try:
            await self._draw_until_left()
        except EOFError:
            pass  # the terminal is gone
        except OSError as error:
            if error.errno != EIO:  # this also means that the terminal is gone
                raise
        finally:
            self._link.close()
            self.chat.close()

    async def _draw_until_left(self) -> None:
        try:
            await self.app.run_async(set_exception_handler=False)
        finally:
            self.app.output.write_raw(FOCUS_OFF)
            self.app.output.flush()

    # What the chat wants.

    def poke(self) -> None:
        self._link.poke()

    def call(self, who: str, text: str, mention: bool) -> None:
        settings, output = self.chat.settings, self.app.output
        if settings["bell"] == "all" or (mention and settings["bell"] == "mentions"):
            output.bell()
        wanted = settings["notify"] == "all" or (mention and settings["notify"] == "mentions")
        if wanted and self.chat.attention.focused is not True:
            output.write_raw(desktop(f"{self.chat.name}: {who}", text))
        output.flush()

    def fetch(self, before: Cursor, known: int) -> None:
        def fetched(found: tuple[Cursor, bytes]) -> None:
            self.chat.fetched(*found)
            self._draw()

        def failed(fault: Fault) -> None:
            self.chat.not_fetched(fault)
            self._draw()

        in_thread(lambda: fetch(self._profile, before, known), fetched, failed)

    def quit(self) -> None:
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    def submit(self) -> None:
        """Send or do what was typed."""
        text = self.input.text
        if text.strip():
            self.input.append_to_history()
            self.input.reset()
            slash.submit(self.chat, text)
            self.app.style = _style(self.chat.settings)

    def _hear(self, events: list[Event]) -> None:
        self.chat.hear(events)
        self._draw()

    def _dismiss(self, fault: Fault) -> None:
        self.chat.dismiss(fault)
        self._draw()

    def _draw(self) -> None:
        self.app.invalidate()

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """After a bug, or on a full disk: first restore the terminal, then say what happened."""
        error = context.get("exception")
        if not self.app.is_done and isinstance(error, BaseException):
            self.app.exit(exception=error)

    def _settle_left(self) -> list[str]:
        told: list[str] = []
        send.settle_left(self._profile, told.append)
        return told

    def _tell_left(self, told: list[str] | Fault) -> None:
        for text in told if isinstance(told, list) else [str(told)]:
            self.chat.note(text)
            self._draw()

    def _application(self) -> Application[None]:
        messages = Window(Pane(self.chat), wrap_lines=False, always_hide_cursor=True)
        below = Window(FormattedTextControl(self._status), height=1, style="class:status")
        control = BufferControl(self.input, focus_on_click=True)
        typed = Window(
            control,
            height=Dimension(min=1, max=INPUT_ROWS),
            wrap_lines=True,
            dont_extend_height=True,
            get_line_prefix=self._prefix,
        )
        asked = Window(FormattedTextControl(self._question), height=1, style="class:question")
        asks = Condition(lambda: bool(self.question))
        bottom = HSplit([messages, below, ConditionalContainer(asked, asks), typed])
        app: Application[None] = Application(
            Layout(bottom, focused_element=typed),
            style=_style(self.chat.settings),
            key_bindings=self.keyboard.bindings,
            full_screen=True,
            mouse_support=Condition(lambda: self.chat.settings["mouse"] == "on"),
            color_depth=None if theme.has_color() else ColorDepth.DEPTH_1_BIT,
            min_redraw_interval=SECONDS_PER_FRAME,
            terminal_size_polling_interval=None,
        )
        app.ttimeoutlen = 0.1
        app.timeoutlen = 0.2
        app.key_processor.before_key_press += lambda _: self.chat.touch()
        return app

    def _status(self) -> StyleAndTextTuples:
        return [*status.row(self.chat, self.app.output.get_size().columns)]

    def _question(self) -> str:
        return self.question[: self.app.output.get_size().columns]

    def _prefix(self, line: int, wrapped: int) -> StyleAndTextTuples:
        return [("class:prompt", "> " if line == 0 and wrapped == 0 else "  ")]


def _style(settings: Settings) -> Style:
    return Style.from_dict(theme.styles(settings["theme"]))
