"""The room: when it wants to be woken, and what it takes for a dead connection."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.kit.terminal.scripted import Peer, ScriptedRoom
from papayachat.disk import outbox, profile
from papayachat.disk.outbox import Outbox
from papayachat.room import room as rooms
from papayachat.room.delivery import Delivery
from papayachat.room.events import Accepted, Connected, Event, Lost
from papayachat.room.room import Room
from papayachat.room.wait import wait
from papayachat.stream import draft


@pytest.fixture
def box(room: ScriptedRoom) -> Iterator[Outbox]:
    taken = outbox.acquire("session", profile.load(None).identity)
    assert taken is not None
    yield taken
    taken.discard()


def connect(client: Room, room: ScriptedRoom) -> tuple[Peer, list[Event]]:
    """The client's step that connects, which blocks until the server has answered."""
    with ThreadPoolExecutor(1) as pool:
        peer = pool.submit(room.greeted)
        events = client.step()
        return peer.result(), events


def until(client: Room, kind: type[Event]) -> Event:
    while True:
        for event in client.step():
            if isinstance(event, kind):
                return event
        wait(client)


def test_an_idle_room_wants_no_wakeup(room: ScriptedRoom) -> None:
    client = Room(profile.load(None), "session", 0)
    _, events = connect(client, room)
    assert [type(event) for event in events] == [Connected]
    assert client.caught_up
    assert client.timeout() is None
    client.close()


def test_silence_after_a_message_is_a_dead_connection(
    room: ScriptedRoom, box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "SILENT_FOR", 0.2)
    delivery = Delivery(box)
    client = Room(profile.load(None), box.session, 0, delivery=delivery)
    first, _ = connect(client, room)
    delivery.post(draft.write("hello"))
    client.send_due()
    message = first.message()
    assert isinstance(until(client, Lost), Lost)
    while client.timeout():
        wait(client)
    second, _ = connect(client, room)
    assert second.message() == message
    second.accept(message)
    accepted = until(client, Accepted)
    assert isinstance(accepted, Accepted) and accepted.draft.id == message.id
    assert client.timeout() is None
    client.close()


def test_the_pauses_grow_and_are_never_in_step(room: ScriptedRoom) -> None:
    client = Room(profile.load(None), "session", 0)
    peer, _ = connect(client, room)
    room.stop_listening()
    peer.cut()
    lost = [until(client, Lost) for _ in range(3)]
    pauses = [event.seconds for event in lost if isinstance(event, Lost)]
    assert 0.25 <= pauses[0] <= 0.5 and 0.5 <= pauses[1] <= 1.0 and 1.0 <= pauses[2] <= 2.0
