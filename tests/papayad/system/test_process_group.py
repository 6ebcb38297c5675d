"""In whatever way it was started, no stranger is in the group afterwards."""

import os
import pty

from lab.kit.processes import live, run_in_child
from papayad.system import process_group


def enter_and_check(old: int) -> None:
    process_group.enter_own()
    assert os.getpgrp() != old
    child = os.fork()
    if child == 0:
        os._exit(0 if os.getpgrp() == os.getpgid(os.getppid()) else 1)  # a cluster is a member
    assert os.waitpid(child, 0)[1] == 0


def test_a_member_of_a_group() -> None:
    group = os.getpgrp()
    run_in_child(lambda: enter_and_check(group))


def test_the_leader_of_a_group() -> None:
    """A job of a shell, where others of its pipeline are in the group."""

    def lead() -> None:
        os.setpgid(0, 0)
        reading, writing = os.pipe()
        other = os.fork()
        if other == 0:
            os.close(writing)
            os.read(reading, 1)
            os._exit(0)
        enter_and_check(os.getpid())
        assert os.getpgid(other) == os.getpid() != os.getpgrp()
        os.close(writing)
        os.waitpid(other, 0)

    run_in_child(lead)


def test_the_leader_of_a_session() -> None:
    """It has a group by birth, and could not leave it."""

    def lead() -> None:
        os.setsid()
        process_group.enter_own()
        assert os.getpgrp() == os.getpid()

    run_in_child(lead)


def test_the_terminal_comes_along() -> None:
    """Else Ctrl-C would no longer arrive where papayad is in a shell's foreground."""
    child, terminal = pty.fork()
    if child == 0:
        live(shell)
    said = b""
    try:
        while data := os.read(terminal, 1000):
            said += data
    except OSError:  # how a pseudo-terminal ends
        pass
    os.close(terminal)
    assert os.waitpid(child, 0)[1] == 0, said.decode()


def shell() -> None:
    """A shell that puts a job into the foreground of its terminal."""
    ready, go = os.pipe()
    job = os.fork()
    if job == 0:
        os.close(go)
        os.read(ready, 1)
        live(be_foreground_job)
    os.setpgid(job, job)
    os.tcsetpgrp(0, job)
    os.close(go)
    assert os.waitpid(job, 0)[1] == 0


def be_foreground_job() -> None:
    assert os.tcgetpgrp(0) == os.getpgrp() == os.getpid()
    process_group.enter_own()
    assert os.tcgetpgrp(0) == os.getpgrp() != os.getpid()
