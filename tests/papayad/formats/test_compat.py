"""papayaChat's lines, both ways."""

import pytest

from papayad.formats import compat
from papayad.formats.wire import Message


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"alice: hello", b"hello"),
        (b"alice: see: this", b"see: this"),
        (b"hello", b"hello"),
        (b"http://example.org", b"http://example.org"),
        (b"12:30: lunch", b"12:30: lunch"),
        (b": hello", b"hello"),
        (b"see this: it stays", b"see this: it stays"),
        (b"alice:", b"alice:"),
        (b"alice: ", b""),
        (b"", b""),
        (b"alice: gr\xfc\xdfe", "gr\ufffd\ufffde".encode()),
    ],
)
def test_upstream(line: bytes, text: bytes) -> None:
    assert compat.parse_upstream(line) == Message("-", text)


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (b"2026-11-22T21:53:01.123456Z alice k3x9 hello, world", b"alice: hello, world\n"),
        (b"2026-11-22T21:53:01.123456Z * - join bob", b"*: join bob\n"),
        ("2026-11-22T21:53:01.123456Z bob - grüß: dich".encode(), "bob: grüß: dich\n".encode()),
        (
            "2026-11-22T21:53:01.123456Z bob - one\u2028two".encode(),
            b"bob: one\n     two\n",
        ),
    ],
)
def test_downstream(record: bytes, line: bytes) -> None:
    assert compat.render_record(record) == line


def test_who_writes_such_a_line() -> None:
    assert compat.kind_of(b"alice: hello") == compat.ORIGINAL
    for line in (b"hello", b"see this: hello", b"http://example.org", b""):
        assert compat.kind_of(line) == compat.PLAIN


def test_a_piece_is_one_read_of_their_client() -> None:
    lines = [b"bob: " + b"x" * size + b"\n" for size in (1, 2000, 2000, 4000, 9000, 1)]
    long = "bob: " + "\u00e4" * 5000 + "\n"
    found = list(compat.pieces([*lines, long.encode()]))
    assert max(map(len, found)) < compat.READ_BYTES
    whole = b"".join([*lines, long.encode()])
    assert b"".join(found).replace(b"\n", b"") == whole.replace(b"\n", b"")
    assert found[0].startswith(b"bob: x\nbob: xx")
    for piece in found:
        piece.decode()


def test_a_log_that_is_none_is_the_logs_error() -> None:
    with pytest.raises(OSError, match="no record"):
        compat.render_record(b"hello")
