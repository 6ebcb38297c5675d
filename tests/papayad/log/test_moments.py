"""The first and the last timestamp of a segment."""

from pathlib import Path

import pytest

from papayad.formats import record
from papayad.log import moments, segments


def written(state_dir: Path, *lengths: int) -> list[str]:
    """A segment with records of such texts; their timestamps."""
    stamps = [record.stamp(1_800_000_000 + 3600 * place) for place in range(len(lengths))]
    lines = [
        record.render(stamp, "a", "-", "x" * length)
        for stamp, length in zip(stamps, lengths, strict=True)
    ]
    Path(segments.path(state_dir, 0)).write_bytes(b"".join(lines))
    return stamps


@pytest.mark.parametrize("lengths", [(1,), (1, 2), (1, 70_000), (70_000, 1), (200_000, 200_000)])
def test_records_of_any_length(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    """Guards: reading back block by block."""
    stamps = written(tmp_path, *lengths)
    assert (moments.first(tmp_path, 0), moments.last(tmp_path, 0)) == (stamps[0], stamps[-1])


@pytest.mark.parametrize("content", [b"", b"\n", b"garbage", b"garbage\n", bytes(100)])
def test_what_has_no_record_has_no_moment(tmp_path: Path, content: bytes) -> None:
    Path(segments.path(tmp_path, 0)).write_bytes(content)
    assert (moments.first(tmp_path, 0), moments.last(tmp_path, 0)) == ("", "")
