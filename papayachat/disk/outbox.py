"""The outbox: what was sent and has not been seen in the log yet, on disk (design section 3).

There is a file for each session, ~/.local/state/papaya/outbox/SESSION, of JSON lines: first for
whom it is; then the drafts, the cursor from which to look for them (synced before their first byte
leaves), and those that are done. Its owner holds a flock on it as long as it lives. So a free file
was left by a process that was killed, and the process that finds it may finish it: with the same
session, because only a takeover makes sure that nothing of it is appended later.
"""

import fcntl
import json
import os
import time
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from typing import Any

from papayachat.disk import profile as profiles
from papayachat.disk.paths import make_private, spare_dir, state_dir
from papayachat.disk.profile import Profile, new_session
from papayachat.stream.cursor import Cursor
from papayachat.stream.draft import Draft
from papayad.errors import Fault, denied_or, reason
from papayad.system.files import sync_directory


class Outbox:
    """A locked file. `drafts` are not done yet; `sent` has the cursors of those that left.

    `lenient`: if the disk takes no more, it goes on in memory, since a person is there who is told
    so; `trouble` says why.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.lenient = False
        self.trouble: Fault | None = None
        self._descriptor = descriptor
        self.recipient = ""
        self.drafts: dict[str, Draft] = {}
        self.sent: dict[str, Cursor] = {}
        self.left_at = 0.0
        self.whole = ""
        self._load()

    @property
    def session(self) -> str:
        return self.path.name

    @property
    def cursor(self) -> Cursor | None:
        """From where to look for everything that was sent and is not done; None if nothing was."""
        return next((self.sent[id] for id in self.drafts if id in self.sent), None)

    def begin(self, whole: str) -> None:
        """Note the digest of the text whose parts the next drafts are."""
        self.whole = whole
        self._append({"whole": whole})

    def post(self, draft: Draft) -> None:
        """Note a draft. It is not synced: `note_sent` is, and before that nothing has left."""
        self._append({"id": draft.id, "text": draft.text})
        self.drafts[draft.id] = draft

    def note_sent(self, drafts: list[Draft], cursor: Cursor) -> None:
        """Note, durably, that these may leave from now on; their records will stand at `cursor` or
        later. A draft that has left before keeps its older cursor."""
        new = [draft.id for draft in drafts if draft.id not in self.sent]
        if new:
            place = {"log": cursor.log, "offset": cursor.offset, "check": cursor.check}
            self._append({"sent": new, **place})
            self._sync()
            self.sent.update(dict.fromkeys(new, cursor))

    def done(self, id: str) -> None:
        """Forget a draft. Not synced: at worst it is found in the log once more, without harm."""
        self.drafts.pop(id, None)
        self.sent.pop(id, None)
        if self.drafts:
            self._append({"done": id})
        else:
            self._begin()

    def rename(self, session: str) -> None:
        """Go on under another session, in the same file and under the same lock."""
        path = self.path.with_name(session)
        self.path.rename(path)
        self.path = path

    def leave(self) -> None:
        """Note that its owner was told "not known, try again": it waits for the same text."""
        self._append({"left": time.time()})
        self.close()

    def discard(self) -> None:
        """Remove the file while it is locked, so that no process finds it empty."""
        self.path.unlink(missing_ok=True)
        self.close()

    def put_away(self) -> int:
        """Remove it if all is done, else close it; return how many drafts are left."""
        left = len(self.drafts)
        if left:
            self.close()
        else:
            self.discard()
        return left

    def close(self) -> None:
        """Let the lock go; what is not done stays for the next process."""
        os.close(self._descriptor)

    def address_to(self, recipient: str, durable: bool = True) -> None:
        """Note for whom it is, in an empty file, durable together with its name."""
        self.recipient = recipient
        self._begin()
        if durable:
            sync_directory(self.path.parent)

    def _begin(self) -> None:
        os.ftruncate(self._descriptor, 0)
        self._append({"to": self.recipient})

    def _append(self, note: dict[str, Any]) -> None:
        line = (json.dumps(note) + "\n").encode()
        try:
            size = os.fstat(self._descriptor).st_size
            if os.write(self._descriptor, line) != len(line):
                os.ftruncate(self._descriptor, size)
                raise OSError(ENOSPC, os.strerror(ENOSPC))
        except OSError as error:
            self._fail(error)

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.trouble = Fault(str(self.path), reason(error))
        if not self.lenient:
            raise self.trouble from error

    def _load(self) -> None:
        content = os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)
        good = 0
        for line in content.splitlines(keepends=True):
            if not self._understood(line):
                break  # torn by a crash: it was not synced, so nothing from here on has left
            good += len(line)
        os.ftruncate(self._descriptor, good)

    def _understood(self, line: bytes) -> bool:
        try:
            note = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            return False
        if not isinstance(note, dict):
            return False
        self._recall(note)
        return True

    def _recall(self, note: dict[str, Any]) -> None:
        match note:
            case {"to": str(recipient)}:
                self.recipient = recipient
            case {"id": str(id), "text": str(text)}:
                self.drafts[id] = Draft(id, text)
            case {"sent": list(ids), "log": str(log), "offset": int(offset)}:
                check = str(note.get("check", ""))  # older ones have none
                self.sent.update(dict.fromkeys(ids, Cursor(log, offset, check)))
            case {"whole": str(whole)}:
                self.whole = whole
            case {"done": str(id)}:
                self.drafts.pop(id, None)
                self.sent.pop(id, None)
            case {"left": float(when)}:
                self.left_at = when


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
