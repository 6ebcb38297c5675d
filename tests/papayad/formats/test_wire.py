"""PAPAYA/1: both ends agree on every line, and any other line is refused with a reason."""

import pytest

from papayad.formats import wire
from papayad.formats.wire import Greeting, Hello, Message, Notice, Ping, ProtocolError, Refusal, Who

TOKEN = "0123456789abcdef" * 8
LOG = "00112233445566778899aabbccddeeff"
BARE = f"PAPAYA/1 {TOKEN}"


@pytest.mark.parametrize(
    ("options", "hello"),
    [
        ("", Hello(TOKEN)),
        (f" since=0 log={LOG}", Hello(TOKEN, since=0, log=LOG)),
        (
            f" since=7 log={LOG} check={'a' * 16}",
            Hello(TOKEN, since=7, log=LOG, check="a" * 16),
        ),
        (" last=0", Hello(TOKEN, last=0)),
        (" session=Desk_1-b", Hello(TOKEN, session="Desk_1-b")),
        (" presence=off", Hello(TOKEN, presence=False)),
        (
            f" since={10**19} log={LOG} check={'0' * 16} session={'s' * 32} presence=off",
            Hello(TOKEN, 10**19, LOG, session="s" * 32, presence=False, check="0" * 16),
        ),
    ],
)
def test_hello(options: str, hello: Hello) -> None:
    line = (BARE + options).encode()
    assert wire.parse_hello(line) == hello
    assert wire.render_hello(hello) == line + b"\n"


def test_the_longest_hello_fits() -> None:
    hello = Hello(TOKEN, 10**19, LOG, session="s" * 32, presence=False, check="0" * 16)
    assert len(wire.render_hello(hello)) <= wire.HELLO_BYTES


def test_a_hello_that_ends_in_cr_is_forgiven() -> None:
    assert wire.parse_hello(f"{BARE} last=3\r".encode()) == Hello(TOKEN, last=3)


def test_options_come_in_any_order() -> None:
    line = f"{BARE} presence=off log={LOG} since=7".encode()
    assert wire.parse_hello(line) == Hello(TOKEN, since=7, log=LOG, presence=False)


@pytest.mark.parametrize("token", [TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "x"])
def test_a_word_that_could_be_no_token_is_a_wrong_one_like_any_other(token: str) -> None:
    assert wire.parse_hello(f"PAPAYA/1 {token}".encode()) == Hello(token)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "PAPAYA/1",
        f"PAPAYA/2 {TOKEN}",
        f"papaya/1 {TOKEN}",
        "PAPAYA/1 ",
        f"PAPAYA/1  {TOKEN}",
        f"{BARE} ",
        f"{BARE} since=1",
        f"{BARE} log={LOG}",
        f"{BARE} since=1 log={LOG} last=1",
        f"{BARE} check={'0' * 16}",
        f"{BARE} last=1 check={'0' * 16}",
        f"{BARE} since=1 log={LOG} check=",
        f"{BARE} since=1 log={LOG} check={'0' * 15}",
        f"{BARE} since=1 log={LOG} check={'0' * 17}",
        f"{BARE} since=1 log={LOG} check={'A' * 16}",
        f"{BARE} last=1 last=1",
        f"{BARE} last=-1",
        f"{BARE} last=+1",
        f"{BARE} last=1_0",
        f"{BARE} last=",
        f"{BARE} last={'9' * 21}",
        f"{BARE} last",
        f"{BARE} session=",
        f"{BARE} session={'s' * 33}",
        f"{BARE} session=a.b",
        f"{BARE} presence=on",
        f"{BARE} token={TOKEN}",
        f"{BARE} last=٣",
    ],
)
def test_a_wrong_hello_is_refused(line: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.parse_hello(line.encode())
    assert TOKEN not in str(caught.value)


def test_a_hello_never_shows_its_token() -> None:
    assert TOKEN not in repr(Hello(TOKEN))


def test_a_check_is_of_the_line_with_its_lf() -> None:
    assert wire.check_of(b"abc\n") == "edeaaff3f1774ad2"


def test_greeting() -> None:
    greeting = Greeting("alice", "main", LOG, 123456, 130000, 8192)
    line = f"+ PAPAYA/1 name=alice room=main log={LOG} offset=123456 end=130000 max=8192\n".encode()
    assert wire.render_greeting(greeting) == line
    assert wire.parse_answer(line[:-1]) == greeting


def test_a_newer_servers_greeting_may_say_more() -> None:
    line = b"+ PAPAYA/1 name=a room=main log=0 offset=1 end=2 max=3 colour=green"
    assert wire.parse_answer(line) == Greeting("a", "main", "0", 1, 2, 3)


@pytest.mark.parametrize("reason", wire.REASONS)
def test_refusal(reason: str) -> None:
    refusal = Refusal(reason, "words for a person")
    line = wire.render_refusal(refusal)
    assert line == f"- {reason} words for a person\n".encode()
    assert wire.parse_answer(line[:-1]) == refusal


@pytest.mark.parametrize(
    "line",
    [b"", b"SSH-2.0-x", b"+ PAPAYA/2 name=a", b"+ PAPAYA/1 name=a", b"\xff\xfe", b"-"],
)
def test_an_answer_of_something_else_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.parse_answer(line)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("name=alice", "name=al\x1b[2Jice"),
        ("name=alice", "name=*"),
        ("name=alice", "name="),
        ("room=main", "room=../etc"),
        ("room=main", f"room={'r' * 33}"),
        ("log=00", "log=xyz"),
        ("log=00", "log="),
        ("offset=1", "offset=-1"),
        ("offset=1", "offset=1_0"),
        ("end=2", "end=\u0662"),
        ("end=2", f"end={'2' * 21}"),
        ("max=3", "max=+3"),
        ("max=3", ""),
    ],
)
def test_a_greeting_that_no_room_of_ours_could_send_is_refused(good: str, bad: str) -> None:
    line = "+ PAPAYA/1 name=alice room=main log=00 offset=1 end=2 max=3"
    wire.parse_answer(line.encode())
    with pytest.raises(ProtocolError):
        wire.parse_answer(line.replace(good, bad).encode())


