"""Each call that Linux has and others lack, and its fallback: the same result from both."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from papayad.net import listeners
from papayad.system import platform


@pytest.fixture(params=[True, False], ids=["there", "missing"])
def has_it(request: pytest.FixtureRequest) -> bool:
    there: bool = request.param
    return there


def test_a_signal_with_a_pidfd_and_without(has_it: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "HAS_PIDFD", has_it and platform.HAS_PIDFD)
    with subprocess.Popen(["sleep", "60"]) as process:
        pidfd = platform.open_pidfd(process.pid)
        assert (pidfd >= 0) == platform.HAS_PIDFD
        platform.send_signal(process.pid, pidfd, signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM
    if pidfd >= 0:
        os.close(pidfd)


def test_bytes_are_synced(tmp_path: Path, has_it: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "HAS_FDATASYNC", has_it and platform.HAS_FDATASYNC)
    with (tmp_path / "file").open("wb", buffering=0) as file:
        file.write(b"something")
        platform.sync_data(file.fileno())
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        platform.sync_data(10_000)


@pytest.mark.parametrize("answer", [0, errno.ENOTSUP])
def test_macos_is_asked_for_more_than_fsync(answer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where F_FULLFSYNC is refused, as on a network's file system, fsync is what there is."""
    asked: list[object] = []

    def control(descriptor: int, what: int) -> int:
        asked.append(what)
        if answer:
            raise OSError(answer, os.strerror(answer))
        return 0

    monkeypatch.setattr(platform, "HAS_FDATASYNC", False)
    monkeypatch.setattr(platform, "_FULL_SYNC", 51)
    monkeypatch.setattr(fcntl, "fcntl", control)
    monkeypatch.setattr(os, "fsync", lambda descriptor: asked.append("fsync"))
    platform.sync_data(3)
    assert asked == [51, "fsync"] if answer else [51]


class AlwaysV6Only(socket.socket):
    """As ip6(4) of OpenBSD has it: the option can be read, and not be set."""

    def getsockopt(self, level: int, option: int, length: int = 0) -> int:  # type: ignore[override]
        if (level, option) == (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
            return 1
        return super().getsockopt(level, option)

    def setsockopt(self, level: int, option: int, *value: object) -> None:
        if (level, option) == (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
            raise OSError(errno.EINVAL, "read-only")
        super().setsockopt(level, option, *value)  # type: ignore[call-overload]


def test_v6only_is_set_only_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papayad.net.listeners.socket.socket", AlwaysV6Only)
    listeners.open_one("[::1]:0", print).close()
