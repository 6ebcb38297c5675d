"""Pasting: text from elsewhere as lines, and in messages that the protocol takes. Pure."""

from papayad.formats.record import LINE_BREAK, clean

ASK_ABOVE = 20  # lines
_VERB = len("MSG ") + 16 + len(" ") + len("\n")


def lines(text: str) -> str:
    """Pasted text with LF between its lines and nothing in it that a record would not have."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(clean(part) for part in parts)


def messages(text: str, limit: int) -> list[str]:
    """Texts whose lines of the protocol are no longer than `limit` bytes: whole lines together,
    and a line in pieces where it alone is too long."""
    room = max(limit - _VERB, 64)
    found: list[str] = []
    for line in text.split("\n"):
        for piece in _pieces(line, room):
            joined = f"{found[-1]}\n{piece}" if found else ""
            if found and len(joined.replace("\n", LINE_BREAK).encode()) <= room:
                found[-1] = joined
            else:
                found.append(piece)
    return [each for each in found if each.strip()]


def _pieces(line: str, room: int) -> list[str]:
    pieces = [""]
    size = 0
    for char in line:
        size += len(char.encode("utf-8", "replace"))
        if size > room:
            pieces.append("")
            size = len(char.encode("utf-8", "replace"))
        pieces[-1] += char
    return pieces
