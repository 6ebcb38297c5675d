"""A scan: searches the copy, in a process of its own.

The screen starts it (stream.again). An expression may take for ever; a thread would
stop the screen with it, but a process can be ended. The scan reads a line of JSON that says what to
look for and where, then lines with ranges of addresses. For each range it answers with what it
found, the newest first, and with a "." at the end.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from papayachat.disk.replica import Replica
from papayachat.disk.search import Query

DONE = "."
PROGRESS = "-"  # before an address: how far it has come, as a sign of life
MOST_FOUND = 100_000  # in a range; a search for "e" needs only the last ones


def request(copy: Replica, query: Query) -> bytes:
    """The first line that a scan reads."""
    fields = {
        "text": query.text,
        "words": query.words,
        "expression": query.expression,
        "ignored": sorted(query.ignored),
        "places": [str(place) for place in copy.places],
        "logs": copy.logs,
    }
    return (json.dumps(fields) + "\n").encode()


def render(address: int, spans: list[tuple[int, int]]) -> str:
    return " ".join([str(address), *(f"{start}-{stop}" for start, stop in spans)])


def parse(line: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The address of a found message, and the places in its text."""
    address, *spans = line.split()
    pairs = (span.partition("-") for span in spans)
    return int(address), tuple((int(start), int(stop)) for start, _, stop in pairs)


def scan(copy: Replica, query: Query, low: int, high: int) -> Iterator[str]:
    """The answer for a range, in lines: matches, the last one first, and progress in between."""
    count = 0
    for start, data in copy.blocks_back(high, low=low):
        found = [render(start + at, spans) for at, spans in _in_block(data, query)]
        yield from reversed(found)
        count += len(found)
        if count >= MOST_FOUND:
            break
        yield f"{PROGRESS} {start}"
    yield DONE


def _in_block(data: bytes, query: Query) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    for start, stop in _candidates(data, query):
        spans = query.matches(data[start:stop])
        if spans is not None:
            yield start, spans


def _candidates(data: bytes, query: Query) -> Iterator[tuple[int, int]]:
    """Lines that may match: all, or those that contain the longest word, without parsing them."""
    plain = [word.encode() for word in query.words if word.isascii()]
    lowered, word = data.lower(), max(plain, key=len, default=b"\n")
    at = lowered.find(word)
    while at >= 0:
        stop = data.find(b"\n", at) + 1
        yield data.rfind(b"\n", 0, at) + 1, stop
        at = lowered.find(word, stop)


def main() -> None:
    fields = json.loads(sys.stdin.readline())
    names = frozenset(fields["ignored"])
    query = Query(fields["text"], tuple(fields["words"]), fields["expression"], names)
    place, *spare = map(Path, fields["places"])
    for line in sys.stdin:
        low, _, high = line.partition(" ")
        copy = Replica(place, spare[0] if spare else None, fields["logs"])
        for answer in scan(copy, query, int(low), int(high)):
            print(answer)
            if answer.startswith((PROGRESS, DONE)):
                sys.stdout.flush()
        copy.close()


if __name__ == "__main__":
    main()