@pytest.mark.parametrize(
    ("notice", "line"),
    [
        (Notice("online", "alice bob"), b"! online alice bob\n"),
        (Notice("online"), b"! online\n"),
        (Notice("gap", "4096"), b"! gap 4096\n"),
        (Notice("error", "too-long k3x9 8192"), b"! error too-long k3x9 8192\n"),
        (Notice("pong", " x "), b"! pong  x \n"),
    ],
)
def test_notice(notice: Notice, line: bytes) -> None:
    assert wire.render_notice(notice) == line
    assert wire.parse_notice(line[:-1]) == notice


def test_a_record_is_no_notice() -> None:
    assert wire.parse_notice(b"2026-11-22T21:53:01.123456Z alice - ! gap 0") is None


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"MSG k3x9 hello, world", Message("k3x9", b"hello, world")),
        (b"MSG - MSG - x", Message("-", b"MSG - x")),
        (b"MSG k3x9 ", Message("k3x9", b"")),
        (b"MSG k3x9  two", Message("k3x9", b" two")),
        (b"MSG k3x9 \xff", Message("k3x9", b"\xff")),
        (b"WHO", Who()),
        (b"WHO\r", Who()),
        (b"PING x y", Ping(b"x y")),
        (b"PING ", Ping(b"")),
    ],
)
def test_upstream(line: bytes, value: Message | Who | Ping) -> None:
    assert wire.parse_upstream(line) == value


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0",
        b"MSG",
        b"MSG k3x9",
        b"MSG  x",
        b"MSG a.b x",
        b"MSG \xff x",
        b"MSG 12345678901234567 x",
        b"msg - x",
        b"WHO x",
        b"WHOM",
        b"PING",
        b"QUIT",
    ],
)
def test_any_other_line_upstream_is_refused(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.parse_upstream(line)


def test_a_message_is_rendered_as_it_is_parsed() -> None:
    line = wire.render_message("k3x9", "grüße")
    assert wire.parse_upstream(line[:-1]) == Message("k3x9", "grüße".encode())


@pytest.mark.parametrize(
    ("start", "id"),
    [
        (b"MSG k3x9 the beginning of a long", "k3x9"),
        (b"MSG k3x9 ", "k3x9"),
        (b"MSG k3x9", "-"),
        (b"MSG a.b x", "-"),
        (b"PING k3x9 x", "-"),
        (b"", "-"),
        (b"\xff" * 64, "-"),
    ],
)
def test_the_id_of_a_line_that_was_discarded(start: bytes, id: str) -> None:
    assert wire.message_id(start) == id
