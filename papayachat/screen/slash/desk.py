"""The desk: what slash commands act on. The screen is one."""

from collections.abc import Callable
from typing import Protocol

from papayachat.chat.chat import Chat
from papayachat.disk.settings import Settings
from papayachat.screen.window import Windows


class Desk(Protocol):
    settings: Settings
    windows: Windows

    @property
    def chat(self) -> Chat:
        """That of the room in sight."""

    def quit(self) -> None:
        """Leave."""

    def restyle(self) -> None:
        """The settings say something else about looks."""

    def draft(self, text: str) -> None:
        """Put a text into the input, to be gone on with."""

    def join(self, profile: str) -> None:
        """Open a room's window; a Fault where there is no such profile. Empty: take an invite."""

    def part(self) -> None:
        """Close the window in sight."""

    def bare(self) -> None:
        """Show the messages as plain text, for the terminal's own selection."""

    def edit(self) -> None:
        """Go on with the input in an editor."""

    def copy(self, text: str) -> None:
        """Give a text to the terminal's clipboard."""

    def browse(self, address: str) -> None:
        """Open an address elsewhere."""

    def apart(self, act: Callable[[], str]) -> None:
        """Do what takes its time, and note what it says, or its Fault."""


Command = Callable[[Desk, str], None]
