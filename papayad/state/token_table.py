"""The tokens as the acceptor has them: in memory that none of its children inherits.

A digest opens no door, but all of them together say who may come in, and a client's process needs
none. So a child reads the file and makes a table of it, of which nothing else stays here; and the
table lies where a fork takes nothing along (madvise(2), MADV_DONTFORK; Linux).
"""

import mmap
import struct
from bisect import bisect_left
from collections.abc import Sequence
from errno import EIO
from os import strerror
from pathlib import Path

from papayad.errors import TRY_AGAIN, Fault
from papayad.state import tokens
from papayad.state.tokens import Token
from papayad.system.spawn import apart

_DIGEST = 32  # bytes
_OFFSET = struct.Struct("=Q")
_TABLE, _FAULT = b"+", b"-"
_PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
_NOT_INHERITED: int | None = getattr(mmap, "MADV_DONTFORK", None)


class TokenTable(Sequence[bytes]):
    """A token file's content. The constructor raises a Fault (75, 77, 78).

    As a sequence it is the digests, ascending; behind them is for each where its entry begins.
    """

    def __init__(self, path: Path) -> None:
        content = _read(path)
        self._region = mmap.mmap(-1, len(content), flags=_PRIVATE)
        if _NOT_INHERITED is not None:
            self._region.madvise(_NOT_INHERITED)
        self._region[:] = content
        content[:] = bytes(len(content))
        self._count: int = _OFFSET.unpack_from(self._region)[0]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> bytes:  # type: ignore[override]
        start = _OFFSET.size + place * _DIGEST
        return self._region[start : start + _DIGEST]

    def get(self, digest: str) -> Token | None:
        """The entry of a token, by the digest in hexadecimal; None when there is none."""
        wanted = bytes.fromhex(digest)
        place = bisect_left(self, wanted)
        if place == self._count or self[place] != wanted:
            return None
        offsets = _OFFSET.size + self._count * _DIGEST
        (start,) = _OFFSET.unpack_from(self._region, offsets + place * _OFFSET.size)
        line = self._region[start : self._region.find(b"\n", start)]
        user, created, expires = line.decode().split(" ")
        return Token(digest, user, int(created), int(expires))


def _read(path: Path) -> bytearray:
    """The table, made by a child."""
    try:
        answer = apart(lambda: _answer(path))
    except OSError as error:
        why = f"no process to read it: {error.strerror}"
        raise Fault(str(path), why, code=TRY_AGAIN) from error
    kind, content = answer[:1], answer[1:]
    if kind == _TABLE:
        answer[:] = bytes(len(answer))
        return content
    if kind != _FAULT:
        raise Fault(str(path), strerror(EIO), code=TRY_AGAIN)
    what, why, remedy, code = content.decode().split("\0")
    raise Fault(what, why, remedy, code=int(code))


def _answer(path: Path) -> bytes:
    try:
        return _TABLE + _table(tokens.read_tokens(path))
    except Fault as fault:
        return _FAULT + "\0".join((fault.what, fault.why, fault.remedy, str(fault.code))).encode()


def _table(known: dict[str, Token]) -> bytes:
    ordered = [known[digest] for digest in sorted(known)]
    lines = [f"{one.user} {one.created} {one.expires}\n".encode() for one in ordered]
    start = _OFFSET.size + len(ordered) * (_DIGEST + _OFFSET.size)
    offsets = []
    for line in lines:
        offsets.append(_OFFSET.pack(start))
        start += len(line)
    digests = [bytes.fromhex(one.digest) for one in ordered]
    return b"".join((_OFFSET.pack(len(ordered)), *digests, *offsets, *lines))
