"""A client's host is gone without a word: its cluster ends, others see it (design section 6)."""

from lab.kit.machine import kernel, namespace
from lab.kit.room import Peer, is_alive, wait_for
from papayad.formats.wire import Greeting, Hello
from tests.conftest import MakeRoom


def test_a_pulled_cable_ends_the_cluster(make_room: MakeRoom) -> None:
    with namespace.host() as host:
        room = make_room("optional", start=False, limits={"dead_peer_seconds": 3})
        here = f"{host.address}:{room.port}"
        room.path.write_text(
            room.path.read_text().replace(
                f'["127.0.0.1:{room.port}"]', f'["127.0.0.1:{room.port}", "{here}"]'
            )
        )
        room.start()
        bob = room.join("bob")
        alice = Peer(host.connect(room.port))
        room.peers.append(alice)
        assert isinstance(alice.hello(Hello(room.token("alice"))), Greeting)
        alice.ping()
        entry = room.entry("alice")
        far = int(entry.peer.rpartition(":")[2])
        # With data in flight it would take as long as the kernel tries to send it again.
        wait_for(lambda: kernel.unacknowledged(room.port, far) == 0)
        host.pull_cable()
        bob.read_until(b" * - part alice\n")
        wait_for(lambda: not is_alive(entry.recv) and not is_alive(entry.send))
        assert [one.user for one in room.entries()] == ["bob"]
        bob.ping()
