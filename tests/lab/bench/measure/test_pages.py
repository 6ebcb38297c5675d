"""Whose pages a client's memory is: what is read from /proc, and what there must not be more of."""

import sys
from collections import Counter

import pytest

from lab.bench.measure import pages
from lab.bench.peers import Papayad
from lab.kit.room import ROOT

MAPS = """\
00400000-00401000 r--p 00000000 08:01 123 /usr/bin/python3.11
7f00000000-7f00002000 rw-p 00000000 00:00 0
7ffd000000-7ffd001000 rw-p 00000000 00:00 0                          [stack]
"""
PAGES = 500  # that RECV or SEND own: 345 and 305 with Python 3.11, 510 and 450 once


def test_what_is_mapped() -> None:
    known = pages.parse_maps(MAPS.replace("1000", f"{pages.PAGE:04x}"))
    assert [one.name for one in known] == ["python3.11", "objects", "[stack]"]


def test_a_table_is_in_kib_and_has_a_sum() -> None:
    table = pages.rows({"[heap]": Counter(own=1), "objects": Counter(own=2, all=1)})
    each = pages.PAGE // 1024
    assert [row[:2] for row in table] == [
        ["objects", f"{2 * each}"], ["[heap]", f"{each}"], ["sum", f"{3 * each}"],
    ]  # fmt: skip
    assert table[-1][-1] == f"{each}"


@pytest.mark.skipif(sys.platform != "linux" or not ROOT, reason="only root is told the frames")
def test_a_cluster_touches_little_of_what_it_inherits() -> None:
    """Each page that a process is the first to touch is a page that a room has for each client."""
    daemon = Papayad("off", {})
    try:
        daemon.room.start()
        peers = [daemon.room.join(f"user{number}") for number in range(3)]
        for peer in peers:
            peer.ping()
        entry = daemon.room.entries()[1]
        acceptor = daemon.room.acceptor()
        assert acceptor
        census = pages.Census(acceptor, daemon.pids())
        for pid in (entry.recv, entry.send):
            own = sum(counts["own"] for counts in census.classes(pid).values())
            assert own < PAGES
    finally:
        daemon.room.close()


@pytest.mark.skipif(sys.platform != "linux" or not ROOT, reason="only root is told the frames")
def test_the_floor_is_what_a_fork_costs() -> None:
    assert 0 < pages.floor() < PAGES
