"""Redaction: what a record becomes whose text is erased, and the record that tells of it (a leaf).

A redacted record is as long as it was, so no offset moves: its text is the mark, filled up with
spaces or cut off. papayactl writes it into the log; papayachat does the same to its copy when it
reads a server's record `redacted NAME FROM TO`. Nothing here touches a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from papayad.formats import record

_MARK = b"[redacted]"
_WORD = "redacted"
_FIRST_BYTES = f" {record.SERVER} {record.NO_ID} {_WORD} ".encode()


@dataclass(frozen=True, slots=True)
class Redaction:
    """The texts of all records of `sender` that begin from `start` on and before `stop`."""

    sender: str
    start: int
    stop: int

    def text(self) -> str:
        """What the server's record of it says."""
        return f"{_WORD} {self.sender} {self.start} {self.stop}"

    def sentence(self) -> str:
        """What a person is told."""
        who = "the server" if self.sender == record.SERVER else self.sender
        return f"something that {who} said was redacted"


def redact(line: bytes) -> bytes:
    """The line of a record, with its LF, without what it said. What is no record stays."""
    parts = line.removesuffix(b"\n").split(b" ", 3)
    if len(parts) < 4 or not line.endswith(b"\n"):
        return line
    size = len(parts[3])
    return b" ".join([*parts[:3], _MARK.ljust(size)[:size]]) + b"\n"


def is_redacted(line: bytes) -> bool:
    """Whether nothing is left in a record's line that could be redacted."""
    return line == redact(line)


def parse(text: str) -> Redaction | None:
    """The redaction that a record of the server tells of; None for any other one."""
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
    """The redactions that whole lines of a log tell of; costs nearly nothing where none does."""
    if _FIRST_BYTES not in lines:
        return
    for line in lines.split(b"\n"):
        said = record.parse(line) if _FIRST_BYTES in line else None
        found = parse(said.text) if said and said.sender == record.SERVER else None
        if found is not None:
            yield found
