"""What a start makes of the files it finds: repaired, or refused, and nothing shown is lost."""

import errno
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from papayad.errors import CONFIGURATION, Fault
from papayad.formats import record
from papayad.log import segments, store, strays
from papayad.log.appender import Appender
from papayad.settings import Chatlog
from papayad.state import groups

TEXTS = [f"text {number} {'x' * (number % 40)}" for number in range(20)]


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A log of several segments, of which the last has some records."""
    store.prepare(tmp_path, lambda line: None)
    chatlog = Chatlog(durability="kernel", segment_bytes=400)
    own = Appender(tmp_path, chatlog, lambda: None, lambda line: None)
    for text in TEXTS:
        own.append([("alice", "-", text)])
    own.close()
    assert len(content(tmp_path, last(tmp_path))) > 150
    return tmp_path


def last(state_dir: Path) -> int:
    return segments.bases(state_dir)[-1]


def content(state_dir: Path, *bases: int) -> bytes:
    known = bases or segments.bases(state_dir)
    return b"".join(Path(segments.path(state_dir, base)).read_bytes() for base in known)


def end(state_dir: Path) -> int:
    return int((state_dir / "committed").read_text())


def start(state_dir: Path) -> list[str]:
    """What was said."""
    warned: list[str] = []
    store.prepare(state_dir, warned.append)
    return warned


def test_a_new_room_has_nothing_to_say(tmp_path: Path) -> None:
    store.check(tmp_path)
    assert start(tmp_path) == start(tmp_path) == []
    store.check(tmp_path)


@pytest.mark.parametrize("value", [0, 1, 57, 400, 900])
def test_an_end_that_went_back_loses_nothing(state_dir: Path, value: int) -> None:
    """Nor is it another log: every cursor is right still."""
    before, identity = content(state_dir), store.identity(state_dir)
    (state_dir / "committed").write_bytes(b"%020d\n" % value)
    (line,) = start(state_dir)
    assert "are kept" in line
    assert content(state_dir) == before
    assert end(state_dir) == len(before)
    assert store.identity(state_dir) == identity


@pytest.mark.parametrize("text", [b"%020d\n" % 10**19, b"9" * 20 + b"\n", b"", b"x" * 21, None])
def test_an_end_that_is_wrong_is_found_again(state_dir: Path, text: bytes | None) -> None:
    """Nobody knows whether something is lost, so the log is a new one; and nothing is cut."""
    before, identity = content(state_dir), store.identity(state_dir)
    path = state_dir / "committed"
    path.unlink()
    if text is not None:
        path.write_bytes(text)
    start(state_dir)
    assert content(state_dir) == before
    assert end(state_dir) == len(before)
    assert store.identity(state_dir) != identity


@pytest.mark.parametrize("text", [b"", b"garbage\n", b"A" * 32 + b"\n", b"0" * 64, None])
def test_an_identity_that_was_lost_is_drawn_anew(state_dir: Path, text: bytes | None) -> None:
    (state_dir / "identity").unlink()
    if text is not None:
        (state_dir / "identity").write_bytes(text)
    start(state_dir)
    assert len(bytes.fromhex(store.identity(state_dir))) == 16


# What only a person can tell


def refused(state_dir: Path) -> Fault:
    """The fault of a start, which changed nothing."""
    before = {path: path.read_bytes() for path in state_dir.iterdir() if path.is_file()}
    with pytest.raises(Fault) as caught:
        start(state_dir)
    with pytest.raises(Fault, match=re.escape(str(caught.value))):
        store.check(state_dir)
    assert {path: path.read_bytes() for path in state_dir.iterdir() if path.is_file()} == before
    assert caught.value.code == CONFIGURATION
    assert caught.value.remedy
    return caught.value


def test_an_edited_line_is_not_cut_with_all_that_follows(state_dir: Path) -> None:
    """Guards: refusing where records come after a line that is none, and no power cut made it."""
    path = Path(segments.path(state_dir, last(state_dir)))
    path.write_bytes(path.read_bytes().replace(b"Z alice", b"? alice", 1))
    fault = refused(state_dir)
    assert fault.what == str(path)
    assert "the line at byte 0 is no record" in fault.why


@pytest.mark.parametrize("base", [10**17, 99_999_999_999_999_999_999])
def test_a_stranger_is_not_taken_for_the_last_segment(state_dir: Path, base: int) -> None:
    """Guards: that the last segment begins where the one before it ends."""
    Path(segments.path(state_dir, base)).touch()
    assert f"ends at offset {end(state_dir)}" in refused(state_dir).why
    os.unlink(segments.path(state_dir, base))
    assert start(state_dir) == []


def test_a_segment_that_went_on_after_a_loss_is_no_stranger(state_dir: Path) -> None:
    """Guards: believing the committed end, where it is in that segment."""
    os.unlink(segments.path(state_dir, last(state_dir)))
    own = Appender(state_dir, Chatlog(), lambda: None, lambda line: None)
    own.append([("alice", "-", "on")])
    before = content(state_dir)
    (line,) = start(state_dir)
    assert "who reads there gets a gap" in line
    assert content(state_dir) == before


@pytest.mark.parametrize("text", [None, b"", b"garbage", b"%020d\n" % 10**19])
def test_nothing_is_made_beside_the_living(
    state_dir: Path, text: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: refusing, since another `committed` would have another lock."""
    monkeypatch.setattr(groups, "live", lambda path: [4711])
    (state_dir / "committed").unlink()
    if text is not None:
        (state_dir / "committed").write_bytes(text)
    assert "papayactl shutdown" in refused(state_dir).remedy


