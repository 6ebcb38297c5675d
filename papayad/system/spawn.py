"""Forking from the acceptor: clusters and the reaper (design section 6).

The acceptor forks only here: what lives on, and what computes something apart. Signals are blocked
around the fork: until the child resets the acceptor's handlers, they would swallow signals that are
meant for the child.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from gc import disable
from os import EX_OK, EX_SOFTWARE
from typing import NoReturn

from papayad.system.journal import Journal
from papayad.system.plain_signals import BLOCK, EVERY, SET, set_mask

_LENGTH = 8  # bytes, before those that a child computed


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


def apart(compute: Callable[[], bytes]) -> bytearray:
    """Bytes that a child computes, so that nothing of its work stays in this process's memory.

    Empty if the child fails. Raises OSError (EAGAIN, ENOMEM).
    """
    reading, writing = os.pipe()
    mask = set_mask(BLOCK, EVERY)
    try:
        child = os.fork()
        if child == 0:
            _tell(compute, writing)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
        set_mask(SET, mask)
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        data = bytearray(int.from_bytes(pipe.read(_LENGTH) or b"", "big"))
        rest = memoryview(data)
        while rest and (count := pipe.readinto(rest)):
            rest = rest[count:]
    os.waitpid(child, 0)
    return data


def _tell(compute: Callable[[], bytes], descriptor: int) -> NoReturn:
    """Live as a child that computes."""
    with suppress(BaseException), os.fdopen(descriptor, "wb") as pipe:
        data = compute()
        pipe.write(len(data).to_bytes(_LENGTH, "big") + data)
    os._exit(0)


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
