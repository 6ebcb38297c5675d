"""The outboxes: which of them is whose, and which were left behind (design section 3).

Each is a file, named by its session and locked by its owner as long as that lives.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from papayachat.disk import profile as profiles
from papayachat.disk.outbox import Outbox
from papayachat.disk.paths import make_private, spare_dir, state_dir
from papayachat.disk.profile import Profile, new_session
from papayad.errors import Fault, denied_or, reason


def directory() -> Path:
    return state_dir() / "outbox"


def acquire(session: str, recipient: str) -> Outbox | None:
    """The outbox of a session, made if there is none; None if another process holds it."""
    path = make_private(directory()) / session
    try:
        outbox = _open(path, os.O_CREAT)
        if outbox is not None and not outbox.recipient:
            outbox.address_to(recipient)
    except OSError as error:
        raise Fault(str(path), reason(error), code=denied_or(error, 1)) from error
    return outbox


def of_device(session: str, recipient: str) -> Outbox:
    """The outbox of a device's session; if another process has it, one of a new session."""
    box = acquire(session, recipient)
    if box is not None and box.recipient == recipient:
        return box
    if box is not None:
        box.close()
    return of_device(new_session(), recipient)


def of_person(session: str, recipient: str) -> Outbox:
    """The same for a device with a person: a lenient one, in memory if it has to be."""
    try:
        box = of_device(session, recipient)
    except Fault as fault:
        box = _in_memory(session, recipient)
        box.trouble = fault
    box.lenient = True
    return box


def _in_memory(session: str, recipient: str) -> Outbox:
    path = make_private(spare_dir()) / session
    box = _open(path, os.O_CREAT)
    assert box is not None  # no other process knows it
    path.unlink()
    path.parent.rmdir()
    box.address_to(recipient, durable=False)
    return box


def renew(profile: Profile, box: Outbox) -> str:
    """Give a new session to an outbox whose session goes on elsewhere, and to the profile that had
    it: a copied home directory is two devices."""
    session = new_session()
    if profile.session == box.session:
        with suppress(Fault):  # if it cannot be saved, the next start draws another one
            profiles.save_session(profile, session)
    with suppress(OSError):
        box.rename(session)
    return session


def abandoned(recipient: str) -> list[Outbox]:
    """The outboxes for a recipient that nobody owns, now locked by us; empty ones are removed."""
    found = []
    for path in sorted(directory().glob("*")):
        outbox = _open_left(path)
        if outbox is None:
            continue
        if not outbox.drafts:
            outbox.discard()
        elif outbox.recipient == recipient:
            found.append(outbox)
        else:
            outbox.close()
    return found


def _open_left(path: Path) -> Outbox | None:
    try:
        return _open(path, 0)
    except FileNotFoundError:  # another process has finished it meanwhile
        return None
    except OSError as error:
        raise Fault(str(path), reason(error), code=denied_or(error, 1)) from error


def _open(path: Path, create: int) -> Outbox | None:
    """The locked file, or None if its owner lives. It is checked that the name still means this
    file: a process that finishes an outbox removes it, and a removed file can be locked, too."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | create, 0o600)
        keep = False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            keep = _is_at(descriptor, path)
            if keep:
                return Outbox(path, descriptor)
        except BlockingIOError:
            return None
        finally:
            if not keep:
                os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
