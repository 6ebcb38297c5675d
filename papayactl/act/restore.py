"""After a backup was put back: to its clients the log is another one (docs/backup.md).

It gets a new identity, so that each client begins a new copy: the old copy may have records that
the backup lacks. This is done only while no client is connected, and while no papayad can start.
"""

import os
from dataclasses import dataclass
from typing import Any

from papayactl.system import service_user
from papayad.errors import TRY_AGAIN, Fault
from papayad.log import segments, store
from papayad.settings import Settings
from papayad.state import groups, pidfile


@dataclass(frozen=True, slots=True)
class Restored:
    """`end` is where the log ends; `said` tells what was cut, and what is strange."""

    identity: str
    end: int
    said: list[str]

    def as_dict(self) -> dict[str, Any]:
        return {"identity": self.identity, "end": self.end, "said": self.said}

    def sentences(self) -> list[str]:
        return [*self.said, f"the log ends at {self.end}, and is a new one to its clients"]


def restored(settings: Settings) -> Restored:
    """Take the segments as they are and draw a new identity. A Fault (75, 77)."""
    _refuse_open_room(settings)
    lock = pidfile.acquire(pidfile.lock_of(settings.state_dir), 0o600)  # so that no papayad starts
    try:
        return _restored(settings)
    except OSError as error:
        raise service_user.fault(error) from error
    finally:
        os.close(lock)


def _restored(settings: Settings) -> Restored:
    state_dir, said = settings.state_dir, list[str]()
    end = store.take_as_it_is(state_dir, said.append)
    said += [str(one) for one in segments.misfits(state_dir)]
    return Restored(store.identity(state_dir), end, said)


def _refuse_open_room(settings: Settings) -> None:
    """A Fault if clients are connected: their open files and cursors are of the old log."""
    path = groups.directory(settings.state_dir)
    if path.is_dir() and groups.live(path):
        remedy = "close it with papayactl shutdown"
        raise Fault(f"the room {settings.room}", "is open", remedy, code=TRY_AGAIN)
