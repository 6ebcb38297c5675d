"""The theme: what each style looks like, and what a person has changed in it.

It uses the terminal's own sixteen colours, since a person who chose a palette for the terminal
chose it for all programs in it. What is less important is grey if there are 256 colours, and else
looks like text: bright black is unreadable in many palettes. Without colours the differences are
bold, reverse and underlined text.
"""

import curses
import os
import re
from collections.abc import Mapping

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from papayachat.disk.paths import config_dir

_NAMES = {
    "dark": "cyan green yellow magenta brightblue brightgreen brightcyan brightred brightyellow "
    "brightmagenta",
    "light": "blue green magenta cyan red blue green magenta cyan red",
}
_GREY = {"dark": "#9e9e9e", "light": "#5f5f5f"}  # at least 4.5:1 against black and white

_COLORED = {
    "unread": "ansired bold",
    "refused": "ansired",
    "me": "bold",
    "own": "",
    "said": "",
    "typed": "",
    "link": "underline",
    "found": "reverse",
    "current": "reverse bold underline",
    "unsafe": "ansired reverse",
    "status": "reverse",
    "status.bad": "reverse bold",
    "rooms": "reverse",
    "rooms.active": "bold",
    "prompt": "bold",
    "question": "bold reverse",
}
_BACK = ("time", "rule", "folded")  # less important
_APART = ("day", "hole", "note", "strange", "waiting")  # less important, but has to be read

_PLAIN = {
    "unread": "bold",
    "mention": "bold",
    "me": "bold",
    "link": "underline",
    "found": "reverse",
    "current": "reverse bold underline",
    "unsafe": "reverse",
    "refused": "bold",
    "status": "reverse",
    "status.bad": "reverse bold",
    "rooms": "reverse",
    "rooms.active": "bold",
    "question": "bold reverse",
}
_LINE = re.compile(r"([a-z0-9.]+)\s*=\s*(.*)\Z")


def styles(ground: str, depth: ColorDepth) -> dict[str, str]:
    """The look of every style on a dark or a light background."""
    if depth is ColorDepth.DEPTH_1_BIT:
        return _PLAIN | {f"name{number}": "bold" for number in range(10)}
    grey = "" if depth is ColorDepth.DEPTH_4_BIT else _GREY[ground]
    names = _NAMES[ground].split()
    dark = ground == "dark"
    return (
        _COLORED
        | dict.fromkeys(_BACK, grey)
        | dict.fromkeys(_APART, f"{grey} italic".strip())
        | {f"name{number}": f"ansi{color}" for number, color in enumerate(names)}
        | {"mention": "ansibrightyellow bold" if dark else "ansimagenta bold"}
        | {"happened": "ansiyellow" if dark else "ansiblue"}
    )


def style(ground: str, depth: ColorDepth) -> tuple[Style, list[str]]:
    """The same with the person's theme file, and what is wrong in that file."""
    chosen, problems = _own()
    return Style.from_dict(styles(ground, depth) | chosen), problems


def depth(environment: Mapping[str, str] = os.environ) -> ColorDepth:
    """How many colours: none with NO_COLOR (no-color.org: set and not empty), or if the terminal
    has none."""
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return ColorDepth.DEPTH_1_BIT
    if environment.get("COLORTERM") in ("truecolor", "24bit"):
        return ColorDepth.DEPTH_8_BIT
    try:
        curses.setupterm(term)
        colors = curses.tigetnum("colors")
    except curses.error:
        colors = 256 if "256color" in term else 8
    if colors >= 256:
        return ColorDepth.DEPTH_8_BIT
    return ColorDepth.DEPTH_4_BIT if colors >= 8 else ColorDepth.DEPTH_1_BIT


def ground(environment: Mapping[str, str] = os.environ) -> str:
    """The background, until the terminal answers: some terminals give it as "15;0"."""
    behind = environment.get("COLORFGBG", "").rpartition(";")[2]
    return "light" if behind in ("7", "15") else "dark"


def _own() -> tuple[dict[str, str], list[str]]:
    """`name = style` lines of ~/.config/papaya/screen/theme."""
    path = config_dir() / "screen" / "theme"
    known = {*_COLORED, *_BACK, *_APART, "mention", "happened", *(f"name{n}" for n in range(10))}
    chosen: dict[str, str] = {}
    problems = []
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}, []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.match(line.strip())
        if match is None or match[1] not in known:
            problems.append(f"{path}:{number}: names are {', '.join(sorted(known))}")
            continue
        try:
            Style.from_dict({match[1]: match[2]})
        except ValueError:
            problems.append(f'{path}:{number}: "{match[2]}" is no style: bold, italic, #ff8800')
            continue
        chosen[match[1]] = match[2]
    return chosen, problems
