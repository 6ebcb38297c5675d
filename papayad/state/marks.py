"""Marks: files in state_dir whose names say something about a token or a user. A leaf.

The acceptor and papayactl both make them and look at them, so no control socket is needed.
"""

import os
from contextlib import suppress
from pathlib import Path

from papayad.formats.record import NAME
from papayad.system.files import plain_names


def seen(state_dir: Path) -> Path:
    """A directory with a file for each token, by Token.id; its time is the last use."""
    return state_dir / "seen"


def frozen(state_dir: Path) -> Path:
    """A directory with a file for each user whose new connections are refused."""
    return state_dir / "frozen"


def muted(state_dir: Path) -> Path:
    """A directory with a file for each user who may only read."""
    return state_dir / "muted"


def leave(directory: Path, user: str) -> None:
    """Mark a user. Raises OSError."""
    directory.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    os.close(os.open(directory / user, flags, 0o600))


def remove(directory: Path, user: str) -> None:
    """Remove a user's mark, if there is one. Raises OSError."""
    (directory / user).unlink(missing_ok=True)


def users(directory: Path) -> list[str]:
    """The users that are marked, in alphabetical order. Raises OSError."""
    try:
        return sorted(name for name in plain_names(directory) if NAME.match(name))
    except FileNotFoundError:
        return []


def touch_seen(state_dir: str, token: str) -> None:
    """Note that this token (its Token.id) is used now; if that cannot be written, ignore it."""
    path = f"{state_dir}/seen/{token}"
    try:
        os.utime(path)
    except FileNotFoundError:
        with suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError:
        return


def is_frozen(state_dir: str, user: str) -> bool:
    """Raises OSError when the marks cannot be looked at."""
    return _exists(f"{state_dir}/frozen/{user}")


def is_muted(state_dir: str, user: str) -> bool:
    """Raises OSError when the marks cannot be looked at."""
    return _exists(f"{state_dir}/muted/{user}")


def _exists(path: str) -> bool:
    try:
        os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
