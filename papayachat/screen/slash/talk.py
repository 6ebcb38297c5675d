"""Commands that say something, or take something of what was said."""

import re
from pathlib import Path

from papayachat.chat import links
from papayachat.disk.replica import Replica
from papayachat.screen.slash.desk import Desk
from papayachat.stream.terminal import as_json, spoken
from papayad.errors import Fault, reason
from papayad.formats.record import LINE_BREAK

LINKS_TOLD = 9
_QUOTED = 120  # characters that a reply quotes


def me(desk: Desk, argument: str) -> None:
    """/me TEXT: say what you do"""
    if argument:
        desk.chat.submit(f"/me {argument}")


def say(desk: Desk, argument: str) -> None:
    """/say TEXT: send it as it is, even when it begins with a slash"""
    if argument:
        desk.chat.submit(argument)


def reply(desk: Desk, argument: str) -> None:
    """/reply [N] [TEXT]: quote the last message of others, or the Nth from the end, and answer"""
    match = re.match(r"(\d{1,3})(?:\s+|\Z)(.*)", argument, re.DOTALL)
    number, text = (int(match[1]), match[2]) if match else (1, argument)
    others = desk.chat.last(number)
    if not 0 < number <= len(others):
        desk.chat.note("/reply [N] [TEXT]: there is no such message")
        return
    said = others[-number]
    line = said.text.replace(LINE_BREAK, " ")
    cut = line if len(line) <= _QUOTED else line[:_QUOTED] + "\u2026"
    quote = f"> {said.sender}: {cut}\n"
    if text:
        desk.chat.submit(quote + text)
    else:
        desk.draft(quote)


def edit(desk: Desk, argument: str) -> None:
    """/edit [TEXT]: write in $EDITOR (Ctrl-X Ctrl-E)"""
    desk.draft(argument)
    desk.edit()


def url(desk: Desk, argument: str) -> None:
    """/url [open|copy] [N]: the last links; open one elsewhere, or copy it to the clipboard"""
    match = re.match(r"(?:(open|copy)\s*)?(\d{1,3})?\Z", argument)
    found = _links(desk)
    if match is None or not found:
        desk.chat.note("/url [open|copy] [N]" if match is None else "no links here")
        return
    if not argument:
        listed = [f"{number} {link}" for number, link in enumerate(found[:LINKS_TOLD], 1)]
        desk.chat.note("\n".join([*listed, "/url open N, /url copy N"]))
        return
    number = int(match[2] or 1)
    if not 0 < number <= len(found):
        desk.chat.note(f"/url: there is no link {number}")
    elif match[1] == "open":
        desk.browse(links.target(found[number - 1]))
    else:
        desk.copy(found[number - 1])
        desk.chat.note(f"copied, if the terminal allows it: {found[number - 1]}")


def export(desk: Desk, argument: str) -> None:
    """/export FILE: write what is here of the room into a new file, as text or as FILE.json"""
    if not argument:
        desk.chat.note("/export FILE")
        return
    path, copy = Path(argument).expanduser(), desk.chat.copy
    desk.apart(lambda: f"{export_to(path, copy)} messages in {path}")


def export_to(path: Path, copy: Replica) -> int:
    """Export; return how many lines were written. A Fault if that is not possible."""
    count = 0
    try:
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            for line in copy.lines():
                record = line.record()
                if path.suffix != ".json":
                    day = record.stamp[:10] if record is not None else "-" * 10
                    file.write(f"{day} {spoken(line)}\n")
                elif record is not None:
                    file.write(as_json(line, record) + "\n")
                count += 1
    except OSError as error:
        raise Fault(str(path), reason(error)) from error
    return count


def _links(desk: Desk) -> list[str]:
    """The last links that were said, each once, the newest first."""
    found: dict[str, None] = {}
    chat = desk.chat
    for said in reversed(chat.last(500) + chat.last(100, own=True)):
        found.update(dict.fromkeys(reversed(links.found(said.text))))
    return list(found)
