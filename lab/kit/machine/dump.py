"""What a living process has in its memory: searched by root, or by its parent where it may."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

_MAP = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r")
_ENOUGH = 24  # bytes


def holds(pid: int, secrets: Iterable[bytes]) -> list[bytes]:
    """The secrets that are in any of its memory, by their first bytes."""
    parts = {secret[:_ENOUGH] for secret in secrets}
    return [part for part in parts for memory in _memory(pid) if part in memory]


def of_key(path: Path) -> list[bytes]:
    """A private key as its file and as OpenSSL may have it in memory."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return [key.private_bytes_raw()]
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _both_ways(key.private_numbers().private_value)
    numbers = key.private_numbers()
    found = []
    for prime in (numbers.p, numbers.q):
        bits = -(-prime.bit_length() // 64) * 64
        found += [*_both_ways(prime), pow(2, 2 * bits, prime).to_bytes(bits // 8, "little")]
    for number in (numbers.d, numbers.dmp1, numbers.dmq1, numbers.iqmp):
        found += _both_ways(number)
    return found


def _both_ways(number: int) -> list[bytes]:
    length = (number.bit_length() + 7) // 8
    return [number.to_bytes(length, "big"), number.to_bytes(length, "little")]


def _memory(pid: int) -> Iterator[bytes]:
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if match := _MAP.match(line):
                start, end = int(match[1], 16), int(match[2], 16)
                with suppress(OSError, OverflowError):  # the kernel's own pages
                    memory.seek(start)
                    yield memory.read(end - start)
