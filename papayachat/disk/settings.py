"""Settings: what a person chose with /set, for every profile, in ~/.config/papaya/screen/settings.

`name = value` lines. A value that is none, or a name that a later version knows, is left alone.
"""

import re
from pathlib import Path

from papayachat.disk.paths import config_dir, make_private
from papayad.errors import Fault, reason
from papayad.system.files import write_whole

_WHEN = ("off", "mentions", "all")

# Name: default, what it may be (empty: any text), what it is for.
KNOWN: dict[str, tuple[str, tuple[str, ...], str]] = {
    "bell": ("mentions", _WHEN, "ring the terminal's bell"),
    "notify": ("mentions", _WHEN, "desktop notification, where the terminal has it"),
    "words": ("", (), "what counts as a mention besides your name, separated by spaces"),
    "joins": ("fold", ("fold", "show", "hide"), "who comes and goes"),
    "mouse": ("on", ("on", "off"), "the wheel scrolls; select text with Shift"),
    "theme": ("auto", ("auto", "dark", "light"), "the terminal's background"),
    "ignore": ("", (), "names that are not shown, separated by spaces"),
}


class Settings:
    def __init__(self) -> None:
        self._chosen: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._chosen.get(name, KNOWN[name][0])

    def words(self, name: str) -> list[str]:
        return self[name].split()

    def choose(self, name: str, value: str) -> None:
        """Set and save; a Fault where there is no such setting or value."""
        if name not in KNOWN:
            raise Fault(name, "no such setting", f"there is {', '.join(KNOWN)}")
        allowed = KNOWN[name][1]
        if allowed and value not in allowed:
            raise Fault(name, f"is {' or '.join(allowed)}")
        self._chosen[name] = value
        self._save()

    def load(self) -> None:
        try:
            content = _path().read_text("utf-8", "replace")
        except OSError:
            return
        for line in content.splitlines():
            match = re.match(r"([a-z]+) = (.*)\Z", line)
            if match and match[1] in KNOWN and match[2] in (KNOWN[match[1]][1] or (match[2],)):
                self._chosen[match[1]] = match[2]

    def _save(self) -> None:
        make_private(config_dir())
        make_private(_path().parent)
        lines = [f"{name} = {value}\n" for name, value in sorted(self._chosen.items())]
        try:
            write_whole(_path(), "".join(lines).encode())
        except OSError as error:
            raise Fault(str(_path()), reason(error)) from error


def _path() -> Path:
    return config_dir() / "screen" / "settings"
