"""The desk: what slash commands act on. The screen implements it."""

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
        """The chat of the present room."""

    def quit(self) -> None:
        """Leave."""

    def restyle(self) -> None:
        """Apply changed settings about looks."""

    def draft(self, text: str) -> None:
        """Put a text into the input, to go on typing."""

    def join(self, profile: str) -> None:
        """Open a room's window; a Fault if there is no such profile. Empty: ask for an invite."""

    def part(self) -> None:
        """Close the present window."""

    def bare(self) -> None:
        """Show the messages as plain text, for the terminal's own selection."""

    def edit(self) -> None:
        """Go on with the input in an editor."""

    def copy(self, text: str) -> None:
        """Give a text to the terminal's clipboard."""

    def browse(self, address: str) -> None:
        """Open an address in another program."""

    def apart(self, act: Callable[[], str]) -> None:
        """Do something that takes time; then show its result, or its Fault."""


Command = Callable[[Desk, str], None]
