"""A herd: very many people with right tokens at once, as after an outage; all of them get in.

They connect in the same moment, each from an address of its own, half of them over TLS. Whoever is
refused as `busy`, or cut off, comes again after a pause, as papayachat does. Nobody may be told
that a right token is wrong.
"""

import resource
import statistics
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

import psutil

from lab.kit.room import Peer, Room
from lab.kit.tls import TLSPeer
from papayachat.room.backoff import Backoff
from papayad.formats.wire import Greeting, Hello, Refusal

MANY = 2000

_CLIENT = 5 << 20  # bytes of memory, roughly
_SHARE = 0.7  # of the memory that is available
_LONGEST = 300.0  # seconds until the last of them is in


@dataclass(slots=True)
class Herd:
    """All of them; `refused` counts the reasons, `cut` the connections that ended without one."""

    room: Room
    start: threading.Barrier
    peers: list[Peer] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def join(self, number: int, token: str) -> None:
        """One of them, in a thread of its own."""
        source = f"127.201.{number // 250}.{number % 250 + 1}"
        backoff = Backoff()
        self.start.wait()
        began = time.monotonic()
        while time.monotonic() < began + _LONGEST:
            reason = self._try(source, number % 2 == 0, Hello(token, last=0))
            if not reason:
                self.took.append(time.monotonic() - began)
                return
            self.refused[reason] += 1
            time.sleep(backoff.delay())

    def _try(self, source: str, is_tls: bool, hello: Hello) -> str:
        """The reason for not being in, or nothing."""
        peer = None
        try:
            connection = self.room.socket(source)
            peer = TLSPeer(connection) if is_tls else Peer(connection)
            answer = peer.hello(hello)
        except (AssertionError, OSError) as error:  # cut off, or no answer
            if peer:
                peer.close()
            return type(error).__name__
        if isinstance(answer, Greeting):
            self.peers.append(peer)
            return ""
        peer.close()
        assert isinstance(answer, Refusal)
        return answer.reason


def run(many: int) -> tuple[list[str], list[str]]:
    """Return the report's lines and the goals that were missed."""
    fit = int(psutil.virtual_memory().available * _SHARE) // _CLIENT
    count = min(many, fit)
    lines = [] if count == many else [f"  no memory for {many}: {count} of them"]
    limits = {"max_clients": count, "history_lines": 0}
    with closing(Room("optional", limits=limits, chatlog={"durability": "kernel"})) as room:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * count + 1000), hard))
        try:
            return _run(room, count, lines)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _run(room: Room, count: int, lines: list[str]) -> tuple[list[str], list[str]]:
    tokens = room.tokens_of([f"user{number}" for number in range(count)])
    room.start()
    herd = Herd(room, threading.Barrier(count))
    members = [
        threading.Thread(target=herd.join, args=[number, token])
        for number, token in enumerate(tokens)
    ]
    for member in members:
        member.start()
    for member in members:
        member.join()
    heard = _hear(herd.peers)
    lines.append(f"  {count} at once, half of them over TLS: {len(herd.took)} are in")
    if herd.took:
        median, last = statistics.median(herd.took), max(herd.took)
        lines.append(f"  half of them after {median:.1f} s, the last one after {last:.1f} s")
    again = ", ".join(f"{many} x {reason}" for reason, many in sorted(herd.refused.items()))
    lines.append(f"  came again: {again or 'nobody'}; {heard} heard what the first one said")
    return lines, _missed(herd, count, heard)


def _hear(peers: list[Peer]) -> int:
    """How many hear one message."""
    heard = 0
    if peers:
        peers[0].send(b"MSG - we are all here\n")
    for peer in peers:
        peer.read_until(b" we are all here\n")
        heard += 1
    return heard


def _missed(herd: Herd, count: int, heard: int) -> list[str]:
    missed = []
    if len(herd.took) < count:
        missed.append(f"herd: {count - len(herd.took)} of {count} were kept out for {_LONGEST} s")
    if herd.refused["auth"]:
        missed.append(f"herd: {herd.refused['auth']} times a right token was called wrong")
    if heard < len(herd.peers):
        missed.append(f"herd: {len(herd.peers) - heard} did not hear the first message")
    return missed
