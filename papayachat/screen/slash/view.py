"""Commands about what the screen shows."""

import time
from collections.abc import Callable

from papayachat.disk import search as queries
from papayachat.screen.slash.desk import Desk
from papayachat.stream import when
from papayad.errors import Fault

_TIMES = "2h, 7d, 18:30, 2026-11-22, 2026-11-22 21:53"


def clear(desk: Desk, argument: str) -> None:
    """/clear: an empty screen; scroll up, and it is all there"""
    chat = desk.chat
    chat.timeline.clear()
    chat.timeline.mark = None


def goto(desk: Desk, argument: str) -> None:
    """/goto TIME: what was said then: 2h, 7d, 18:30, 2026-11-22, 2026-11-22 21:53"""
    stamp = when.parse(argument, time.time())
    if stamp is None:
        desk.chat.note(f"/goto TIME: {_TIMES}")
    else:
        desk.chat.go_to(stamp)


def grep(desk: Desk, argument: str) -> None:
    """/grep WORDS: only the messages with all these words, until Esc; /grep /RE/ takes a regex"""
    if not argument:
        desk.chat.note("/grep WORDS, or /grep /REGEX/")
        return
    _look(desk, argument, desk.chat.finder.filter)


def search(desk: Desk, argument: str) -> None:
    """/search WORDS: the last message with all these words, or /RE/; older, newer: Ctrl-P Ctrl-N"""
    finder = desk.chat.finder
    if not argument:
        if finder.query is None:
            desk.chat.note("/search WORDS, or /search /REGEX/")
        else:
            finder.older()
        return
    _look(desk, argument, finder.search)


def unread(desk: Desk, argument: str) -> None:
    """/unread: the first message that you have not seen (Alt-U)"""
    chat = desk.chat
    first = chat.attention.first_unread
    first = chat.timeline.mark if first is None else first
    if first is None:
        chat.note("everything is read")
    else:
        chat.view.show(first)


def mention(desk: Desk, argument: str) -> None:
    """/mention: the next unread message for you (Alt-M)"""
    chat = desk.chat
    found = chat.attention.first_mention
    if found is None:
        chat.note("nothing unread is for you")
    else:
        chat.view.show(found)


def read(desk: Desk, argument: str) -> None:
    """/read: everything counts as read"""
    desk.chat.attention.read_all()
    desk.chat.timeline.mark = None
    desk.chat.view.to_end()


def bare(desk: Desk, argument: str) -> None:
    """/bare: plain text without columns, to select and copy (F2)"""
    desk.bare()


def _look(desk: Desk, text: str, act: Callable[[queries.Query], None]) -> None:
    """Have something looked for, or say why that is not possible."""
    chat = desk.chat
    try:
        act(queries.parse(text, frozenset(chat.timeline.ignored)))
    except Fault as fault:
        chat.note(str(fault))
