"""No bytes whatsoever make a parser fail in another way than it says."""

import os
from pathlib import Path

import pytest

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as some  # noqa: E402

from lab.kit import corpus  # noqa: E402
from lab.kit.parsers import HARNESSES  # noqa: E402
from papayad.formats import proxy_header, record  # noqa: E402
from papayad.state import roster  # noqa: E402

often = settings(max_examples=100, deadline=None)
with_files = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

anything = some.binary(max_size=200) | some.text(max_size=200).map(str.encode)
names = some.from_regex(r"[a-z0-9][a-z0-9._-]{0,31}", fullmatch=True)
hosts = (some.ip_addresses(v=4) | some.ip_addresses(v=6)).map(str)


def spliced(name: str) -> some.SearchStrategy[bytes]:
    """The beginning of a kept input, anything, and the end of another one."""
    kept = some.sampled_from(corpus.read(name))
    places = some.integers(0, 200)
    return some.builds(
        lambda one, place, between, other, end: one[:place] + between + other[-end:],
        *(kept, places, some.just(b"") | anything, kept, places),
    )


@pytest.mark.parametrize("name", HARNESSES)
def test_kept_inputs(name: str) -> None:
    kept = corpus.read(name)
    assert kept
    for data in kept:
        HARNESSES[name](data)


@pytest.mark.parametrize("name", HARNESSES)
@often
@given(data=some.data())
def test_anything(name: str, data: some.DataObject) -> None:
    HARNESSES[name](data.draw(anything | spliced(name)))


@often
@given(names, some.text())
def test_what_is_cleaned_is_a_record(sender: str, text: str) -> None:
    clean = record.clean(text)
    if clean:
        written = record.render(record.stamp(1.0), sender, "-", clean)
        parsed = record.parse(written[:-1])
        assert parsed
        assert (parsed.sender, parsed.text) == (sender, clean)


@often
@given(hosts, some.integers(0, 65535), some.binary(max_size=20))
def test_proxy_header_of_an_address(host: str, port: int, rest: bytes) -> None:
    data = proxy_header.render(host, port)
    header = proxy_header.parse(data + rest)
    assert header
    assert (header.length, header.port) == (len(data), port)


@with_files
@given(names, names, hosts, some.floats(0, 4e9), some.integers(2, 4194303), some.booleans())
def test_roster_entry(
    tmp_path: Path, user: str, token: str, host: str, since: float, pid: int, presence: bool
) -> None:
    """On a full disk too it says the same."""
    peer = f"[{host}]:1" if ":" in host else f"{host}:1"
    entry = roster.Entry(f"{pid}.0", user, peer, round(since, 6), pid, "s", token[:8], presence)
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
