"""The client of a room: one front is told everything, in its order, and the copy has it by then."""

from collections.abc import Iterator

import pytest

from lab.kit.terminal.scripted import ScriptedRoom
from papayachat.disk import outboxes, profile
from papayachat.room.client import Client
from papayachat.room.events import Connected, Event, Lost, Refused, Uncertain
from papayachat.room.intake import Heard
from papayachat.room.people import Moves
from papayachat.stream import draft
from papayachat.stream.draft import Draft
from papayachat.stream.splitter import Line
from papayad.errors import Fault
from papayad.formats import record
from papayad.formats.wire import Greeting, Notice

GREETING = Greeting("alice", "main", "0" * 32, 0, 0, 8192)


class Told:
    """A front that writes down what it is told."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.client: Client | None = None

    def back(self, greeting: Greeting) -> None:
        self.words.append(f"in {greeting.room}")

    def lost(self, fault: Fault, seconds: float) -> None:
        self.words.append(f"lost {fault} {seconds}")

    def said(self, heard: Heard) -> None:
        assert self.client is not None
        assert self.client.copy.end >= heard.address + len(heard.line.raw)
        self.words.append(heard.said.text if heard.said else "no record")

    def moved(self, moves: Moves) -> None:
        self.words.append(f"+{sorted(moves.came)} -{sorted(moves.went)}")

    def refused(self, draft: Draft, why: str) -> None:
        self.words.append(f"{draft.text}: {why}")

    def postponed(self, draft: Draft) -> None:
        self.words.append(f"later {draft.text}")

    def told(self, notice: Notice) -> None:
        self.words.append(f"! {notice.word}")


@pytest.fixture
def told(room: ScriptedRoom) -> Iterator[Told]:
    told = Told()
    chosen = profile.load(None)
    told.client = Client(chosen, outboxes.of_device(chosen.session, chosen.identity), told)
    yield told
    told.client.close()


def line(sender: str, text: str, at: int = 0) -> Line:
    return Line(at, record.render(record.stamp(1_800_000_000), sender, "-", text))


def hear(told: Told, *events: Event) -> list[str]:
    assert told.client is not None
    told.words.clear()
    told.client.hear(list(events))
    return told.words


def test_everything_is_told_in_its_order(told: Told) -> None:
    first = line("bob", "hello")
    joined = line("*", "join carol", first.end)
    strange = Line(joined.end, b"what\n")
    assert hear(told, Connected(GREETING), first, joined, Notice("pong"), strange) == [
        "in main",
        "hello",
        "+['carol'] -[]",
        "join carol",
        "! pong",
        "no record",
    ]
    lost = Draft("1" * 16, "lost")
    assert hear(told, Refused(lost, "empty"), Uncertain(lost), Lost(Fault("a", "b"), 2.0)) == [
        "lost: not sent (empty)",
        "lost: not known whether this arrived, that part of the log is gone",
        "lost a: b 2.0",
    ]


def test_who_is_here_is_told_as_differences(told: Told) -> None:
    hear(told, Connected(GREETING))
    assert hear(told, Notice("online", "alice bob")) == ["+['alice', 'bob'] -[]", "! online"]
    assert hear(told, line("*", "join bob")) == ["join bob"]
    assert hear(told, Notice("online", "alice bob")) == ["! online"]
    gone = line("*", "part bob", 1000)
    assert hear(told, gone) == ["+[] -['bob']", "part bob"]
    assert told.client and told.client.people.doubtful


def test_who_hears_that_he_left_has_another_device(told: Told) -> None:
    hear(told, Connected(GREETING), Notice("online", "alice"))
    assert hear(told, line("*", "part alice")) == ["part alice"]
    assert told.client and told.client.people.online == {"alice"}


def test_a_long_text_is_several_messages_and_loses_nothing(told: Told) -> None:
    assert told.client is not None
    text = "\n".join(f"{number} " + "\u00e4" * 900 for number in range(30)) + "\n" + "x y" * 9000
    told.client.say(text)
    texts = [each.text for each in told.client.delivery.waiting.values()]
    assert len(texts) > 5
    assert all(len(each.encode()) <= draft.LONGEST_LINE - 22 for each in texts)
    assert "".join(texts).replace("\u2028", "") == text.replace("\n", "")
