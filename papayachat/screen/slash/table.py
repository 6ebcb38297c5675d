"""The table of slash commands, and how what was typed becomes a command or a message."""

import difflib

from papayachat.screen.slash import people, rooms, talk, view
from papayachat.screen.slash.desk import Command, Desk

# It fits a terminal of 80 columns and 24 rows.
HELP = """\
Enter sends, Alt-Enter makes another line, Tab completes.
Ctrl-X Ctrl-E or /edit: $EDITOR. Up, Down: typed before.
/me TEXT  /say TEXT  /reply [N] [TEXT]  // begins with a /
PgUp PgDn scroll. Alt-< Alt->: beginning, end. Esc: the end.
/unread (Alt-U)  /mention (Alt-M)  /read  /goto TIME  /clear
/bare or F2: plain text to select.  /url [open|copy] [N]
/search WORDS: the last one; Ctrl-P older, Ctrl-N newer.
/grep WORDS: only these. Both take a /REGEX/.  /export FILE
/who  /ignore NAME  /unignore NAME  /reconnect
/rooms  /join [ROOM]  /part  Alt-1 to 9, Alt-A: with news
/set [NAME [VALUE]]; NAME@ROOM is for one room.
/quit or Ctrl-D leaves, Ctrl-L draws again, Ctrl-Z suspends.
/help COMMAND says more, and papayachat(1) everything."""


def help_(desk: Desk, argument: str) -> None:
    """/help [COMMAND]: this, or about one command"""
    name = argument.lstrip("/")
    name = ALIASES.get(name, name)
    desk.chat.note(about(name) if name in COMMANDS else HELP)


COMMANDS: dict[str, Command] = {
    "bare": view.bare,
    "clear": view.clear,
    "edit": talk.edit,
    "export": talk.export,
    "goto": view.goto,
    "grep": view.grep,
    "help": help_,
    "ignore": people.ignore,
    "join": rooms.join,
    "me": talk.me,
    "mention": view.mention,
    "part": rooms.part,
    "quit": rooms.quit_,
    "read": view.read,
    "reconnect": rooms.reconnect,
    "reply": talk.reply,
    "rooms": rooms.rooms,
    "say": talk.say,
    "search": view.search,
    "set": people.set_,
    "unignore": people.unignore,
    "unread": view.unread,
    "url": talk.url,
    "who": people.who,
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
    "close": "part",
    "list": "rooms",
    "links": "url",
    "h": "help",
    "?": "help",
}


def submit(desk: Desk, text: str) -> bool:
    """Send what was typed as a message, or do what the command says; False if typing goes on. A
    text that begins with a slash is a command, also with blanks before it."""
    start = text.lstrip()
    if start.startswith("//"):
        return desk.chat.submit(start.removeprefix("/"))
    if start.startswith("/"):
        obey(desk, start)
        return True
    return desk.chat.submit(text)


def obey(desk: Desk, line: str) -> None:
    """Do what a line that begins with a slash says."""
    name, _, argument = line[1:].partition(" ")
    name = name.strip()
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        close = difflib.get_close_matches(name, [*COMMANDS, *ALIASES], 1)
        hint = f"; did you mean /{close[0]}?" if close else ""
        desk.chat.note(f"/{name}: no such command{hint} /help lists them, // begins with a slash")
        return
    if command not in (view.unread, view.mention, view.search):
        desk.chat.view.to_end()
    command(desk, argument.strip())


def names() -> list[str]:
    """Every command, for completion."""
    return sorted(COMMANDS)


def about(name: str) -> str:
    return (COMMANDS[name].__doc__ or "").strip()
