"""Addresses as they stand in a configuration."""

import pytest

from papayad.formats import address


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0.0.0.0:0", ("0.0.0.0", 0)),
        ("[::]:65535", ("::", 65535)),
        ("[fe80::1%eth0]:7722", ("fe80::1%eth0", 7722)),
    ],
)
def test_an_address_has_a_host_and_a_port(text: str, parts: tuple[str, int]) -> None:
    assert address.parse_address(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7722",
        ":7722",
        "0.0.0.0",
        "0.0.0.0:",
        "::1:7722",
        "[::1]",
        "[127.0.0.1]:1",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.1:80",
        "chat.example.org:80",
        "1.2.3.4:80 ",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not|has port"):
        address.parse_address(text)


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("[::1]:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("192.0.2.1:1", False),
    ],
)
def test_loopback(text: str, loopback: bool) -> None:
    assert address.is_loopback(text) is loopback


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_what_a_cap_counts(host: str, source: str) -> None:
    assert address.source_of(host) == source
