"""The rehearsal: it leaves nothing behind, fails no start, and saves each client pages."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kit import certificate
from lab.kit.room import Room

# Rehearses in a process of its own, group and all, as the acceptor does, and tells what is left.
REHEARSE = """
import json, os, signal, sys
from pathlib import Path
from papayad import config
from papayad.cluster import rehearsal
from papayad.cluster.shared import share
from papayad.net import tls
from papayad.sandbox.prepare import Sandbox
from papayad.system import signals
from papayad.system.journal import Journal

os.setpgid(0, 0)
signals.forget_inherited()
path = Path(sys.argv[1])
service = {"run_dir": str(path / "run"), "state_dir": str(path / "state")}
listen = {"certificate": str(path / "cert.pem"), "private_key": str(path / "key.pem")}
settings = config.defaults("main", path / "main.toml", service=service, listen=listen)
shared = share(settings, "0" * 32, -1, -1, Journal("main", "stderr"), Sandbox(), ())
context = tls.load_context(settings.listen) if sys.argv[2] == "tls" else None

def state():
    return sorted(os.listdir("/proc/self/fd")), sorted(signal.pthread_sigmask(0, ()))
"""

LEFT = """
before = state()
rehearsal.rehearse(shared, context)
print(json.dumps([before == state(), sorted(signal.sigpending()), os.listdir(path / "run")]))
"""

# What a forked process owns after one life of a client, before a rehearsal and after it.
COST = """
import gc
from papayad.system import immortal

def own():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))

def after_a_life():
    gc.collect()
    immortal.immortalise()
    gc.freeze()
    reading, writing = os.pipe()
    if os.fork() == 0:
        rehearsal._LIVES = 1
        before = own()
        rehearsal.rehearse(shared, context)
        os.write(writing, str(own() - before).encode())
        os._exit(0)
    os.wait()
    return int(os.read(reading, 32))

first = after_a_life()
rehearsal.rehearse(shared, context)
print(json.dumps([first, after_a_life()]))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    certificate.make(tmp_path / "cert.pem", tmp_path / "key.pem")
    return tmp_path


def rehearsed(source: str, place: Path, how: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", REHEARSE + source, str(place), how]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)


@pytest.mark.parametrize("how", ["plain", "tls"])
def test_nothing_is_left(place: Path, how: str) -> None:
    done = rehearsed(LEFT, place, how)
    assert json.loads(done.stdout) == [True, [], []]
    assert done.stderr == ""


def test_what_a_killed_one_left_is_removed(place: Path) -> None:
    (place / "run/rehearsal/roster").mkdir(parents=True)
    (place / "run/rehearsal/committed").write_text("7")
    assert json.loads(rehearsed(LEFT, place, "plain").stdout) == [True, [], []]


def test_a_room_that_cannot_be_made_is_told_and_no_matter(place: Path) -> None:
    (place / "run").rmdir()
    (place / "run").write_text("a file")
    done = rehearsed(LEFT.replace('os.listdir(path / "run")', "[]"), place, "plain")
    assert json.loads(done.stdout) == [True, [], []]
    assert "no rehearsal, so that clients cost more" in done.stderr


@pytest.mark.skipif(sys.version_info < (3, 12), reason="reference counts hide it on Python 3.11")
@pytest.mark.parametrize("how", ["plain", "tls"])
def test_a_life_after_a_rehearsal_costs_fewer_pages(place: Path, how: str) -> None:
    before, after = json.loads(rehearsed(COST, place, how).stdout)
    assert after < 0.85 * before


def test_a_room_begins_after_its_rehearsal(make_room: Callable[..., Room]) -> None:
    """No record, no entry and no notice of it is in the room."""
    room = make_room()
    alice = room.join("alice")
    assert b"nobody" not in alice.ping()
    assert b"rehearsal" not in b"".join(str(path).encode() for path in room.directory.rglob("*"))
    assert room.journal().count("warning") == 0
