"""Notifying: what is sent to the terminal to call a person who looks elsewhere. Pure.

Only sequences that this terminal is known to understand are sent: others would print them.
"""

import os
from collections.abc import Mapping

from papayachat.chat.glyphs import safe

_MOST_CELLS = 120
_OSC9 = {"iTerm.app", "WezTerm", "ghostty", "contour", "rio"}


def desktop(title: str, text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The sequence of a desktop notification; empty if the terminal has none."""
    title, text = _clean(title), _clean(text)
    kind = _kind(environment)
    if kind == "9":
        return f"\x1b]9;{title}: {text}\x1b\\"
    return f"\x1b]777;notify;{title};{text}\x1b\\" if kind == "777" else ""


def _kind(environment: Mapping[str, str]) -> str:
    if "TMUX" in environment or "STY" in environment:
        return ""  # it would not get through, or would be drawn
    term = environment.get("TERM", "")
    if environment.get("TERM_PROGRAM") in _OSC9 or "KITTY_WINDOW_ID" in environment:
        return "9"
    return "777" if term.startswith(("foot", "rxvt")) or "VTE_VERSION" in environment else ""


def _clean(text: str) -> str:
    """The text in one line, without characters that end a field or the sequence."""
    return safe(text.replace("\u2028", " "))[:_MOST_CELLS].replace(";", ",")
