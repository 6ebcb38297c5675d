"""What is left over in a room's state, and who is stuck in it."""

import os
import signal
import subprocess
import sys

import pytest

from lab.kit.admin.ctl import ctl, is_stopped
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import wait_for
from papayactl.state import lock
from papayad.errors import Fault
from papayad.state import marks, roster
from tests.conftest import MakeRoom
from tests.papayactl.doctor.examined import give, only


def test_what_is_left_over_and_who_is_stuck(healthy: StagedRoom) -> None:
    state_dir = healthy.settings.state_dir
    (marks.frozen(state_dir) / "ghost").touch()
    give(marks.frozen(state_dir) / "ghost")
    found = only(healthy, "warning")
    assert "it has no token" in found["words"]
    assert found["remedy"] == "papayactl thaw --user ghost"
    (marks.frozen(state_dir) / "ghost").unlink()
    entry = roster.Entry("9", "ghost", "203.0.113.9:1", 0, os.getpgrp(), recv=1, send=2)
    os.close(roster.create(roster.directory(state_dir), entry))
    give(roster.directory(state_dir) / "9")
    assert "1 clients are gone" in only(healthy, "warning")["words"]


@pytest.mark.parametrize("operation", ["LOCK_EX", "LOCK_SH"])
def test_a_stopped_process_that_holds_the_log(make_room: MakeRoom, operation: str) -> None:
    """Shared or not: the wait for it ends with its pid, and doctor names the same."""
    room = make_room()
    code = "import fcntl, sys, signal, os; f = open(sys.argv[1]); "
    code += f"fcntl.flock(f, fcntl.{operation}); os.kill(os.getpid(), signal.SIGSTOP)"
    with subprocess.Popen([sys.executable, "-c", code, room.state_dir / "committed"]) as holder:
        wait_for(lambda: is_stopped(holder.pid))
        found = ctl(room, "doctor", "-q").stdout
        assert f"-> kill -CONT {holder.pid}\n" in found
        assert f"kill -CONT {holder.pid}" in ctl(room, "--json", "doctor", "-q").stdout
        with pytest.raises(Fault) as caught, lock.exclusive(room.settings, 0.05):
            raise AssertionError
        assert f"process {holder.pid}, which is stopped, holds on to it" in str(caught.value)
        assert not lock.is_free_soon(room.settings)
        holder.send_signal(signal.SIGCONT)
        holder.wait()
        assert lock.is_free_soon(room.settings)
