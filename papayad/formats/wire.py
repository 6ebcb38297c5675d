"""The wire protocol PAPAYA/1: every line that is not a record (design section 3).

A leaf. papayad and papayachat share it, so both ends always agree. It turns lines into values and
values into lines; it never reads a socket.
"""

import hashlib
import re
from dataclasses import dataclass, field

from papayad.formats.record import ID, NAME, NO_ID

VERSION = "PAPAYA/1"
HELLO_BYTES = 1024  # a hello that is longer, LF included, is refused
SESSION_LENGTH = 32

REASONS = ("auth", "full", "busy", "protocol", "banned", "frozen")

CHECK_DIGITS = 16

_OPTIONS = ("since", "log", "check", "last", "session", "presence")
_LOG = re.compile(r"[0-9a-f]{1,64}\Z")
_CHECK = re.compile(rf"[0-9a-f]{{{CHECK_DIGITS}}}\Z")


class ProtocolError(Exception):
    """The peer sent a line that PAPAYA/1 does not know; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The client's first line. `since` goes with `log`; `last` and `since` exclude each other.

    `check` goes with `since`: what the client's copy has before that offset, see `check_of`.
    """

    token: str = field(repr=False)
    since: int | None = None
    log: str = ""
    last: int | None = None
    session: str = ""
    presence: bool = True
    check: str = ""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The server's answer: the stream starts at `offset`; `end` was the committed end then."""

    name: str
    room: str
    log: str
    offset: int
    end: int
    max: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server's other answer, before it closes. `reason` is one of REASONS."""

    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line between two records that is not in the log: `! WORD rest`."""

    word: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """An upstream `MSG ID text`. The text is in bytes: it may not be UTF-8."""

    id: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Who:
    """An upstream `WHO`."""


@dataclass(frozen=True, slots=True)
class Ping:
    """An upstream `PING X`; the answer has the same X."""

    mark: bytes


def check_of(line: bytes) -> str:
    """The check of a cursor, from the last whole record before it, LF included."""
    return hashlib.sha256(line).hexdigest()[:CHECK_DIGITS]


def render_hello(hello: Hello) -> bytes:
    words = [VERSION, hello.token]
    if hello.since is not None:
        words += [f"since={hello.since}", f"log={hello.log}"]
        if hello.check:
            words.append(f"check={hello.check}")
    elif hello.last is not None:
        words.append(f"last={hello.last}")
    if hello.session:
        words.append(f"session={hello.session}")
    if not hello.presence:
        words.append("presence=off")
    return (" ".join(words) + "\n").encode()


def parse_hello(line: bytes) -> Hello:
    """The hello in a line without its LF; a trailing CR is forgiven.

    Any word is accepted as a token here: if it cannot be one, it is wrong like any other wrong
    token.
    """
    words = _ascii(line).rstrip("\r").split(" ")
    if words[0] != VERSION:
        raise ProtocolError(f"speak {VERSION}")
    if len(words) < 2 or not words[1]:
        raise ProtocolError("a token comes after the version")
    options = _options(words[2:])
    if ("since" in options) != ("log" in options):
        raise ProtocolError("since and log go together")
    if "since" in options and "last" in options:
        raise ProtocolError("since and last exclude each other")
    if "check" in options and not ("since" in options and _CHECK.match(options["check"])):
        raise ProtocolError(f"check is {CHECK_DIGITS} digits of 0-9 a-f, and goes with since")
    if options.get("presence", "off") != "off":
        raise ProtocolError("presence can only be off")
    return Hello(
        token=words[1],
        since=_number(options, "since"),
        log=options.get("log", ""),
        last=_number(options, "last"),
        session=_session(options.get("session")),
        presence="presence" not in options,
        check=options.get("check", ""),
    )


def render_greeting(greeting: Greeting) -> bytes:
    return (
        f"+ {VERSION} name={greeting.name} room={greeting.room} log={greeting.log} "
        f"offset={greeting.offset} end={greeting.end} max={greeting.max}\n"
    ).encode()


def render_refusal(refusal: Refusal) -> bytes:
    return f"- {refusal.reason} {refusal.words}\n".encode()


def parse_answer(line: bytes) -> Greeting | Refusal:
    """The server's first line without its LF.

    A client relies on a greeting: it shows the names, keeps the log's identity and counts from the
    numbers. So a greeting that no papayad could send is refused. The words of a refusal are not
    checked here; whoever shows them makes them harmless.
    """
    text = line.decode("utf-8", "replace").rstrip("\r")
    if text.startswith("- "):
        reason, _, why = text[2:].partition(" ")
        return Refusal(reason, why)
    words = text.split(" ")
    if words[:2] != ["+", VERSION]:
        raise ProtocolError(f"this is no {VERSION} server")
    known = dict(word.partition("=")[::2] for word in words[2:])
    if missing := {"name", "room", "log", "offset", "end", "max"} - known.keys():
        raise ProtocolError(f"the server's greeting has no {min(missing)}=")
    if not (NAME.match(known["name"]) and NAME.match(known["room"]) and _LOG.match(known["log"])):
        raise ProtocolError("the server's greeting has a name that is none")
    offset, end, most = (_whole(key, known[key]) for key in ("offset", "end", "max"))
    return Greeting(known["name"], known["room"], known["log"], offset, end, most)


def render_notice(notice: Notice) -> bytes:
    return f"! {notice.word}{' ' if notice.rest else ''}{notice.rest}\n".encode()


def parse_notice(line: bytes) -> Notice | None:
    """The notice in a downstream line without its LF, or None when the line is a record's."""
    if not line.startswith(b"! "):
        return None
    word, _, rest = line[2:].decode("utf-8", "replace").partition(" ")
    return Notice(word, rest)


