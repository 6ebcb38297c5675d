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
        (b"alice:", b"alice:"),
        (b"alice: ", b""),
        (b"", b""),
        (b"a name with spaces: \xff", b"\xff"),
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
    ],
)
def test_downstream(record: bytes, line: bytes) -> None:
    assert compat.render_record(record) == line


def test_a_log_that_is_none_is_the_logs_error() -> None:
    with pytest.raises(OSError, match="no record"):
        compat.render_record(b"hello")
