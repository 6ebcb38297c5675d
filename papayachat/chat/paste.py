"""Pasting: turns text from elsewhere into lines without characters that records cannot have."""

from papayad.formats.record import clean

LINES_UNASKED = 20


def lines(text: str) -> str:
    """The pasted text, with LF between its lines."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(clean(part) for part in parts)
