"""Marks on users, frozen and muted: files in the state directory that papayad looks at."""

from pathlib import Path

from papayactl.system import service_user
from papayad.errors import Fault
from papayad.formats.record import NAME
from papayad.settings import Settings
from papayad.state import marks


def leave(directory: Path, user: str) -> None:
    """Mark a user. A Fault: 1 if that is no user's name, 77."""
    _check(user)
    try:
        marks.leave(directory, user)
    except OSError as error:
        raise service_user.fault(error) from error


def remove(directory: Path, user: str) -> None:
    _check(user)
    try:
        marks.remove(directory, user)
    except OSError as error:
        raise service_user.fault(error) from error


def rename(settings: Settings, old: str, new: str) -> None:
    """In a room, as its user: let a user's marks be of a new name. A Fault (77)."""

    def move() -> None:
        for directory in (marks.frozen(settings.state_dir), marks.muted(settings.state_dir)):
            if old in users(directory):
                leave(directory, new)

    service_user.run(settings, move)


def users(directory: Path) -> list[str]:
    """The marked users, in alphabetical order. A Fault (77)."""
    try:
        return marks.users(directory)
    except OSError as error:
        raise service_user.fault(error) from error


def _check(user: str) -> None:
    if not NAME.match(user):
        raise Fault(f'user "{user}"', "no user name", "see papayactl token list")
