"""Small processes that hold what papayad holds: locks, groups, ports. Run as scripts by the tests.

    stand_in.py cluster STATE_DIR USER PEER TOKEN    RECV and SEND of one client, in a new group
    stand_in.py acceptor PID_FILE ADDRESS            listens, and ends by SIGTERM

Each prints one line when it is ready; the test that started it ends it.
"""

import ctypes
import os
import signal
import socket
import sys
import time
from pathlib import Path

from papayad.formats.address import parse_address
from papayad.state import force, groups, pidfile, roster

PR_SET_PDEATHSIG = 1


def cluster(state_dir: str, user: str, peer: str, token: str) -> None:
    """The parent stays, so that the test can end it; RECV and SEND end with it."""
    os.setpgid(0, 0)
    for number in (signal.SIGUSR1, *groups.DEAF_TO):
        signal.signal(number, signal.SIG_IGN)
    path = Path(state_dir)
    groups.create(groups.directory(path))
    entry = roster.Entry(
        f"{os.getpid()}", user, peer, time.time(), os.getpgrp(), session="s", token=token
    )
    lock = roster.create(roster.directory(path), entry)
    recv = os.fork()
    if recv == 0:
        _be_recv(lock)
    os.close(lock)
    os.waitpid(recv, 0)


def _be_recv(lock: int) -> None:
    tie = ctypes.CDLL(None).prctl
    tie(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    send = os.fork()
    if send == 0:
        tie(PR_SET_PDEATHSIG, signal.SIGKILL)
        roster.complete(lock, os.getppid(), os.getpid())
        print(os.getppid(), os.getpid(), flush=True)
        signal.sigwait([signal.SIGUSR2])
    os.waitpid(send, 0)
    os._exit(0)


def acceptor(pid_file: str, address: str) -> None:
    lock = pidfile.acquire(Path(pid_file))
    host, port = parse_address(address)
    listening = socket.create_server((host, port))
    signal.signal(signal.SIGHUP, lambda *_: _read_again(Path(pid_file).parent, address))
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pidfile.write(lock)
    _say_what_is_in_force(Path(pid_file).parent, address)
    print("ready", flush=True)
    while listening.fileno() >= 0:
        signal.pause()


def _read_again(run_dir: Path, address: str) -> None:
    os.write(1, b"reads again\n")
    _say_what_is_in_force(run_dir, address)


def _say_what_is_in_force(run_dir: Path, address: str) -> None:
    last = force.read(run_dir)
    generation = last.generation + 1 if last else 1
    force.write(run_dir, force.InForce(os.getpid(), generation, (address,), ""))


if __name__ == "__main__":
    if sys.argv[1] == "cluster":
        cluster(*sys.argv[2:])
    else:
        acceptor(*sys.argv[2:])
