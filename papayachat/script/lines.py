"""The plain line mode, `papayachat` without a command: it sends typed lines and shows what is said.

It needs no terminal: `papayachat < file` sends each line exactly once and ends when the last one is
in the log. It is one loop over stdin and the socket; when nothing happens, nothing wakes it.
"""

import sys
from itertools import islice

from papayachat.disk import outboxes
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile
from papayachat.room import send
from papayachat.room.client import Client
from papayachat.room.events import words
from papayachat.room.intake import Heard
from papayachat.room.people import Moves
from papayachat.room.wait import wait
from papayachat.stream import draft
from papayachat.stream.draft import Draft
from papayachat.stream.stdin import Typed
from papayachat.stream.terminal import brief, put, spoken, tell
from papayad.errors import DONE, FAILED, Fault
from papayad.formats.harmless import harmless
from papayad.formats.wire import Greeting, Notice

LINES_SHOWN_FIRST = 20  # lines of the copy that a person sees at the start


def run(profile: Profile) -> int:
    """Chat until stdin ends or `/quit`; return the exit code."""
    box = outboxes.of_person(profile.session, profile.identity)
    try:
        send.settle_left(profile, tell)
        return Lines(profile, box).run()
    finally:
        send.tell_kept(box.put_away())


class Lines:
    def __init__(self, profile: Profile, box: Outbox) -> None:
        self._client = Client(profile, box, self)
        self._typed = Typed(sys.stdin.fileno())
        self._by_hand = sys.stdin.isatty()
        self._waiting = self._client.delivery.waiting
        self._shown: list[str] = []  # the lines of one step, for stdout
        self._who_asked = False
        self._code = DONE

    def run(self) -> int:
        try:
            self._show_last()
            while True:
                self._client.hear(self._client.room.step())
                self._show()
                self._take_lines()
                if self._typed.ended and not self._waiting:
                    return self._code
                self._wait()
        finally:
            self._client.close()

    def back(self, greeting: Greeting) -> None:
        tell(f"in {greeting.room} as {greeting.name}")

    def lost(self, fault: Fault, seconds: float) -> None:
        tell(f"{fault}: reconnecting in {seconds:.1f} s")

    def said(self, heard: Heard) -> None:
        self._shown.append(spoken(heard.line))

    def moved(self, moves: Moves) -> None:
        """Say nothing: who comes and goes is in the log, too."""

    def refused(self, draft: Draft, why: str) -> None:
        self._complain(f"{why}: {brief(draft.text)}")

    def postponed(self, draft: Draft) -> None:
        tell(f"the server cannot store it yet, trying again: {brief(draft.text)}")

    def told(self, notice: Notice) -> None:
        if notice.word == "online" and self._who_asked:
            self._who_asked = False
            self._shown.append(f"      * online: {harmless(notice.rest)}")
        elif words(notice):
            tell(words(notice))

    def _show_last(self) -> None:
        if self._by_hand:
            copy = self._client.copy
            last = islice(copy.lines_back(copy.end), LINES_SHOWN_FIRST)
            put([spoken(line) for line in last][::-1])

    def _show(self) -> None:
        put(self._shown)
        self._shown = []

    def _wait(self) -> None:
        stdin = self._typed.awaited(self._waiting)
        if stdin & wait(self._client.room, read=stdin, output=sys.stdout.fileno()):
            self._typed.fill()
            self._take_lines()

    def _take_lines(self) -> None:
        for line in self._typed.lines(self._waiting):
            try:
                self._obey(draft.decode(line).rstrip("\r"))
            except Fault as fault:
                self._complain(str(fault))
        self._client.room.send_due()

    def _obey(self, line: str) -> None:
        if line == "/quit":
            self._typed.stop()
        elif line == "/who":
            self._ask_who()
        elif self._by_hand and line.startswith("/") and not line.startswith("//"):
            tell(f"{line.split()[0]}: there is /who and /quit; // begins a message with a slash")
        elif line.strip():
            self._client.say(line[1:] if self._by_hand and line.startswith("//") else line)

    def _ask_who(self) -> None:
        self._who_asked = self._client.ask_who()
        if not self._who_asked:
            tell("not connected")

    def _complain(self, why: str) -> None:
        tell(why)
        self._code = FAILED
