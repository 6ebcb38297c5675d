"""The status lines: which room, who is here, what is new and what is wrong. Pure."""

import math

from papayachat.chat.cells import Piece, Row
from papayachat.chat.chat import Chat
from papayachat.chat.glyphs import safe
from papayachat.screen.window import Window

_HELP = " /help "


def row(chat: Chat, width: int) -> Row:
    """A row of exactly `width` columns. The most important comes first: the rest may be cut off."""
    parts = [chat.name, *_state(chat), *([safe(chat.hint)] if chat.hint else _looked_for(chat))]
    if not chat.view.follows:
        parts.append("scrolled up")
    parts += _news(chat)
    told = f" {' | '.join(parts)}"
    if chat.client.connected and chat.client.people.online:
        told = f"{told} | {_people(chat, width - len(told) - len(' | '))}"
    text = told[:width].ljust(width)
    if text[-len(_HELP) :].isspace():
        text = text[: -len(_HELP)] + _HELP
    return [Piece("class:status" if chat.client.connected else "class:status.bad", text)]


def rooms(windows: list[Window], active: Window, width: int) -> Row:
    """A row that names the rooms, each with what is new in it, and whether it is for us."""
    found: Row = []
    taken = 0
    for number, window in enumerate(windows, 1):
        attention = window.chat.attention
        loud = "!" if attention.mentions else ""
        news = f"({attention.unread}{loud})" if attention.unread else ""
        away = "" if window.chat.client.connected else "-"
        text = f" {number}:{window.profile.name}{away}{news} "[: width - taken]
        taken += len(text)
        found.append(Piece("class:rooms.active" if window is active else "class:rooms", text))
    return [*found, Piece("class:rooms", " " * (width - taken))]


def question(text: str, width: int) -> Row:
    return [Piece("class:question", text[:width].ljust(width))]


def title(chat: Chat) -> str:
    """The terminal's title: the room, and how much in it is new."""
    unread = chat.attention.unread
    return f"{chat.name} ({unread})" if unread else chat.name


def _news(chat: Chat) -> list[str]:
    unread, mentions = chat.attention.unread, chat.attention.mentions
    if not unread:
        return []
    told = f"{unread} new" + (f", {mentions} for you" if mentions else "")
    return [f"{told}: Alt-U{' Alt-M' if mentions else ''}"]


def _looked_for(chat: Chat) -> list[str]:
    finder, past = chat.finder, chat.past
    parts = []
    since = "" if past.is_whole or not past.day else f", here since {past.day}"
    if finder.query is not None:
        what = safe(finder.query.text)
        count = f"{finder.number} of {finder.count}" if finder.number else str(finder.count)
        more = "..." if finder.is_busy else ""
        kind = "only" if finder.filtered else "search"
        keys = "Esc" if finder.filtered else "Ctrl-P Ctrl-N Esc"
        until = f"{since} (PgUp fetches)" if finder.filtered and since else ""
        parts.append(f"{kind} '{what}': {count}{more}{until}, {keys}")
    if past.is_busy:
        parts.append(f"fetching older messages{since}")
    return parts


def _state(chat: Chat) -> list[str]:
    waiting = len(chat.client.delivery.waiting)
    count = f"{waiting} waiting"
    if chat.client.connected:
        return [count] if waiting else []
    offline = f"offline, {count}" if waiting else "offline"
    if chat.dismissed:
        return [offline, _why(chat)]
    if chat.trouble is None:
        return ["connecting", count] if waiting else ["connecting"]
    seconds = math.ceil(chat.client.room.timeout() or 0)
    again = f"reconnecting in {seconds} s" if seconds else "reconnecting"
    return [again, count, _why(chat)] if waiting else [again, _why(chat)]


def _why(chat: Chat) -> str:
    return safe(chat.trouble.why) if chat.trouble is not None else ""


def _people(chat: Chat, room: int) -> str:
    """Who is here, or how many, if there is not so much room."""
    here = sorted(chat.client.people.online)
    count = f"{len(here)} here"
    names = f"{count}: {' '.join(here)}"
    return names if len(names) <= room else count
