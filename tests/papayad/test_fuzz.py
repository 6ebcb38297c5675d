"""No bytes whatsoever make a parser fail in another way than it says."""

import os
from contextlib import suppress
from pathlib import Path

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as some  # noqa: E402

from papayad import (  # noqa: E402
    bans,
    compat,
    config,
    invite,
    penalties,
    proxy_header,
    record,
    roster,
    titles,
    tokens,
    wire,
)
from papayad.config import Problems  # noqa: E402
from papayad.errors import Fault  # noqa: E402
from papayad.splitter import Splitter, TooLong  # noqa: E402
from papayad.wire import ProtocolError  # noqa: E402

often = settings(max_examples=300, deadline=None)
with_files = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

HELLO = "PAPAYA/1 0a since=0 log=ff last=3 session=s presence=off"
lines = some.binary(max_size=200) | some.text(max_size=200).map(str.encode)
hellos = some.lists(some.sampled_from(HELLO.split()) | some.text(max_size=9)).map(" ".join)
numbers = some.integers(0, 1 << 63)
names = some.from_regex(r"[a-z0-9][a-z0-9._-]{0,31}", fullmatch=True)
hosts = (some.ip_addresses(v=4) | some.ip_addresses(v=6)).map(str)


@often
@given(lines | hellos.map(str.encode))
def test_hello(line: bytes) -> None:
    with suppress(ProtocolError):
        hello = wire.parse_hello(line)
        assert wire.parse_hello(wire.render_hello(hello).rstrip(b"\n")) == hello


@often
@given(lines | lines.map(lambda line: b"MSG " + line) | lines.map(lambda line: b"PING " + line))
def test_upstream(line: bytes) -> None:
    with suppress(ProtocolError):
        wire.parse_upstream(line)
    wire.message_id(line)
    compat.parse_upstream(line)


@often
@given(lines | lines.map(lambda line: b"+ PAPAYA/1 " + line) | lines.map(lambda line: b"! " + line))
def test_downstream(line: bytes) -> None:
    with suppress(ProtocolError):
        wire.parse_answer(line)
    wire.parse_notice(line)


@often
@given(lines, names, some.text())
def test_record(line: bytes, sender: str, text: str) -> None:
    record.parse(line)
    clean = record.clean(text)
    if clean:
        written = record.render(record.stamp(1.0), sender, "-", clean)
        parsed = record.parse(written[:-1])
        assert parsed
        assert (parsed.sender, parsed.text) == (sender, clean)
        assert written.count(b"\n") == 1


@often
@given(some.lists(lines), some.integers(1, 50))
def test_splitter(chunks: list[bytes], limit: int) -> None:
    splitter = Splitter(limit)
    for line in (line for chunk in chunks for line in splitter.split(chunk)):
        assert isinstance(line, TooLong) or (len(line) <= limit and b"\n" not in line)


@often
@given(lines | lines.map(lambda line: proxy_header.SIGNATURE + line))
def test_proxy_header(data: bytes) -> None:
    with suppress(ValueError):
        header = proxy_header.parse(data)
        assert header is None or header.length <= len(data)


@often
@given(hosts, some.integers(0, 65535), some.binary(max_size=20))
def test_proxy_header_of_an_address(host: str, port: int, rest: bytes) -> None:
    data = proxy_header.render(host, port)
    header = proxy_header.parse(data + rest)
    assert header
    assert (header.length, header.port) == (len(data), port)


@often
@given(some.text(max_size=300))
def test_invite(text: str) -> None:
    with suppress(Fault):
        parsed = invite.parse(text)
        assert invite.parse(invite.render(parsed)) == parsed


@often
@given(some.text(max_size=100))
def test_title_and_mark(text: str) -> None:
    titles.parse(text)
    penalties.parse(text)


@with_files
@given(some.binary(max_size=300) | some.text(max_size=300).map(str.encode))
def test_files(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    path.chmod(0o600)
    for read in (tokens.read_tokens, bans.read_bans):
        with suppress(Fault):
            read(path)
    with suppress(Problems):
        config.load(path, "main")
    with suppress(UnicodeDecodeError):
        roster.read(tmp_path, "file")


@with_files
@given(names, names, hosts, some.floats(0, 4e9), some.integers(2, 4194303), some.booleans())
def test_roster_entry(
    tmp_path: Path, user: str, token: str, host: str, since: float, pid: int, presence: bool
) -> None:
    """On a full disk too it says the same."""
    entry = roster.Entry(
        f"{pid}.0", user, f"{host}:1", round(since, 6), pid, "s", token[:8], presence
    )
    for made, descriptor in (
        (entry, roster.create(tmp_path, entry)),
        roster.create_on_full_disk(tmp_path, entry),
    ):
        started = roster.read(tmp_path, made.name)
        assert started == made
        roster.complete(descriptor, pid, pid + 1)
        os.close(descriptor)
        complete = roster.read(tmp_path, made.name)
        assert complete
        assert (complete.recv, complete.send, complete.user) == (pid, pid + 1, user)
        (tmp_path / made.name).unlink()
