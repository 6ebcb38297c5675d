"""A window: one room on the screen, with its connection and its typed text (chat.Hands).

A screen can have several, and shows one of them; each may lose its connection by itself.
"""

import time
from collections.abc import Callable
from typing import Protocol

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.history import InMemoryHistory

from papayachat.chat.chat import Chat
from papayachat.chat.finder import Scan
from papayachat.disk import outboxes
from papayachat.disk.profile import Profile
from papayachat.disk.search import Query
from papayachat.disk.settings import Settings, is_quiet
from papayachat.disk.unsent import Unsent
from papayachat.room import send
from papayachat.room.events import Event
from papayachat.room.fetch import fetch
from papayachat.room.link import Link, in_thread
from papayachat.screen.scanner import Scanner
from papayachat.stream.cursor import Cursor
from papayad.errors import Fault


class Around(Protocol):
    """What a window wants from the screen."""

    def draw(self) -> None: ...

    def ring(self) -> None: ...

    def notify(self, title: str, text: str) -> None: ...

    def shows(self, window: "Window") -> bool:
        """Whether the person sees this one, as far as the terminal says."""


class Window:
    def __init__(self, profile: Profile, settings: Settings, around: Around) -> None:
        self.profile = profile
        self._around = around
        self._box = outboxes.of_person(profile.session, profile.identity)
        self.chat = Chat(profile, self._box, settings.of(profile.name), self)
        self._unsent = Unsent(profile.name)
        self.input = Buffer(multiline=True, history=InMemoryHistory(self.chat.own_messages()))
        self.input.insert_text(self._unsent.load())
        self._link = Link(self.chat.client.room, self._hear, self._dismiss, around.draw)

    def open(self) -> None:
        """Connect, and deliver what earlier commands left."""
        in_thread(self._settle_left, self._tell_left, self._tell_left)
        self._link.poke()

    def close(self) -> int:
        """Leave the room; return how many messages wait for the next time."""
        self._link.close()
        self._unsent.save(self.input.text)
        self.chat.close()
        return self._box.put_away()

    def sent(self) -> None:
        """Forget what was typed, since it was sent."""
        self._unsent.save("")

    # What the chat wants.

    def poke(self) -> None:
        self._link.poke()

    def call(self, who: str, text: str, mention: bool) -> None:
        settings = self.chat.settings
        at = time.localtime()
        if is_quiet(settings["quiet"], at.tm_hour * 60 + at.tm_min):
            return
        if _wanted(settings["bell"], mention):
            self._around.ring()
        if _wanted(settings["notify"], mention) and not self._around.shows(self):
            self._around.notify(f"{self.chat.name}: {who}", text)

    def fetch(self, before: Cursor, lines: int) -> None:
        def fetched(found: tuple[Cursor, bytes]) -> None:
            self.chat.fetched(*found)
            self._around.draw()

        def failed(fault: Fault) -> None:
            self.chat.not_fetched(fault)
            self._around.draw()

        in_thread(lambda: fetch(self.profile, self.chat.copy, before, lines), fetched, failed)

    def scan(self, query: Query) -> Scan:
        def failed() -> None:
            self.chat.finder.end()
            self.chat.note(f"{query.text} takes too long: given up")

        return Scanner(self.chat.copy, query, lambda: self.chat.finder, self._around.draw, failed)

    def _hear(self, events: list[Event]) -> None:
        self.chat.hear(events)
        self._around.draw()

    def _dismiss(self, fault: Fault) -> None:
        self.chat.dismiss(fault)
        self._around.draw()

    def _settle_left(self) -> list[str]:
        told: list[str] = []
        send.settle_left(self.profile, told.append)
        return told

    def _tell_left(self, told: list[str] | Fault) -> None:
        for text in told if isinstance(told, list) else [str(told)]:
            self.chat.note(text)
        self._around.draw()


class Windows:
    """The open windows, in their order; there is always one."""

    def __init__(self, first: list[Window], changed: Callable[[Window], None]) -> None:
        """`changed` is called when another one is shown."""
        self.all = first
        self._changed = changed
        self.show(first[0])

    def show(self, window: Window) -> None:
        self.active = window
        for each in self.all:
            each.chat.attention.in_sight = each is window
        window.chat.touch()
        self._changed(window)

    def number(self, number: int) -> None:
        """Show a window by its number, from 1 on."""
        if 0 < number <= len(self.all):
            self.show(self.all[number - 1])

    def add(self, window: Window) -> None:
        self.all.append(window)
        self.show(window)

    def of(self, name: str) -> Window | None:
        return next((one for one in self.all if one.profile.name == name), None)

    def remove(self, window: Window) -> None:
        place = self.all.index(window)
        self.all.remove(window)
        if window is self.active:
            self.show(self.all[max(0, place - 1)])

    def with_news(self) -> Window | None:
        """The next hidden window with something unread; one with mentions goes first."""
        place = self.all.index(self.active)
        others = self.all[place + 1 :] + self.all[:place]
        news = [one for one in others if one.chat.attention.unread]
        return max(news, key=lambda one: one.chat.attention.mentions > 0, default=None)


def _wanted(setting: str, mention: bool) -> bool:
    return setting == "all" or (mention and setting == "mentions")
