"""Commands about rooms and their windows."""

from papayachat.disk import profile as profiles
from papayachat.screen.slash.desk import Desk
from papayad.errors import Fault


def join(desk: Desk, argument: str) -> None:
    """/join [ROOM]: open a room that you joined; without a name take an invite"""
    if argument.startswith("papaya:"):
        desk.chat.note("an invite is a secret, and this is in sight: /join alone asks for it")
        return
    try:
        desk.join(argument)
    except Fault as fault:
        desk.chat.note(str(fault))


def part(desk: Desk, argument: str) -> None:
    """/part: close this room's window; you stay a member"""
    if len(desk.windows.all) > 1:
        desk.part()
    else:
        desk.chat.note("this is the last room: /quit leaves")


def rooms(desk: Desk, argument: str) -> None:
    """/rooms: what is open, and what else you joined"""
    lines = []
    for number, window in enumerate(desk.windows.all, 1):
        attention = window.chat.attention
        news = f", {attention.unread} new" if attention.unread else ""
        state = "" if window.chat.client.connected else ", offline"
        lines.append(f"{number} {window.profile.name}: {window.profile.identity}{news}{state}")
    here = {window.profile.name for window in desk.windows.all}
    lines += [f"/join {name}" for name in profiles.names() if name not in here]
    desk.chat.note("\n".join(lines))


def reconnect(desk: Desk, argument: str) -> None:
    """/reconnect: connect now"""
    chat = desk.chat
    if not chat.client.connected:
        chat.dismissed = False
        chat.client.room.hurry()
        chat.hands.poke()


def quit_(desk: Desk, argument: str) -> None:
    """/quit: leave; what waits is delivered the next time"""
    desk.quit()
