"""Every parser of bytes that somebody else wrote, as a function of bytes that returns or fails.

They have three uses: hypothesis in the test suite, the kept corpus, and `make fuzz`.
A function here lets those exceptions pass that the parser promises; any other exception, and a
failed assertion, is a fault of the parser.
"""

import socket
import ssl
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from lab.kit import certificate
from lab.kit.hostile import drives_nothing
from lab.kit.listing import a_name
from papayachat.chat.glyphs import safe
from papayachat.stream import splitter as downstream
from papayachat.stream.terminal import plain, spoken
from papayad import config
from papayad.acceptor.pending import Closed, Greeted, Introduced, Pending, Terms
from papayad.cluster.lines import Splitter, TooLong
from papayad.config import Problems
from papayad.errors import Fault
from papayad.formats import compat, invite, proxy_header, record, redaction, titles, wire
from papayad.formats.harmless import harmless
from papayad.formats.wire import Greeting, ProtocolError, Refusal
from papayad.log import segments, surplus
from papayad.state import bans, groups, penalty, roster, tokens


def hello(data: bytes) -> None:
    line = data.partition(b"\n")[0]
    with suppress(ProtocolError):
        parsed = wire.parse_hello(line)
        assert wire.parse_hello(wire.render_hello(parsed).rstrip(b"\n")) == parsed


def upstream(data: bytes) -> None:
    with suppress(ProtocolError):
        parsed = wire.parse_upstream(data)
        if isinstance(parsed, wire.Message):
            assert wire.message_id(data) == parsed.id
    assert record.ID.match(wire.message_id(data))
    text = compat.parse_upstream(data).text
    text.decode()
    pieces = b"".join(compat.pieces([text + b"\n"]))
    assert pieces.replace(b"\n", b"") == text.replace(b"\n", b"")


def answer(data: bytes) -> None:
    """The first line that a client gets; a greeting that it accepts is one that a server sends."""
    with suppress(ProtocolError):
        parsed = wire.parse_answer(data)
        if isinstance(parsed, Greeting):
            assert wire.parse_answer(wire.render_greeting(parsed)[:-1]) == parsed
            assert min(parsed.offset, parsed.end, parsed.max) >= 0
        else:
            assert drives_nothing(harmless(f"{parsed.reason} {parsed.words}"))


def stream(data: bytes) -> None:
    """What a client gets after that: the result is the same in one piece and byte by byte."""
    one, other = downstream.Splitter(0), downstream.Splitter(0)
    with suppress(ProtocolError):
        items = one.feed(data)
        bytewise = [item for byte in data for item in other.feed(bytes([byte]))]
        assert items == bytewise and one.offset == other.offset >= 0
        for item in items:
            if isinstance(item, downstream.Line):
                item.record()
                assert drives_nothing(spoken(item).replace("\n", ""))
                assert drives_nothing(plain(item))
                assert "\n" not in plain(item)
            assert drives_nothing(safe(str(item)))


def a_record(data: bytes) -> None:
    """A line of a log; and a text that is cleaned and rendered can be parsed again."""
    parsed = record.parse(data)
    if parsed:
        assert f"{parsed.stamp} {parsed.sender} {parsed.id} {parsed.text}".encode() == data
        assert compat.render_record(data).endswith(b"\n")
    clean = record.clean(data.decode("utf-8", "replace"))
    assert drives_nothing(clean)
    if clean:
        line = record.render(record.stamp(1.0), "alice", "-", clean)
        again = record.parse(line[:-1])
        assert again and again.text == clean and line.count(b"\n") == 1


def log_segment(data: bytes) -> None:
    """A segment after a power cut: all its whole records up to the first bad one are kept."""
    with tempfile.TemporaryDirectory() as directory:
        Path(segments.path(directory, 7)).write_bytes(data)
        seen = surplus.look(directory, 7, 7)
    assert 7 <= seen.good <= seen.end == 7 + len(data)
    kept, lost = data[: seen.good - 7], data[seen.good - 7 :]
    assert all(record.parse(line) for line in kept.split(b"\n")[:-1])
    first, newline, rest = lost.partition(b"\n")
    assert not newline or record.parse(first) is None
    assert seen.goes_on == any(record.parse(line) for line in rest.split(b"\n")[:-1])


def a_redaction(data: bytes) -> None:
    """Lines of a log: a redaction is told as it is parsed; a redacted text keeps its length."""
    for told in redaction.told_in(data):
        assert redaction.parse(told.text()) == told
    for line in data.splitlines(keepends=True):
        erased = redaction.redact(line)
        assert len(erased) == len(line) and redaction.is_redacted(erased)
        before, after = (record.parse(one.removesuffix(b"\n")) for one in (line, erased))
        if before and line.endswith(b"\n"):
            assert after and (after.stamp, after.sender, after.id) == (
                before.stamp, before.sender, before.id,
            )  # fmt: skip


