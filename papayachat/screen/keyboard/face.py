"""The face: what keys act on. The screen is one."""

from typing import Protocol

from prompt_toolkit.buffer import Buffer

from papayachat.screen.slash.desk import Desk


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
