"""The room: when it wants to be woken, and what it takes for a dead connection."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lab.kit.terminal.scripted import Peer, ScriptedRoom
from papayachat.disk import outboxes, profile, standing
from papayachat.disk.outbox import Outbox
from papayachat.room import backoff
from papayachat.room import room as rooms
from papayachat.room.attempt import FIRST_TRIES
from papayachat.room.delivery import Delivery
from papayachat.room.events import Accepted, Connected, Event, Lost
from papayachat.room.room import Room
from papayachat.room.wait import wait
from papayachat.stream import draft
from papayad.errors import UNAVAILABLE, Fault
from papayad.formats import wire


@pytest.fixture
def box(room: ScriptedRoom) -> Iterator[Outbox]:
    taken = outboxes.acquire("session", profile.load(None).identity)
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


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds."""
    monkeypatch.setattr(backoff, "SHORTEST_PAUSE", 0.001)


def refused(client: Room, room: ScriptedRoom, why: str) -> list[Event]:
    with ThreadPoolExecutor(1) as pool:
        turn = pool.submit(lambda: room.accept().refuse(why))
        try:
            return client.step()
        finally:
            turn.result()


def cut_off(client: Room, room: ScriptedRoom) -> list[Event]:
    while client.timeout():
        wait(client)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: room.accept().cut())
        return client.step()


def test_what_never_greets_is_no_papayad(room: ScriptedRoom, impatient: None) -> None:
    client = Room(profile.load(None), "session", 0)
    for _ in range(FIRST_TRIES - 1):
        assert isinstance(cut_off(client, room)[0], Lost)
    with pytest.raises(Fault, match="without an answer") as caught:
        cut_off(client, room)
    assert caught.value.code == UNAVAILABLE


def test_a_token_that_never_opened_it_is_wrong_at_once(room: ScriptedRoom) -> None:
    with pytest.raises(Fault, match="new invite"):
        refused(Room(profile.load(None), "session", 0), room, "auth")


def test_a_token_that_opened_it_is_wrong_when_that_is_said_twice(
    room: ScriptedRoom, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Room(profile.load(None), "session", 0)
    peer, _ = connect(client, room)
    peer.cut()
    until(client, Lost)
    (lost,) = refused_when_due(client, room)
    assert isinstance(lost, Lost) and 60 < lost.seconds < 73
    client.hurry()
    (lost,) = refused_when_due(client, room)  # told again, and too soon to believe it
    assert isinstance(lost, Lost)
    monkeypatch.setattr(standing, "BELIEVED_AFTER", -1.0)
    client.hurry()
    with pytest.raises(Fault, match="new invite"):
        refused_when_due(client, room)


def refused_when_due(client: Room, room: ScriptedRoom) -> list[Event]:
    while client.timeout():
        wait(client)
    return refused(client, room, "auth")


def test_a_session_that_goes_on_elsewhere_is_left_to_it(
    room: ScriptedRoom, box: Outbox, impatient: None
) -> None:
    """Of a copied home directory: both would take each other over for ever."""
    mine = replace(profile.load(None), session="session")
    profile.save(mine)
    client = Room(mine, box.session, 0, renew=lambda: outboxes.renew(mine, box))
    peer, _ = connect(client, room)
    peer.notice("bye", "replaced")
    peer.cut()
    until(client, Lost)
    while client.timeout():
        wait(client)
    again, _ = connect(client, room)
    assert again.hello.session not in ("session", "")
    assert profile.load(None).session == box.session == again.hello.session
    assert box.path.exists() and not box.path.with_name("session").exists()


def test_the_cursor_says_what_stands_before_it(room: ScriptedRoom, impatient: None) -> None:
    client = Room(profile.load(None), "session", 0)
    peer, _ = connect(client, room)
    assert peer.hello.check == ""
    peer.send(room.commit("one"))
    last = room.commit("two")
    peer.send(last)
    while client.cursor is None or client.cursor.offset < room.end:
        wait(client)
        client.step()
    peer.cut()
    until(client, Lost)
    while client.timeout():
        wait(client)
    again, _ = connect(client, room)
    assert (again.hello.since, again.hello.check) == (room.end, wire.check_of(last))
    again.cut()  # nothing came: it is still known what was before
    until(client, Lost)
    while client.timeout():
        wait(client)
    assert connect(client, room)[0].hello.check == wire.check_of(last)
