"""Which clients a selector means."""

import pytest

from papayactl.look import selectors
from papayad.errors import USAGE, Fault
from papayad.state.roster import Entry

ENTRIES = [
    Entry("1", "alice", "203.0.113.7:51234", 0, 9, recv=100, send=101),
    Entry("2", "alice", "[2001:db8::7]:51234", 0, 9, recv=102, send=103),
    Entry("3", "albert", "203.0.113.7:6000", 0, 9, recv=104, send=105),
    Entry("4", "bob", "[fe80::1%eth0]:7000", 0, 9, recv=106, send=107),
    Entry("5", "198.51.100.9", "192.0.2.1:1", 0, 9, recv=108, send=109),
    Entry("6", "100", "198.51.100.9:1", 0, 9, recv=110, send=111),
]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("alice", "12"),
        ("al*", "123"),
        ("al[bc]ert", "3"),
        ("*", "123456"),
        ("alice@203.0.113.7", "1"),
        ("alice@203.0.113.7:51234", "1"),
        ("alice@203.0.113.7:5", ""),
        ("*@203.0.113.0/24", "13"),
        ("203.0.113.7", "13"),
        ("203.0.113.7:6000", "3"),
        ("2001:db8::7", "2"),
        ("2001:db8::/32", "2"),
        ("[2001:db8::7]", "2"),
        ("[2001:db8::7]:51234", "2"),
        ("alice@[2001:db8::7]:51234", "2"),
        ("fe80::/10", "4"),
        ("0.0.0.0/0", "1356"),
        ("198.51.100.9", "6"),
        ("address:198.51.100.9", "6"),
        ("user:198.51.100.9", "5"),
        ("user:198.51.100.9@192.0.2.1", "5"),
        ("user:al*@address:203.0.113.7", "13"),
        ("address:2001:db8::/32", "2"),
        ("user:100", "6"),
        ("100", "1"),
        ("105", "3"),
        ("5", ""),
        ("0", ""),
    ],
)
def test_selector(text: str, names: str) -> None:
    assert "".join(entry.name for entry in selectors.choose(ENTRIES, [text])) == names


def test_several_selectors_mean_each_client_once() -> None:
    chosen = selectors.choose(ENTRIES, ["alice", "203.0.113.7", "100"])
    assert [entry.name for entry in chosen] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "text", ["", "Alice", "a b", "alice@home", "203.0.113.0/99", "@", "a/b", "address:a", "user:"]
)
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(Fault) as caught:
        selectors.choose(ENTRIES, [text])
    assert caught.value.code == USAGE
