"""Settings: what a person chose with /set, in ~/.config/papaya/screen/settings.

It has `name = value` lines for all rooms, and `name@PROFILE = value` for one of them. An invalid
value, or a name that only a later version knows, is left as it is.
"""

import re
from contextlib import suppress
from pathlib import Path

from papayachat.disk.paths import config_dir, make_private
from papayad.errors import Fault, reason
from papayad.formats.record import NAME
from papayad.system.files import write_whole

_WHEN = ("off", "mentions", "all")
_SWITCH = ("on", "off")

# Name: default, allowed values (empty: any text), purpose.
KNOWN: dict[str, tuple[str, tuple[str, ...], str]] = {
    "bell": ("mentions", _WHEN, "ring the terminal's bell"),
    "notify": ("mentions", _WHEN, "desktop notification, where the terminal has it"),
    "quiet": ("", (), "hours without bell and notification: 22:00-07:00"),
    "words": ("", (), "what counts as a mention besides your name, separated by spaces"),
    "ignore": ("", (), "names that are not shown, separated by spaces"),
    "joins": ("fold", ("fold", "show", "hide"), "who comes and goes"),
    "clock": ("auto", ("auto", "24", "12"), "hours of a day; auto: as the locale has them"),
    "theme": ("auto", ("auto", "dark", "light"), "the terminal's background; auto: it is asked"),
    "links": ("on", _SWITCH, "links that the terminal can open"),
    "mouse": ("off", _SWITCH, "on: the wheel scrolls, and Shift selects text"),
}
_QUIET = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)\Z")


class Settings:
    def __init__(self) -> None:
        self._chosen: dict[str, str] = {}

    def of(self, room: str) -> "Chosen":
        """The settings for a room, by its profile's name."""
        return Chosen(self, room)

    def get(self, name: str, room: str = "") -> str:
        value = self._chosen.get(f"{name}@{room}") if room else None
        return self._chosen.get(name, KNOWN[name][0]) if value is None else value

    def choose(self, name: str, value: str) -> None:
        """Set, and save; a Fault if there is no such setting or value. `name@room` is for one room
        only; there "default" removes it."""
        setting, _, room = name.partition("@")
        if setting not in KNOWN:
            raise Fault(name, "no such setting", f"there is {', '.join(KNOWN)}")
        if "@" in name and not NAME.match(room):
            raise Fault(name, f'"{room}" is no room', f"/set {setting}@ROOM VALUE")
        if room and value == "default":
            self._chosen.pop(name, None)
        else:
            _check(setting, value)
            self._chosen[name] = value
        self._save()

    def load(self) -> None:
        with suppress(OSError):
            for line in _path().read_text("utf-8", "replace").splitlines():
                match = re.match(r"(([a-z]+)(?:@[a-z0-9._-]+)?) = (.*)\Z", line)
                if match and match[2] in KNOWN:
                    with suppress(Fault):
                        _check(match[2], match[3])
                        self._chosen[match[1]] = match[3]

    def _save(self) -> None:
        make_private(config_dir())
        make_private(_path().parent)
        lines = [f"{name} = {value}\n" for name, value in sorted(self._chosen.items())]
        try:
            write_whole(_path(), "".join(lines).encode())
        except OSError as error:
            raise Fault(str(_path()), f"{reason(error)}; chosen until the end only") from error


class Chosen:
    """The settings that hold in one room."""

    def __init__(self, settings: Settings, room: str) -> None:
        self.all = settings
        self.room = room

    def __getitem__(self, name: str) -> str:
        return self.all.get(name, self.room)

    def words(self, name: str) -> list[str]:
        return self[name].split()


def is_quiet(hours: str, minute: int) -> bool:
    """Whether a minute of the day is in the quiet hours, which may last over midnight."""
    match = _QUIET.match(hours)
    if match is None:
        return False
    start, stop = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    return start <= minute < stop if start <= stop else not stop <= minute < start


def _check(name: str, value: str) -> None:
    allowed = KNOWN[name][1]
    if allowed and value not in allowed:
        raise Fault(name, f"is {' or '.join(allowed)}")
    if name == "quiet" and value and not _QUIET.match(value):
        raise Fault(name, "is hours like 22:00-07:00")


def _path() -> Path:
    return config_dir() / "screen" / "settings"