def lines(data: bytes) -> None:
    """The first byte is the limit, the second the size of the pieces."""
    limit, size = (*data[:2], 1, 1)[:2]
    splitter = Splitter(limit)
    whole = data[2:]
    found = []
    for place in range(0, len(whole), max(1, size)):
        found += list(splitter.split(whole[place : place + max(1, size)]))
    expected = whole.split(b"\n")
    if len(expected[-1]) <= limit:
        expected.pop()  # half a line is no line yet
    for line, all_of_it in zip(found, expected, strict=True):
        assert isinstance(line, TooLong) == (len(all_of_it) > limit)
        assert all_of_it.startswith(line.start) if isinstance(line, TooLong) else line == all_of_it


def proxy(data: bytes) -> None:
    with suppress(ValueError):
        header = proxy_header.parse(data)
        if header and header.host:
            again = proxy_header.parse(proxy_header.render(header.host, header.port))
            assert again and (again.host, again.port) == (header.host, header.port)
        assert header is None or header.length <= len(data)


def handshake(data: bytes) -> None:
    """A connection before its hello: plain, TLS, papayaChat's, or from a proxy.

    The first byte says which of these the room allows, and how many bytes come at a time.
    """
    if not data:
        return
    context = _context() if data[0] & 1 else None
    terms = Terms(context, bool(data[0] & 2) or context is None, bool(data[0] & 4))
    peer, its = socket.socketpair()
    with peer, its:
        its.setblocking(False)
        pending = Pending(its, ("203.0.113.7", 1), "source", 1.0, bool(data[0] & 8))
        size = 1 + (data[0] >> 4) * 16
        with suppress(Closed):
            for place in range(1, len(data), size):
                peer.sendall(data[place : place + size])
                became = pending.advance(terms)
                while isinstance(became, Introduced):
                    became = pending.advance(terms)
                if isinstance(became, Refusal):
                    pending.refuse(became)
                assert pending.refused == isinstance(became, Refusal)
                if pending.refused or isinstance(became, Greeted):
                    return
            peer.shutdown(socket.SHUT_WR)
            while pending.advance(terms) is not None:
                pass


def an_invite(data: bytes) -> None:
    with suppress(Fault, UnicodeDecodeError):
        parsed = invite.parse(data.decode())
        assert invite.parse(invite.render(parsed)) == parsed


def mark(data: bytes) -> None:
    """What papayactl reads of processes and of the state directory."""
    text = data.decode("utf-8", "replace")
    titles.parse(text)
    parsed = penalty.parse(text)
    if parsed:
        penalty.Table().put(parsed)
        parsed.is_over(penalty.Scale(10.0, 60.0), 1.0)


def token_file(data: bytes) -> None:
    _reads(data, tokens.read_tokens, Fault)


def ban_file(data: bytes) -> None:
    def look(path: Path) -> None:
        known = bans.Bans(bans.read_bans(path))
        known.of_host("2001:db8::1", 1.0)
        known.of_user("alice", 1.0)

    _reads(data, look, Fault)


def configuration(data: bytes) -> None:
    """A configuration that is accepted is the same when it is written and read again."""

    def look(path: Path) -> None:
        taken = config.load(path, "main")
        path.write_text(config.render(taken), encoding="utf-8")
        assert config.load(path, "main") == taken

    _reads(data, look, Problems)


def roster_entry(data: bytes) -> None:
    """What an attacker writes is no entry, or one whose parts are harmless."""

    def look(path: Path) -> None:
        entry = roster.read(path.parent, path.name)
        if entry:
            assert record.NAME.match(entry.user)
            assert harmless(entry.peer + entry.session + entry.token).isprintable()
            assert 0 < entry.group < 1 << 24 > max(entry.recv, entry.send) >= 0
            assert entry.since < 1e11

    _reads(data, look)


def group_file(data: bytes) -> None:
    def look(path: Path) -> None:
        named = path.rename(path.with_name("4711"))
        groups.sandbox_of(named.parent, 4711)
        assert 0 <= groups.namespace_of(named.parent, 4711) < 1 << 64
        named.rename(path)

    _reads(data, look)


HARNESSES: dict[str, Callable[[bytes], None]] = {
    "answer": answer,
    "bans": ban_file,
    "configuration": configuration,
    "group": group_file,
    "handshake": handshake,
    "hello": hello,
    "invite": an_invite,
    "lines": lines,
    "mark": mark,
    "name": a_name,
    "proxy": proxy,
    "record": a_record,
    "redaction": a_redaction,
    "roster": roster_entry,
    "segment": log_segment,
    "stream": stream,
    "tokens": token_file,
    "upstream": upstream,
}


def _reads(data: bytes, read: Callable[[Path], object], *promised: type[Exception]) -> None:
    with tempfile.TemporaryDirectory() as directory, suppress(*promised):
        path = Path(directory, "file")
        path.write_bytes(data)
        read(path)


@cache
def _context() -> ssl.SSLContext:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        certificate.make(path / "cert.pem", path / "key.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(path / "cert.pem", path / "key.pem")
        return context