def render_message(id: str, text: str) -> bytes:
    return f"MSG {id} {text}\n".encode()


def parse_upstream(line: bytes) -> Message | Who | Ping:
    """A client's line without its LF, after the hello."""
    verb, space, rest = line.partition(b" ")
    if verb == b"MSG":
        id, space, text = rest.partition(b" ")
        if space and ID.match(id.decode("ascii", "replace")):
            return Message(id.decode(), text)
        raise ProtocolError("MSG takes an ID of 1 to 16 of A-Z a-z 0-9 _ - and a text")
    if line.rstrip(b"\r") == b"WHO":
        return Who()
    if verb == b"PING" and space:
        return Ping(rest.rstrip(b"\r"))
    raise ProtocolError("only MSG, WHO and PING are known")


def message_id(start: bytes) -> str:
    """The ID in the first bytes of a line that may be a message, "-" where there is none."""
    words = start.split(b" ", 2)
    if len(words) == 3 and words[0] == b"MSG":
        id = words[1].decode("ascii", "replace")
        if ID.match(id):
            return id
    return NO_ID


def _ascii(line: bytes) -> str:
    try:
        return line.decode("ascii")
    except UnicodeDecodeError:
        raise ProtocolError("a hello is ASCII") from None


def _options(words: list[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or key not in _OPTIONS or key in options:
            known = ", ".join(f"{one}=" for one in _OPTIONS)
            raise ProtocolError(f"options are {known}, each once")
        options[key] = value
    return options


def _number(options: dict[str, str], key: str) -> int | None:
    return _whole(key, options[key]) if key in options else None


def _whole(key: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 20:
        raise ProtocolError(f"{key} is a whole number")
    return int(value)


def _session(value: str | None) -> str:
    if value is None:
        return ""
    plain = value.replace("_", "a").replace("-", "a")
    if not 1 <= len(value) <= SESSION_LENGTH or not (plain.isascii() and plain.isalnum()):
        raise ProtocolError("a session is 1 to 32 of A-Z a-z 0-9 _ -")
    return value
