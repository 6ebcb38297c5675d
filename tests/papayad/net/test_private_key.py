"""The key in memory: found in whatever form OpenSSL has it, and gone from a child."""

import ctypes
import mmap
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from lab.kit import certificate
from lab.kit.certificate import Private
from lab.kit.machine import dump
from lab.kit.processes import run_in_child
from papayad.net import private_key, tls
from papayad.net.private_key import Place, blot_out

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/maps")

KEYS: dict[str, Callable[[], Private]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


def load(path: Path) -> tuple[ssl.SSLContext, tuple[Place, ...]]:
    """A context whose key was used, as the acceptor has one, and where the key lies."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path / "cert.pem", path / "key.pem")
    tls.shake_hands(context)
    return context, private_key.find(path / "cert.pem", path / "key.pem")


# Has the key from its file only, forks a child without it, and can use it afterwards.
ACCEPTOR = """
import os, signal, sys
from pathlib import Path
from zlib import crc32
from papayad.net import tls
from papayad.net.private_key import blot_out
from tests.papayad.net.test_private_key import load
context, places = load(Path(sys.argv[1]))
child = os.fork()
if child == 0:
    blot_out(places)
    print(os.getpid(), flush=True)
    signal.pause()
sys.stdin.read()
os.kill(child, signal.SIGKILL)
tls.shake_hands(context)
"""


@pytest.mark.parametrize("kind", KEYS)
def test_a_child_has_no_key(kind: str, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    certificate.make(tmp_path / "cert.pem", key, KEYS[kind]())
    secrets = dump.of_key(key)
    command = [sys.executable, "-c", ACCEPTOR, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        child = int(process.stdout.readline())
        assert dump.holds(process.pid, secrets)
        assert dump.holds(child, secrets) == []
        process.stdin.close()
        assert process.wait() == 0


def test_what_took_its_place_is_left_alone(tmp_path: Path) -> None:
    """After a reload the old key is freed, and its memory is somebody else's."""
    certificate.make(tmp_path / "cert.pem", tmp_path / "key.pem")
    _, places = load(tmp_path)

    def attempt() -> None:
        for there, _ in places:
            there.raw = b"x" * len(there)
        blot_out(places)
        assert all(there.raw == b"x" * len(there) for there, _ in places)

    assert places
    run_in_child(attempt)


def test_memory_that_was_given_back_ends_nobody() -> None:
    """A copy in freed memory may be gone with its pages at the next fork."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    page[:4] = b"key!"
    held = (ctypes.c_char * 4).from_buffer(page)
    place = (ctypes.c_char * 4).from_address(ctypes.addressof(held)), crc32(b"key!")
    assert private_key.left_of((place,)) == (place,)
    del held
    page.close()

    def look() -> None:
        assert private_key.left_of((place,)) == ()
        blot_out((place,))

    run_in_child(look)
