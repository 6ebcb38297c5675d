"""Fixtures that every test may use, and what makes workers (pytest -n) safe for tests with signals.

A worker of xdist has a second thread, which reads what to run next. A signal that a test sends to
its own process while it blocks it would go to that thread, and end the worker. So all threads of
xdist begin with every signal blocked, and only the one that runs the tests is open to them.
"""

import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lab.kit.room import Room

MakeRoom = Callable[..., Room]


@pytest.hookimpl(hookwrapper=True)  # of the older kind: Debian 12 has pytest 7.2
def pytest_sessionstart() -> Generator[None, None, None]:
    """The workers, and their threads, are made here; what is blocked now they inherit."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        signal.pthread_sigmask(signal.SIG_SETMASK, [])


@pytest.fixture
def make_room() -> Iterator[MakeRoom]:
    """A function that makes and starts rooms; they end with the test."""
    with ExitStack() as stack:

        def make(tls: str = "off", *, start: bool = True, **sections: dict[str, Any]) -> Room:
            room = Room(tls, **sections)
            stack.callback(room.close)
            if start:
                room.start()
            return room

        yield make


@pytest.fixture(autouse=True)
def signals_stay() -> Iterator[None]:
    """What a command that a test runs in here does to signals is no inheritance of later forks."""
    kept = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGALRM)
    before = {signum: signal.getsignal(signum) for signum in kept}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)
