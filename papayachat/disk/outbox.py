"""The outbox: what was sent and has not been seen in the log yet, on disk (design section 3).

There is a file for each session, ~/.local/state/papaya/outbox/SESSION, of JSON lines: first for
whom it is; then the drafts, the cursor from which to look for them (synced before their first byte
leaves), and those that are done. Its owner holds a flock on it as long as it lives. So a free file
was left by a process that was killed, and the process that finds it may finish it: with the same
session, because only a takeover makes sure that nothing of it is appended later.
"""

import json
import os
import time
from errno import ENOSPC
from pathlib import Path
from typing import Any

from papayachat.stream.cursor import Cursor
from papayachat.stream.draft import Draft
from papayad.errors import Fault, reason
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
