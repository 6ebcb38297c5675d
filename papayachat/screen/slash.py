"""Slash commands, typed instead of a message. The docstring of each is its help."""

import difflib
import re
import time
from collections.abc import Callable

from papayachat.chat.chat import Chat
from papayachat.disk import search
from papayachat.disk.settings import KNOWN
from papayachat.stream import when
from papayad.errors import Fault

Command = Callable[[Chat, str], None]

KEYS = """\
Alt-Enter      another line             Tab            names and commands
PgUp PgDn      scroll (the wheel, too)  Alt-< Alt->    beginning, end
Ctrl-R         search                   Alt-P Alt-N    the next older, newer match
Alt-U          first unread             Esc            end of search, end of log
Up Down        what was typed before    Ctrl-D         leave
Ctrl-L         draw again               Ctrl-Z         suspend"""


def submit(chat: Chat, text: str) -> None:
    """Send what was typed as a message, or do what the command says."""
    if text.startswith("/") and not text.startswith(("//", "/me ")):
        obey(chat, text)
    else:
        chat.submit(text.removeprefix("/") if text.startswith("//") else text)


def obey(chat: Chat, line: str) -> None:
    """Do what a line that begins with a slash says."""
    name, _, argument = line[1:].partition(" ")
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        close = difflib.get_close_matches(name, [*COMMANDS, *ALIASES], 1)
        hint = f"; did you mean /{close[0]}?" if close else ""
        chat.note(f"/{name}: no such command{hint} /help lists them, // begins with a slash")
        return
    chat.view.to_end()
    command(chat, argument.strip())


def names() -> list[str]:
    """Every command, for completion."""
    return sorted(COMMANDS)


def _help(chat: Chat, argument: str) -> None:
    """/help [COMMAND]: this, or about one command"""
    name = ALIASES.get(argument.lstrip("/"), argument.lstrip("/"))
    if name in COMMANDS:
        chat.note(_about(name))
        return
    lines = [_about(name) for name in names()]
    narrow = chat.view.look.width < 90
    keys = re.sub(r" {2,}(?=[A-Z]\S+ .*$)", "\n", KEYS, flags=re.MULTILINE) if narrow else KEYS
    chat.note("\n".join([*lines, "", *keys.splitlines()]))


def _who(chat: Chat, argument: str) -> None:
    """/who: who is here"""
    if not chat.ask_who():
        chat.note("not connected")


def _search(chat: Chat, argument: str) -> None:
    """/search [WORDS]: the last message with these words; again: the one before (Alt-P, Alt-N)"""
    if not argument and chat.finder.pattern is None:
        chat.note("/search WORDS")
        return
    pattern = _pattern(argument) if argument else chat.finder.pattern
    if argument:
        chat.finder.end()
    assert pattern is not None
    if not chat.finder.search(pattern):
        chat.finder.end()
        chat.note(f"nothing has {argument or pattern.pattern}")


def _grep(chat: Chat, argument: str) -> None:
    """/grep RE: only the messages that match, until Esc"""
    if argument:
        chat.finder.filter(_pattern(argument))
    else:
        chat.note("/grep RE")


def _me(chat: Chat, argument: str) -> None:
    """/me TEXT: say what you do"""
    if argument:
        chat.submit(f"/me {argument}")


def _clear(chat: Chat, argument: str) -> None:
    """/clear: an empty screen; scroll up, and it is all there"""
    chat.timeline.floor = chat.timeline.end
    chat.timeline.mark = None


def _set(chat: Chat, argument: str) -> None:
    """/set [NAME [VALUE]]: settings"""
    name, space, value = argument.partition(" ")
    if not name:
        chat.note("\n".join(_setting(chat, each) for each in KNOWN))
    elif name in KNOWN and not space:
        chat.note(_setting(chat, name))
    else:
        _choose(chat, name, "" if value in ('""', "-") else value)


def _ignore(chat: Chat, argument: str) -> None:
    """/ignore [NAME]: show nothing of somebody; without a name: whom"""
    known = chat.settings.words("ignore")
    if not argument:
        chat.note(f"ignored: {' '.join(known) or 'nobody'}")
    elif argument not in known:
        _choose(chat, "ignore", " ".join([*known, argument]))


def _unignore(chat: Chat, argument: str) -> None:
    """/unignore NAME: show somebody again"""
    known = chat.settings.words("ignore")
    _choose(chat, "ignore", " ".join(name for name in known if name != argument))


def _goto(chat: Chat, argument: str) -> None:
    """/goto TIME: what was said then: 2h, 7d, 18:30, 2026-11-22, 2026-11-22 21:53"""
    stamp = when.parse(argument, time.time())
    if stamp is None:
        chat.note("/goto TIME: 2h, 7d, 18:30, 2026-11-22, 2026-11-22 21:53")
        return
    found = chat.timeline.search(0, search.since(stamp), back=False)
    if found is None:
        chat.note("nothing since then")
    else:
        chat.timeline.floor = 0
        chat.view.show(found)


def _unread(chat: Chat, argument: str) -> None:
    """/unread: the first unread message (Alt-U)"""
    if chat.timeline.mark is not None:
        chat.view.show(chat.timeline.mark)


def _reconnect(chat: Chat, argument: str) -> None:
    """/reconnect: connect now"""
    if not chat.client.connected:
        chat.dismissed = False
        chat.client.room.hurry()
        chat.hands.poke()


def _say(chat: Chat, argument: str) -> None:
    """/say TEXT: send it as it is, even when it begins with a slash"""
    if argument:
        chat.submit(argument)


def _quit(chat: Chat, argument: str) -> None:
    """/quit: leave; what waits is delivered the next time"""
    chat.hands.quit()


COMMANDS: dict[str, Command] = {
    "clear": _clear,
    "goto": _goto,
    "grep": _grep,
    "help": _help,
    "ignore": _ignore,
    "me": _me,
    "quit": _quit,
    "reconnect": _reconnect,
    "say": _say,
    "search": _search,
    "set": _set,
    "unignore": _unignore,
    "unread": _unread,
    "who": _who,
}
ALIASES = {
    "exit": "quit",
    "q": "quit",
    "names": "who",
    "nicks": "who",
    "lastlog": "grep",
    "filter": "grep",
    "find": "search",
    "date": "goto",
    "connect": "reconnect",
    "h": "help",
    "?": "help",
}


def _about(name: str) -> str:
    return (COMMANDS[name].__doc__ or "").strip()


def _setting(chat: Chat, name: str) -> str:
    allowed = KNOWN[name][1]
    choice = f" ({', '.join(allowed)})" if allowed else ""
    return f"{name} = {chat.settings[name] or chr(34) * 2}: {KNOWN[name][2]}{choice}"


def _choose(chat: Chat, name: str, value: str) -> None:
    try:
        chat.settings.choose(name, value)
    except Fault as fault:
        chat.note(str(fault))
        return
    chat.apply_settings()
    chat.note(_setting(chat, name))


def _pattern(text: str) -> re.Pattern[str]:
    """The text as a regular expression, or taken literally if it is not one."""
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error:
        return re.compile(re.escape(text), re.IGNORECASE)
