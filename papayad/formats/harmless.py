"""Text from outside made harmless to look at: one rule for all three programs (a leaf).

A character that could control a terminal, turn text around, break a line or hide in it becomes a
visible stand-in. This does not rely on what the server removes: a file, a name, another server may
be hostile.
"""

import re

# Letters from here on may need a joiner (Arabic, the scripts of India, families of emoji).
_JOINED = "\u0600-\u1fff\u2190-\U0010ffff"
_UNSAFE = re.compile(
    "["
    "\x00-\x08\x0a-\x1f\x7f-\x9f"  # C0 but TAB, DEL, C1
    "\u00ad\u061c\u180e\u200b\u200e-\u200f\u2060-\u206f\ufeff"  # no width, or a direction
    "\u2028-\u202e"  # line and paragraph separators, overrides of the direction
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # letters that are drawn as nothing
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # annotations and tags: seen by some terminals only
    "\ud800-\udfff"  # bytes of a name that are no UTF-8
    "]"
    f"|(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"
)


def harmless(text: str) -> str:
    """The text with a stand-in for each character that must not reach a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(lambda match: stand_in(match[0]), text)


def stand_in(char: str) -> str:
    """What is shown instead of a character: a control picture, else its number."""
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)  # ESC is shown as one
    return "\u2421" if code == 0x7F else f"<{code:02X}>"