@pytest.mark.parametrize("text", [None, b"", b"garbage\n"])
def test_beside_the_living_the_identity_is_theirs(
    state_dir: Path, text: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: refusing, since they know it, and a new one would say that the log is another."""
    monkeypatch.setattr(groups, "live", lambda path: [4711])
    (state_dir / "identity").unlink()
    if text is not None:
        (state_dir / "identity").write_bytes(text)
    assert start(state_dir) == []
    for look in (store.identity, store.check):
        with pytest.raises(Fault, match="put it back"):
            look(state_dir)


def test_what_is_put_right_starts(state_dir: Path) -> None:
    """The remedy that the refusals name: the log as it lies there, and a new identity."""
    path, identity = Path(segments.path(state_dir, last(state_dir))), store.identity(state_dir)
    path.write_bytes(path.read_bytes().replace(b"Z alice", b"? alice", 1))
    refused(state_dir)
    store.take_as_it_is(state_dir, lambda line: None)
    start(state_dir)
    assert store.identity(state_dir) != identity


# What a power cut leaves


def test_what_stood_behind_zeros_is_set_aside(state_dir: Path) -> None:
    """Guards: keeping the records behind a sector that was lost."""
    path = Path(segments.path(state_dir, last(state_dir)))
    before = path.read_bytes()
    torn = before[:80] + bytes(10) + before[90:]
    path.write_bytes(torn)
    good = before[:80].rfind(b"\n") + 1
    warned = start(state_dir)
    assert path.read_bytes() == before[:good]
    aside = state_dir / f"{last(state_dir) + good:020d}{strays.CUT}"
    assert aside.read_bytes() == torn[good:]
    assert any(str(aside) in line for line in warned)


def test_a_full_disk_does_not_wait_for_space(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: writing the end and the identity in their own places, which have room for them."""
    path, identity = Path(segments.path(state_dir, last(state_dir))), store.identity(state_dir)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])

    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_whole", no_space)
    start(state_dir)
    assert path.read_bytes() == whole[: whole.rindex(b"\n", 0, -1) + 1]
    assert end(state_dir) == len(content(state_dir))
    assert store.identity(state_dir) != identity
    (state_dir / "committed").unlink()
    with pytest.raises(OSError, match="No space"):
        start(state_dir)


def add(state_dir: Path, data: bytes) -> None:
    with open(segments.path(state_dir, last(state_dir)), "ab") as file:
        file.write(data)


SPOILERS: dict[str, Callable[[Path, random.Random], object]] = {
    "committed": lambda path, dice: (path / "committed").write_bytes(
        dice.choice((b"%020d\n" % dice.randint(0, 3000), b"", b"%020d\n" % 10**19, b"garbage"))
    ),
    "no committed": lambda path, dice: (path / "committed").unlink(),
    "a directory": lambda path, dice: Path(segments.path(path, dice.randint(0, 10**19))).mkdir(),
    "a link": lambda path, dice: os.symlink("/etc/passwd", segments.path(path, 10**18)),
    "digits": lambda path, dice: (path / f"{'²' * 20}.log").touch(),
    "a stranger": lambda path, dice: Path(segments.path(path, 5 * 10**18)).write_bytes(b"x"),
    "zeros": lambda path, dice: add(path, bytes(99)),
    "garbage": lambda path, dice: add(path, b"\xff\n"),
}


@pytest.mark.parametrize("seed", range(60))
def test_any_spoiled_state(state_dir: Path, seed: int) -> None:
    """It starts with all that was shown, or it is refused with a reason and changes nothing."""
    dice = random.Random(seed)
    before = content(state_dir)
    for name in dice.sample(sorted(SPOILERS), dice.randint(1, 4)):
        SPOILERS[name](state_dir, dice)
    try:
        start(state_dir)
    except Fault as fault:
        assert fault.code == CONFIGURATION
    else:
        assert end(state_dir) == len(before)
        assert all(record.parse(line) for line in content(state_dir).splitlines())
    assert content(state_dir).startswith(before)
