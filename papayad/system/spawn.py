"""Forking from the acceptor: clusters and the reaper (design section 6).

The acceptor forks only here. Signals are blocked around the fork: until the child resets the
acceptor's handlers, they would swallow signals that are meant for the child.
"""

import os
from collections.abc import Callable
from gc import disable
from os import EX_OK, EX_SOFTWARE

from papayad.system.journal import Journal
from papayad.system.plain_signals import BLOCK, EVERY, SET, set_mask


def spawn(run: Callable[[], None], journal: Journal) -> int:
    """Fork a child that runs `run` and ends; returns its pid. Raises OSError (EAGAIN, ENOMEM).

    `run` starts with every signal blocked.
    """
    mask = set_mask(BLOCK, EVERY)
    try:
        pid = os.fork()
        if pid == 0:
            _live(run, journal)
        return pid
    finally:
        set_mask(SET, mask)


def _live(run: Callable[[], None], journal: Journal) -> None:
    """Live as a child. Whatever happens, it never goes on with its parent's code.

    Of an unexpected exception only type and place are logged: its text may be what a client sent.
    """
    code = EX_SOFTWARE
    try:
        disable()  # the child makes no reference cycles, and a collection would touch every page
        run()
        code = EX_OK
    except OSError as error:
        journal.error(f"process {os.getpid()} ends: {error}{where(error)}")
    except BaseException as error:  # noqa: BLE001 - a child never returns into its parent
        journal.error(f"process {os.getpid()} ends by a bug: {type(error).__name__}{where(error)}")
    finally:
        os._exit(code)


def where(error: BaseException) -> str:
    """File and line of the innermost frame."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno})"
