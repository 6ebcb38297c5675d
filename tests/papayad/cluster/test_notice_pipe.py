"""Notices between RECV and SEND: whole lines, in order, and an end."""

import os
import signal
from collections.abc import Iterator

import pytest

from papayad.cluster.notice_pipe import ARRIVAL, NoticeReader, NoticeWriter


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends; the signal of an arrival, which here comes to the writer itself, is blocked."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {ARRIVAL})
    yield os.pipe()
    while signal.sigtimedwait({ARRIVAL}, 0):
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def test_whole_lines_arrive(pipe: tuple[int, int]) -> None:
    reader, writer = NoticeReader(pipe[0]), NoticeWriter(pipe[1], os.getpid())
    assert reader.read() == b""
    writer.write(b"! one\n")
    assert ARRIVAL in signal.sigpending()
    writer.write(b"! two\n")
    assert reader.read() == b"! one\n! two\n"
    assert reader.read() == b""
    assert not reader.finished
    os.close(pipe[0])
    os.close(pipe[1])


def test_half_a_line_waits_for_its_other_half(pipe: tuple[int, int]) -> None:
    """A notice longer than what a pipe takes at once must not be cut by a record."""
    reader = NoticeReader(pipe[0])
    os.write(pipe[1], b"! one\n! tw")
    assert reader.read() == b"! one\n"
    os.write(pipe[1], b"o")
    assert reader.read() == b""
    os.write(pipe[1], b"\n")
    assert reader.read() == b"! two\n"
    os.close(pipe[0])
    os.close(pipe[1])


def test_the_end(pipe: tuple[int, int]) -> None:
    reader, writer = NoticeReader(pipe[0]), NoticeWriter(pipe[1], os.getpid())
    writer.finish(b"! bye protocol\n")
    assert ARRIVAL in signal.sigpending()
    assert reader.read() == b"! bye protocol\n"
    assert reader.finished
    assert reader.read() == b""
    os.close(pipe[0])


def test_a_full_pipe_makes_the_writer_wait(pipe: tuple[int, int]) -> None:
    """That is the backpressure: nothing is lost, and nothing grows."""
    line = b"! pong " + b"x" * 8000 + b"\n"
    child = os.fork()
    if child == 0:
        os.close(pipe[1])
        reader, whole = NoticeReader(pipe[0]), b""
        while not reader.finished:
            signal.sigwait({ARRIVAL})
            whole += reader.read()
        os._exit(0 if whole == line * 100 else 1)
    os.close(pipe[0])
    try:
        writer = NoticeWriter(pipe[1], child)
        for _ in range(100):
            writer.write(line)
        writer.finish(b"")
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        status = os.waitpid(child, 0)[1]
    assert status == 0
