"""Invites: one line that has all that a person needs, and that no message ever repeats."""

import pytest

from papayad.errors import CONFIGURATION, Fault
from papayad.formats import invite
from papayad.formats.invite import Invite

OTHER = "0" * 64
TOKEN = "0123456789abcdef" * 8
PIN = "fedcba9876543210" * 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            f"papaya://alice:{TOKEN}@chat.example.org:7722/main#sha256:{PIN}",
            Invite("alice", TOKEN, "chat.example.org", 7722, "main", (f"sha256:{PIN}",)),
        ),
        (f"papaya://a:{TOKEN}@[::1]:1/b", Invite("a", TOKEN, "::1", 1, "b")),
        (
            f"papaya://a.b:{TOKEN}@[fe80::1%eth0]:65535/x-y#spki:{PIN},spki:{OTHER}",
            Invite("a.b", TOKEN, "fe80::1%eth0", 65535, "x-y", (f"spki:{PIN}", f"spki:{OTHER}")),
        ),
        (f"papaya://a:{TOKEN}@203.0.113.7:7722/b", Invite("a", TOKEN, "203.0.113.7", 7722, "b")),
    ],
)
def test_what_is_rendered_parses_back(text: str, value: Invite) -> None:
    assert invite.parse(text) == value
    assert invite.render(value) == text


def test_blanks_around_and_a_pin_in_capitals_are_forgiven() -> None:
    text = f"  papaya://a:{TOKEN}@[::1]:1/b#sha256:{PIN.upper()}\r\n"
    assert invite.parse(text) == Invite("a", TOKEN, "::1", 1, "b", (f"sha256:{PIN}",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "papaya://",
        f"http://a:{TOKEN}@host:1/b",
        f"papaya://a:{TOKEN}@host:1",
        f"papaya://a:{TOKEN}@host:1/",
        f"papaya://a:{TOKEN}@host/b",
        f"papaya://a:{TOKEN}@::1:1/b",
        f"papaya://a:{TOKEN}@host:0/b",
        f"papaya://a:{TOKEN}@host:65536/b",
        f"papaya://a:{TOKEN[:-1]}@host:1/b",
        f"papaya://a:{TOKEN.upper()}@host:1/b",
        f"papaya://A:{TOKEN}@host:1/b",
        f"papaya://a:{TOKEN}@host:1/B",
        f"papaya://a:{TOKEN}@host:1/b#sha256:{PIN[:-1]}",
        f"papaya://a:{TOKEN}@host:1/b#md5:{PIN}",
        f"papaya://a:{TOKEN}@host:1/b#spki:{PIN},",
        f"papaya://a:{TOKEN}@host:1/b#spki:{PIN},md5:{PIN}",
        f"papaya://a:{TOKEN}@host:1/b#sha256:{PIN} and more",
    ],
)
def test_a_wrong_invite_says_so_and_keeps_its_token(text: str) -> None:
    with pytest.raises(Fault) as caught:
        invite.parse(text)
    assert caught.value.code == CONFIGURATION
    assert TOKEN[:32] not in str(caught.value).lower()


def test_an_invite_never_shows_its_token() -> None:
    assert TOKEN not in repr(invite.parse(f"papaya://a:{TOKEN}@host:1/b"))
