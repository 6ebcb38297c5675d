"""Pasting: text from elsewhere, as lines of which none has what a record would not have. Pure."""

from papayad.formats.record import clean

LINES_UNASKED = 20


def lines(text: str) -> str:
    """Pasted text with LF between its lines."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(clean(part) for part in parts)
