"""Completion: what Tab makes of the text before the cursor. Pure.

Tab again gives the next candidate, and after the last one what was typed comes back.
"""

from papayachat.disk.settings import KNOWN
from papayachat.room.people import People


def candidates(before: str, people: People, commands: list[str], rooms: list[str]) -> list[str]:
    """What may replace `before`, in the order of pressing Tab."""
    head, word = _split(before)
    if before.startswith("/") and not head:
        return [f"/{name} " for name in commands if name.startswith(word[1:])]
    words = head.split()
    match words[:1]:
        case ["/set"]:
            return _settings(head, words, word, rooms)
        case ["/help"]:
            return [head + name for name in commands if name.startswith(word.lstrip("/"))]
        case ["/join"]:
            return [head + name for name in rooms if name.startswith(word)]
        case ["/url"]:
            return [f"{head}{verb} " for verb in ("copy", "open") if verb.startswith(word)]
    names = people.names_from(word.removeprefix("@"))
    at = "@" if word.startswith("@") else ""
    end = ": " if not head and not at else " "
    return [f"{head}{at}{name}{end}" for name in names]


def _split(before: str) -> tuple[str, str]:
    cut = max(before.rfind(" "), before.rfind("\n")) + 1
    return before[:cut], before[cut:]


def _settings(head: str, words: list[str], word: str, rooms: list[str]) -> list[str]:
    if len(words) == 1 and "@" in word:
        return [f"{head}{word.partition('@')[0]}@{room} " for room in rooms]
    if len(words) == 1:
        return [f"{head}{name} " for name in KNOWN if name.startswith(word)]
    name, _, room = words[1].partition("@")
    values = KNOWN[name][1] if name in KNOWN else ()
    values = (*values, "default") if room else values
    return [head + value for value in values if value.startswith(word)]
