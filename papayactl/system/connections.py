"""TCP connections as the kernel counts them: bytes, queues, round trip (sock_diag(7)).

One dump has all connections, for any user: that is cheaper than a file for each client and needs no
root. (/proc/PID/io would also count the reads of the log's files.) Linux only; elsewhere, and in
another network namespace, there are none.
"""

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_INFO = 2  # INET_DIAG_INFO: struct tcp_info
_DONE, _ERROR = 3, 2
_LISTENING = 1 << 10
_CONNECTED = 0xFFF & ~(_LISTENING | 1 << 6)  # all but LISTEN and TIME_WAIT

_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI48s")
_ID = struct.Struct(">HH16s16s")  # ports and addresses are in network order
_QUEUES = struct.Struct("=IIIII")  # expires, rqueue, wqueue, uid, inode
_ID_AT, _QUEUES_AT, _ATTRIBUTES_AT = 4, 52, 72
_RTT_AT, _RETRANSMITS_AT, _ACKED_AT, _RECEIVED_AT = 68, 100, 120, 128


@dataclass(frozen=True, slots=True)
class Connection:
    """Bytes; `rtt` in seconds. `queued_*` is in the kernel: not read yet, or not acknowledged."""

    local: str
    peer: str
    inode: int
    queued_in: int
    queued_out: int
    received: int | None = None
    acknowledged: int | None = None
    rtt: float | None = None
    retransmits: int | None = None


def read() -> list[Connection]:
    """Every TCP connection that the kernel shows us."""
    return _read(_CONNECTED)


def listening() -> list[str] | None:
    """The address of every socket that listens for TCP; None where the kernel does not say."""
    return [one.local for one in _read(_LISTENING)] or None


def _read(states: int) -> list[Connection]:
    if sys.platform != "linux":
        return []
    try:
        return [*_dump(socket.AF_INET, states), *_dump(socket.AF_INET6, states)]
    except OSError:  # the kernel does not have it, or a sandbox forbids it
        return []


def _dump(family: int, states: int) -> Iterator[Connection]:
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG
    ) as asked:
        body = _REQUEST.pack(family, socket.IPPROTO_TCP, 1 << (_INFO - 1), 0, states, b"")
        asked.send(_HEADER.pack(_HEADER.size + len(body), _BY_FAMILY, _DUMP, 1, 0) + body)
        while True:
            data = asked.recv(1 << 18)
            place = 0
            while place + _HEADER.size <= len(data):
                length, kind, *_ = _HEADER.unpack_from(data, place)
                if kind in (_DONE, _ERROR) or length < _HEADER.size:
                    return
                yield _connection(family, data[place + _HEADER.size : place + length])
                place += length + 3 & ~3


def _connection(family: int, message: bytes) -> Connection:
    own_port, peer_port, own, peer = _ID.unpack_from(message, _ID_AT)
    _, queued_in, queued_out, _, inode = _QUEUES.unpack_from(message, _QUEUES_AT)
    info = _info(message)
    return Connection(
        _name(family, own, own_port),
        _name(family, peer, peer_port),
        inode,
        queued_in,
        queued_out,
        _number(info, _RECEIVED_AT, "=Q"),
        _number(info, _ACKED_AT, "=Q"),
        None if len(info) < _RTT_AT + 4 else struct.unpack_from("=I", info, _RTT_AT)[0] / 1e6,
        _number(info, _RETRANSMITS_AT, "=I"),
    )


def _info(message: bytes) -> bytes:
    """The struct tcp_info among the attributes; empty where there is none."""
    place = _ATTRIBUTES_AT
    while place + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, place)
        if length < 4:
            break
        if kind == _INFO:
            return message[place + 4 : place + length]
        place += length + 3 & ~3
    return b""


def _number(info: bytes, place: int, form: str) -> int | None:
    if len(info) < place + struct.calcsize(form):
        return None
    number: int = struct.unpack_from(form, info, place)[0]
    return number


def _name(family: int, packed: bytes, port: int) -> str:
    if family == socket.AF_INET:
        return f"{socket.inet_ntoa(packed[:4])}:{port}"
    return f"[{ipaddress.IPv6Address(packed)}]:{port}"
