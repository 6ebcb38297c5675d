"""Completing: what Tab makes of the text before the cursor. Pure.

Tab again gives the next candidate, and after the last one what was typed comes back.
"""

from papayachat.disk.settings import KNOWN
from papayachat.room.people import People

_NAME_ARGUMENT = ("/ignore", "/unignore")


def candidates(before: str, people: People, commands: list[str]) -> list[str]:
    """What may replace `before`, in the order of pressing Tab."""
    head, word = _split(before)
    if before.startswith("/") and not head:
        return [f"/{name} " for name in commands if name.startswith(word[1:])]
    words = head.split()
    if words[:1] == ["/set"]:
        return _settings(head, words, word)
    if words[:1] == ["/help"]:
        return [head + name for name in commands if name.startswith(word.lstrip("/"))]
    names = people.beginning(word.removeprefix("@"))
    at = "@" if word.startswith("@") else ""
    end = ": " if not head and not at else " "
    return [f"{head}{at}{name}{end}" for name in names]


def _split(before: str) -> tuple[str, str]:
    cut = max(before.rfind(" "), before.rfind("\n")) + 1
    return before[:cut], before[cut:]


def _settings(head: str, words: list[str], word: str) -> list[str]:
    if len(words) == 1:
        return [f"{head}{name} " for name in KNOWN if name.startswith(word)]
    values = KNOWN[words[1]][1] if words[1] in KNOWN else ()
    return [head + value for value in values if value.startswith(word)]
