"""The status line: which room, who is here, and what is wrong, in one row. Pure."""

import math

from papayachat.chat.chat import Chat
from papayachat.chat.glyphs import safe
from papayachat.chat.layout import Row


def row(chat: Chat, width: int) -> Row:
    """A row of exactly `width` columns. The most important comes first: the rest may be cut off."""
    bad = not chat.client.connected
    parts = [f"{chat.name}", *_state(chat)]
    if chat.finder.filtered:
        parts.append(f"only {safe(chat.finder.filtered)!r}, Esc ends")
    elif chat.finder.pattern is not None:
        parts.append(f"search {safe(chat.finder.pattern.pattern)!r}: Alt-P Alt-N Esc")
    if chat.fetching:
        parts.append("fetching older messages")
    unread = chat.attention.unread
    if not chat.view.follows:
        parts.append("scrolled up" if not unread else f"more below, {unread} new")
    elif unread:
        parts.append(f"{unread} new")
    if chat.client.connected and chat.client.people.online:
        parts.append(_people(chat, width))
    text = f" {' | '.join(parts)}"[:width]
    return [("class:status.bad" if bad else "class:status", text.ljust(width))]


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


def _people(chat: Chat, width: int) -> str:
    here = sorted(chat.client.people.online)
    count = f"{len(here)} here"
    names = f"{count}: {' '.join(here)}"
    return names if len(names) <= width // 2 else count
