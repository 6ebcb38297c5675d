"""The terminal as a thing beside the drawing: what the screen asks of it, and gives back.

Focus, title, background, bell, notifications and clipboard are sequences of their own; everything
that is drawn goes through prompt_toolkit, to the same output.
"""

import os
import sys

from papayachat.screen import answers, elsewhere
from papayachat.screen.notify import desktop
from papayachat.screen.output import Output, has_links

_FOCUS_ON, _FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"
_TITLE_KEPT, _TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"
_NO_WHEEL_AS_ARROWS = "\x1b[?1007l"  # they would show what was typed before


class Tty:
    """`focused`: whether the terminal has the focus; None: it does not say."""

    def __init__(self) -> None:
        made = Output.from_pty(sys.stdout, term=os.environ.get("TERM"))
        assert isinstance(made, Output)
        self.output = made
        self.focused: bool | None = None
        self._title = ""

    @property
    def columns(self) -> int:
        return self.output.get_size().columns

    def take(self) -> None:
        """Ask for what the screen needs."""
        self._title = ""
        self._send(_TITLE_KEPT + _FOCUS_ON + _NO_WHEEL_AS_ARROWS + answers.QUESTION)

    def give_back(self) -> None:
        """Leave it as it was found."""
        self._send(_FOCUS_OFF + _TITLE_BACK)

    def is_ours(self) -> bool:
        """Whether this process may use it now, and is no job in the background."""
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()

    def show_links(self, wanted: bool) -> None:
        self.output.links = wanted and has_links(os.environ)

    def entitle(self, title: str) -> None:
        if title != self._title:
            self._title = title
            self.output.set_title(title)
            self.output.flush()

    def ring(self) -> None:
        self.output.bell()
        self.output.flush()

    def notify(self, title: str, text: str) -> None:
        self._send(desktop(title, text))

    def copy(self, text: str) -> None:
        """Give a text to its clipboard."""
        self._send(elsewhere.clipboard(text))

    def _send(self, sequence: str) -> None:
        self.output.write_raw(sequence)
        self.output.flush()
