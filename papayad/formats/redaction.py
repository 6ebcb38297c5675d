"""Redaction: the form of a record whose text is erased, and the record that says so (a leaf).

A redacted record is as long as before, so no offset changes: its text is a mark, filled with spaces
or cut off. papayactl writes it into the log; papayachat does the same in its copy when it reads the
server's record `redacted NAME FROM TO`. Nothing here touches a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from papayad.formats import record

_MARK = b"[redacted]"
_WORD = "redacted"
_FIRST_BYTES = f" {record.SERVER} {record.NO_ID} {_WORD} ".encode()


@dataclass(frozen=True, slots=True)
class Redaction:
    """All records of `sender` that begin from `start` on and before `stop` lose their text."""

    sender: str
    start: int
    stop: int

    def text(self) -> str:
        """The text of the server's record about it."""
        return f"{_WORD} {self.sender} {self.start} {self.stop}"

    def sentence(self) -> str:
        """The sentence for a person."""
        who = "the server" if self.sender == record.SERVER else self.sender
        return f"something that {who} said was redacted"


def redact(line: bytes) -> bytes:
    """A record's line, with its LF, without its text. A line that is no record stays the same."""
    parts = line.removesuffix(b"\n").split(b" ", 3)
    if len(parts) < 4 or not line.endswith(b"\n"):
        return line
    size = len(parts[3])
    return b" ".join([*parts[:3], _MARK.ljust(size)[:size]]) + b"\n"


def is_redacted(line: bytes) -> bool:
    """Whether a record's line has been redacted already."""
    return line == redact(line)


def parse(text: str) -> Redaction | None:
    """The redaction that a record of the server announces; None for other records."""
    word, *rest = text.split(" ")
    if word != _WORD or len(rest) != 3:
        return None
    sender, start, stop = rest
    if not (sender == record.SERVER or record.NAME.match(sender)):
        return None
    if not all(each.isascii() and each.isdigit() and len(each) < 20 for each in rest[1:]):
        return None
    return Redaction(sender, int(start), int(stop))


def told_in(lines: bytes) -> Iterator[Redaction]:
    """The redactions that lines of a log announce; nearly free if there are none."""
    if _FIRST_BYTES not in lines:
        return
    for line in lines.split(b"\n"):
        said = record.parse(line) if _FIRST_BYTES in line else None
        found = parse(said.text) if said and said.sender == record.SERVER else None
        if found is not None:
            yield found
