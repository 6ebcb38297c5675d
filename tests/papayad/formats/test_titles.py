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
    assert titles.acceptor("main", ["0.0.0.0:7722", "[::]:7722"]) == (
        "papayad[main]: acceptor 0.0.0.0:7722 [::]:7722",
        "main acceptor",
    )
    assert titles.acceptor("main", []) == ("papayad[main]: acceptor", "main acceptor")
    assert titles.reaper("main") == ("papayad[main]: reaper", "main reaper")
    assert titles.client("main", "alice", "203.0.113.7:51234", titles.RECV) == (
        "papayad[main]: alice@203.0.113.7:51234 recv",
        "alice recv",
    )


@pytest.mark.parametrize("role", [titles.RECV, titles.SEND])
def test_a_short_name_keeps_its_role(role: str) -> None:
    """Linux would cut its end off (proc_pid_comm(5): 15 bytes)."""
    comm = titles.client("main", "a" * 32, "[::1]:1", role)[1]
    assert comm == "a" * 10 + f" {role}"


def test_a_users_processes_are_found_by_the_pattern_of_the_design() -> None:
    pattern = re.compile(r"papayad\[main\]: alice@")
    assert pattern.search(titles.client("main", "alice", "[::1]:1", titles.SEND)[0])
    assert not pattern.search(titles.client("main", "malice", "[::1]:1", titles.SEND)[0])
    assert not pattern.search(titles.client("main2", "alice", "[::1]:1", titles.SEND)[0])


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
