"""Titles are an interface: what is written here is matched by pkill and rc scripts."""

import re

import pytest

from papayad.formats import titles
from papayad.formats.titles import Title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("papayad[main]: acceptor 0.0.0.0:7722 [::]:7722", Title("main", "acceptor")),
        ("papayad[main]: acceptor", Title("main", "acceptor")),
        ("papayad[a.b_c-d]: reaper", Title("a.b_c-d", "reaper")),
        (
            "papayad[main]: alice@203.0.113.7:51234 recv",
            Title("main", "recv", "alice", "203.0.113.7:51234"),
        ),
        (
            "papayad[main]: alice@[2001:db8::1]:51234 send",
            Title("main", "send", "alice", "[2001:db8::1]:51234"),
        ),
        ("papayad[main]: acceptor@[::1]:1 send", Title("main", "send", "acceptor", "[::1]:1")),
    ],
)
def test_parse(text: str, title: Title) -> None:
    assert titles.parse(text) == title


def test_render() -> None:
    assert (
        titles.acceptor("main", ["0.0.0.0:7722", "[::]:7722"])
        == "papayad[main]: acceptor 0.0.0.0:7722 [::]:7722"
    )
    assert titles.acceptor("main", []) == "papayad[main]: acceptor"
    assert titles.reaper("main") == "papayad[main]: reaper"
    assert (
        titles.client("main", "alice", "203.0.113.7:51234", titles.RECV)
        == "papayad[main]: alice@203.0.113.7:51234 recv"
    )


def test_a_users_processes_are_found_by_the_pattern_of_the_design() -> None:
    pattern = re.compile(r"papayad\[main\]: alice@")
    assert pattern.search(titles.client("main", "alice", "[::1]:1", titles.SEND))
    assert not pattern.search(titles.client("main", "malice", "[::1]:1", titles.SEND))
    assert not pattern.search(titles.client("main2", "alice", "[::1]:1", titles.SEND))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vi papayad[main]: acceptor",
        "papayad: acceptor",
        "papayad[main]: alice@203.0.113.7:51234",
        "papayad[main]: alice@203.0.113.7:51234 reap",
        "papayad[main]: alice@203.0.113.7:51234 recv\n",
        "papayad[main]: Alice@203.0.113.7:51234 recv",
        "papayad[main]: acceptors",
        "/usr/bin/python3 /usr/bin/papayad --room main",
    ],
)
def test_other_titles_are_none(text: str) -> None:
    assert titles.parse(text) is None
