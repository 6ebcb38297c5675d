"""Fifty clients, ten of them flooding (design sections 3 and 4).

What is downstream is the log, byte for byte, whoever talks; a message that was sent is there once.
"""

import random
from collections import defaultdict

from lab.kit.crowd import Crowd
from lab.kit.room import Peer
from papayad.formats import record
from tests.conftest import MakeRoom

CLIENTS = 50
FLOODERS = 10
MESSAGES = 400  # of each flooder
UNLIMITED = {"messages_per_second": 1e6, "message_burst": 1_000_000}


def said_by(log: bytes) -> dict[str, list[tuple[str, str]]]:
    """ID and text of every record, by sender, in the log's order."""
    said = defaultdict(list)
    for line in log.splitlines():
        known = record.parse(line)
        assert known is not None, line
        said[known.sender].append((known.id, known.text))
    return said


def speech(seed: str) -> list[tuple[str, str]]:
    chance = random.Random(seed)
    return [
        (str(number), chance.choice("aöU0") * chance.randint(1, 600)) for number in range(MESSAGES)
    ]


def upstream(said: list[tuple[str, str]]) -> bytes:
    """The messages as lines, with a PING here and there, so that notices stand among records."""
    lines = []
    for id, text in said:
        lines.append(f"MSG {id} {text}\n")
        if int(id) % 20 == 0:
            lines.append(f"PING {id}\n")
    return "".join(lines).encode()


def assert_pongs_follow_their_records(peer: Peer, user: str) -> None:
    """A PING that came behind message N is answered behind the record of message N."""
    last = -1
    for line in peer.stream.decode().splitlines():
        words = line.split(" ")
        if words[1] == user:
            last = int(words[2])
        elif words[1] == "pong" and words[2].isdigit():
            assert last >= int(words[2]), peer.stream[:200]


def test_every_stream_is_the_promised_range_of_the_file(make_room: MakeRoom) -> None:
    """Guards: appending under the exclusive lock; notices written by SEND alone, after the log."""
    room = make_room(limits=UNLIMITED, chatlog={"segment_bytes": 100_000})
    crowd = Crowd(room.join(f"user{number}") for number in range(CLIENTS))
    flooders = {f"user{number}": speech(f"user{number}") for number in range(FLOODERS)}
    for peer, said in zip(crowd.peers, flooders.values(), strict=False):
        crowd.say(peer, upstream(said) + b"PING said\n")
    crowd.run_until_all_have(b"! pong said\n", crowd.peers[:FLOODERS])
    for peer in crowd.peers:
        crowd.say(peer, b"PING end\n")
    crowd.run_until_all_have(b"! pong end\n")
    for peer, user in zip(crowd.peers, flooders, strict=False):
        assert_pongs_follow_their_records(peer, user)
    log = room.log()
    for peer in crowd.peers:
        assert peer.greeting is not None
        assert peer.records() == log[peer.greeting.offset :]
    heard = said_by(log)
    assert {name: heard[name] for name in flooders} == flooders
    assert set(heard) == {record.SERVER, *flooders}
