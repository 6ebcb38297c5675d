"""Fixtures that every test may use."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lab.kit.room import Room

MakeRoom = Callable[..., Room]


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
