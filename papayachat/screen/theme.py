"""The theme: what each style's name looks like, in the terminal's own sixteen colours.

Those, because whoever chose a palette for the terminal chose it for everything in it, and because
every terminal has them. Without colour the same differences are bold, reverse and underlined.
"""

import os
from collections.abc import Mapping

_NAMES = {
    "dark": "cyan green yellow magenta brightblue brightgreen brightcyan brightred brightyellow "
    "brightmagenta",
    "light": "blue green magenta cyan red blue green magenta cyan red",
}

_COLORED = {
    "time": "ansibrightblack",
    "rule": "ansibrightblack",
    "day": "ansibrightblack",
    "hole": "ansibrightblack italic",
    "unread": "ansired bold",
    "folded": "ansibrightblack",
    "happened": "ansiyellow",
    "note": "ansibrightblack",
    "strange": "ansibrightblack italic",
    "waiting": "ansibrightblack italic",
    "refused": "ansired",
    "me": "bold",
    "own": "",
    "said": "",
    "link": "underline",
    "found": "reverse",
    "unsafe": "ansired reverse",
    "status": "reverse",
    "status.bad": "reverse bold",
    "prompt": "bold",
    "question": "bold reverse",
}

_PLAIN = {
    "time": "",
    "unread": "bold",
    "mention": "bold",
    "me": "bold",
    "link": "underline",
    "found": "reverse",
    "unsafe": "reverse",
    "refused": "bold",
    "status": "reverse",
    "status.bad": "reverse bold",
    "question": "bold reverse",
}


def styles(theme: str, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The look of every style; `theme` is dark, light or auto."""
    if not has_color(environment):
        return _PLAIN | {f"name{number}": "bold" for number in range(10)}
    ground = _ground(environment) if theme == "auto" else theme
    names = _NAMES[ground].split()
    mention = {"dark": "ansibrightyellow bold", "light": "ansimagenta bold"}[ground]
    happened = {"dark": "ansiyellow", "light": "ansiblue"}[ground]
    colored = {f"name{number}": f"ansi{color}" for number, color in enumerate(names)}
    return _COLORED | colored | {"mention": mention, "happened": happened}


def has_color(environment: Mapping[str, str] = os.environ) -> bool:
    """Not with NO_COLOR (no-color.org: set and not empty), nor on a terminal that has none."""
    return not environment.get("NO_COLOR") and environment.get("TERM") not in ("vt100", "vt220")


def _ground(environment: Mapping[str, str]) -> str:
    """Some terminals say which of the sixteen is behind: "15;0", or "0;default;15"."""
    behind = environment.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if behind in ("7", "15") else "dark"
