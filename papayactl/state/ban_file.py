"""Changing the file of bans: who and what is kept out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from papayactl.state import edit
from papayad.errors import USAGE, Fault
from papayad.settings import Settings
from papayad.state import bans
from papayad.state.bans import USER, Ban


@contextmanager
def editing(settings: Settings) -> Iterator[dict[str, Ban]]:
    """The bans by subject, to change in the block; written when it ends without an error.

    Raises a Fault (77, 78); then the file is as it was. A new file gets owner and mode of the token
    file, since the same service has to read it.
    """
    path = settings.bans
    bans.read_bans(path)  # to find a mistake before the lock is taken
    with edit.alone(path) as real:
        known = {ban.subject: ban for ban in bans.read_bans(real)}
        yield known
        _make_like(real, settings.tokens)
        bans.write_bans(real, list(known.values()))


def subject(text: str) -> str:
    """A user or a network in the form that the file uses; a Fault (2)."""
    found = bans.subject_of(text)
    if found is None:
        remedy = "use alice, user:alice, 203.0.113.7, 203.0.113.0/24, address:2001:db8::7"
        raise Fault(f'"{text}"', "no user, no address and no network", remedy, code=USAGE)
    return found


def rename(settings: Settings, old: str, new: str) -> None:
    """Let the ban of a user hold for a new name, too. The old one's stays."""
    banned = next((ban for ban in bans.read_bans(settings.bans) if ban.user == old), None)
    if banned is not None:
        with editing(settings) as known:
            known.setdefault(subject(USER + new), replace(banned, subject=subject(USER + new)))


def _make_like(path: Path, model: Path) -> None:
    if path.exists():
        return
    status = model.stat()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        if os.geteuid() == 0:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        os.fchmod(descriptor, status.st_mode & 0o777)
    finally:
        os.close(descriptor)
