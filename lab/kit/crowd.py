"""Many clients in one selector loop: all write and read at once, as fast as the room lets them.

Clients that act one after the other would hide what happens only when everybody talks.
"""

import selectors
import time
from collections.abc import Callable, Iterable

from lab.kit.room import PATIENCE, Peer

_CHUNK = 1 << 18

Take = Callable[[Peer, bytes], None]


def keep(peer: Peer, data: bytes) -> None:
    peer.stream += data


class Crowd:
    """Peers that have been greeted. What one of them reads goes to `take`."""

    def __init__(self, peers: Iterable[Peer], take: Take = keep) -> None:
        self.peers = list(peers)
        self._take = take
        self._unsent: dict[Peer, memoryview] = {}

    def say(self, peer: Peer, data: bytes) -> None:
        """Let a peer send this while the loop runs, after what it has not sent yet."""
        self._unsent[peer] = memoryview(bytes(self._unsent.get(peer, b"")) + data)

    def is_heard(self) -> bool:
        """Whether every peer has sent all that it has to say."""
        return not self._unsent

    def run(self, until: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Serve everybody until the condition is true; it is checked after each turn."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            for peer in self.peers:
                peer.socket.setblocking(False)
                selector.register(peer.socket, self._interest(peer), peer)
            while not until():
                left = deadline - time.monotonic()
                assert left > 0, f"not within {seconds} s: {until}"
                for key, ready in selector.select(min(left, 0.1)):
                    self._serve(key.data, ready)
                    if key.events != (interest := self._interest(key.data)):
                        selector.modify(key.fileobj, interest, key.data)

    def run_until_all_have(self, line: bytes, peers: Iterable[Peer] = ()) -> None:
        """Serve until this text is in these streams, or in all; the peers have to `keep` theirs."""
        seen = dict.fromkeys(peers or self.peers, 0)

        def all_have() -> bool:
            for peer in list(seen):
                if line in peer.stream[max(0, seen[peer] - len(line)) :]:
                    del seen[peer]
                else:
                    seen[peer] = len(peer.stream)
            return not seen

        self.run(all_have)

    def _interest(self, peer: Peer) -> int:
        writing = selectors.EVENT_WRITE if peer in self._unsent else 0
        return selectors.EVENT_READ | writing

    def _serve(self, peer: Peer, ready: int) -> None:
        if ready & selectors.EVENT_READ:
            data = peer.socket.recv(_CHUNK)
            assert data, f"{peer.greeting} was closed"
            self._take(peer, data)
        if ready & selectors.EVENT_WRITE:
            unsent = self._unsent.pop(peer)
            unsent = unsent[peer.socket.send(unsent) :]
            if unsent:
                self._unsent[peer] = unsent
