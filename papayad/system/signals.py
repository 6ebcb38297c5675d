"""The daemon's signals: a handler records and wakes, the loop works (design section 6)."""

import os
import signal

HANDLED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


def forget_inherited() -> None:
    """Undo what the starter blocked or ignored, and ignore the room's own signals before any fork.

    A blocked SIGTERM would never come, and with SIGCHLD ignored nobody could wait for a child.
    """
    for signum in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(signum, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


class Signals:
    """The signals since the last drain. `descriptor` is readable when there are some."""

    def __init__(self) -> None:
        self._arrived: set[int] = set()
        self.descriptor, writing = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for signum in HANDLED:
            signal.signal(signum, self._record)

    def drain(self) -> set[int]:
        """Take the signals that arrived, each once, however often it came."""
        while True:
            try:
                if len(os.read(self.descriptor, 4096)) < 4096:
                    break
            except BlockingIOError:
                break
        arrived, self._arrived = self._arrived, set()
        return arrived

    def _record(self, signum: int, frame: object) -> None:
        self._arrived.add(signum)
