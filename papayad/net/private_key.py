"""The certificate's private key in memory: found by the acceptor, blotted out in what it forks.

A cluster has its client's session keys and needs no other, but it is a copy of the acceptor, key
and all. OpenSSL gives the key to nobody and frees it for nobody who holds a connection. So the
acceptor looks where in its memory the key lies, and a child overwrites those bytes before it reads
its client: a page or two that the child has of its own then.

A child of its own does the looking, which may have the key in as many forms as it likes. It tells
places and checksums, never bytes. Linux only.
"""

import os
import re
import struct
from binascii import a2b_base64, crc32
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from papayad.system.spawn import apart

_LEAST = 16  # bytes of what is a secret
_PLACE = struct.Struct("=QQI")
_MAP = rb"([0-9a-f]+)-([0-9a-f]+) rw.. "
_PEM = rb"(?s)-----BEGIN [^-]+-----\s(.*?)-----END "
_CONSTRUCTED, _STRINGS = 0x20, (0x02, 0x03, 0x04)  # INTEGER, BIT STRING, OCTET STRING
_LIMB = 8 * struct.calcsize("P")  # bits


#: Bytes of the key, and their checksum: they are still there if it is. A reload frees an old key.
Place = tuple[Any, int]


def find(certificate: Path, key: Path) -> tuple[Place, ...]:
    """Where the key lies that was just loaded and used. Raises OSError (no process to be had)."""
    data = apart(lambda: b"".join(_look(certificate.read_bytes(), key.read_bytes())))
    return left_of(tuple(_place(*fields) for fields in _PLACE.iter_unpack(data)))


def left_of(places: tuple[Place, ...]) -> tuple[Place, ...]:
    """Those where the key still is: an old one stays as long as anything refers to it."""
    if not places:
        return ()
    reader, writer = os.pipe()
    try:
        return tuple(place for place in places if _is_there(place, reader, writer))
    finally:
        os.close(reader)
        os.close(writer)


def also(places: tuple[Place, ...], old: tuple[Place, ...]) -> tuple[Place, ...]:
    """The places of a new key, and those of an old one where that still lies, each once."""
    from ctypes import addressof

    known = {addressof(place[0]) for place in places}
    return places + tuple(one for one in left_of(old) if addressof(one[0]) not in known)


def blot_out(places: tuple[Place, ...]) -> None:
    """In a child: whoever gets to execute code there finds zeros."""
    for place in left_of(places):
        place[0].raw = bytes(len(place[0]))


def _place(address: int, length: int, checksum: int) -> Place:
    import ctypes

    return (ctypes.c_char * length).from_address(address), checksum


def _is_there(place: Place, reader: int, writer: int) -> bool:
    """The kernel reads the memory: where it was given back meanwhile that is an error (EFAULT), and
    to look there ourselves would end this process."""
    try:
        count = os.write(writer, place[0])
    except OSError:
        return False
    return crc32(os.read(reader, count)) == place[1]


def _look(certificate: bytes, key: bytes) -> Iterator[bytes]:
    """The places of the key in all forms, this child's own copies too, which the parent lacks."""
    public = b"".join(_blocks(certificate))
    leaves = {leaf for block in _blocks(key) for leaf in _leaves(block) if len(leaf) >= _LEAST}
    forms = {form for leaf in leaves if leaf not in public for form in _forms(leaf)}
    for start, end in _writable():
        for form in forms:
            for address in _occurrences(start, end, form):
                yield _PLACE.pack(address, len(form), crc32(form))


def _blocks(pem: bytes) -> list[bytes]:
    """What is in a file of PEM. Raises ValueError."""
    return [a2b_base64(match[1]) for match in re.finditer(_PEM, pem)]


def _leaves(der: bytes) -> Iterator[bytes]:
    """The numbers and strings of a structure (X.690), whatever it is; also those in strings."""
    while len(der) > 2:
        tag, length, head = der[0], der[1], 2
        if length > 0x80:
            head += length & 0x7F
            length = int.from_bytes(der[2:head], "big")
        content, der = der[head : head + length], der[head + length :]
        if tag & _CONSTRUCTED or tag in _STRINGS:
            yield from _leaves(content)
        if tag in _STRINGS:
            yield content.lstrip(b"\0")


def _forms(number: bytes) -> Iterator[bytes]:
    """As a file has it, as OpenSSL's BIGNUM has it, and what it keeps of an RSA key's primes: the
    square of Montgomery's R, from which with the public half the prime follows."""
    yield number
    yield number[::-1]
    value = int.from_bytes(number, "big")
    if value & 1 and len(number) >= 2 * _LEAST:
        bits = -(-value.bit_length() // _LIMB) * _LIMB
        yield pow(2, 2 * bits, value).to_bytes(bits // 8, "little")


def _writable() -> list[tuple[int, int]]:
    maps = Path("/proc/self/maps").read_bytes()
    return [(int(match[1], 16), int(match[2], 16)) for match in re.finditer(_MAP, maps)]


def _occurrences(start: int, end: int, form: bytes) -> Iterator[int]:
    import ctypes

    search = ctypes.CDLL(None).memmem
    search.restype = ctypes.c_void_p
    search.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t
    while address := search(start, end - start, form, len(form)):
        yield address
        start = address + 1
