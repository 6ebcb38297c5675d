"""The signal module's functions, on plain numbers (a leaf).

Those of `signal` turn each number into an enum, in Python. In a process that was just forked that
touches 25 more pages, each of which becomes its own copy; and each append takes microseconds more.
"""

import signal
from collections.abc import Callable, Collection, Iterable
from importlib import import_module
from typing import Any

_plain: Any = import_module("_signal")  # what the signal module wraps

DEFAULT, IGNORED = int(signal.SIG_DFL), int(signal.SIG_IGN)
BLOCK, UNBLOCK, SET = int(signal.SIG_BLOCK), int(signal.SIG_UNBLOCK), int(signal.SIG_SETMASK)
EVERY = {int(signum) for signum in signal.valid_signals()}

#: (signal, DEFAULT, IGNORED or a function)
set_handler: Callable[[int, Any], object] = _plain.signal
#: (BLOCK, UNBLOCK or SET, signals) -> the mask before
set_mask: Callable[[int, Iterable[int]], set[int]] = _plain.pthread_sigmask
#: (signals that are blocked) -> the one that arrived; sigwaitinfo(2) makes seven fields
wait_for: Callable[[Collection[int]], int] = _plain.sigwait
