"""Commands about people, and about settings."""

from itertools import islice

from papayachat.disk.settings import KNOWN
from papayachat.screen.slash.desk import Desk
from papayad.errors import Fault

_LINES_LOOKED_AT = 20_000  # to find a name


def who(desk: Desk, argument: str) -> None:
    """/who: who is here"""
    if not desk.chat.ask_who():
        desk.chat.note("not connected")


def ignore(desk: Desk, argument: str) -> None:
    """/ignore [NAME]: show nothing of somebody; without a name: whom"""
    known = desk.settings.get("ignore").split()
    if not argument:
        desk.chat.note(f"ignored: {' '.join(known) or 'nobody'}")
    elif argument in known:
        desk.chat.note(f"{argument} is ignored already")
    elif argument == desk.chat.me or not _is_known(desk, argument):
        desk.chat.note(f"/ignore {argument}: nobody of that name has been here")
    else:
        _choose(desk, "ignore", " ".join([*known, argument]))


def unignore(desk: Desk, argument: str) -> None:
    """/unignore NAME: show somebody again"""
    known = desk.settings.get("ignore").split()
    if argument in known:
        _choose(desk, "ignore", " ".join(name for name in known if name != argument))
    else:
        desk.chat.note(f"ignored: {' '.join(known) or 'nobody'}")


def set_(desk: Desk, argument: str) -> None:
    """/set [NAME [VALUE]]: settings; NAME@ROOM for one room only"""
    name, space, value = argument.partition(" ")
    setting = name.partition("@")[0]
    if not name:
        desk.chat.note("\n".join(_setting(desk, each) for each in KNOWN))
    elif setting in KNOWN and not space:
        desk.chat.note(_setting(desk, name))
    else:
        _choose(desk, name, "" if value.strip() in ('""', "-") else value.strip())


def _is_known(desk: Desk, name: str) -> bool:
    chat = desk.chat
    if chat.client.people.knows(name):
        return True
    wanted = f" {name} ".encode()
    last = islice(chat.copy.lines_back(chat.copy.end), _LINES_LOOKED_AT)
    return any(line.raw[27 : 27 + len(wanted)] == wanted for line in last)


def _setting(desk: Desk, name: str) -> str:
    setting, _, room = name.partition("@")
    allowed = KNOWN[setting][1]
    choice = f" ({', '.join(allowed)})" if allowed else ""
    value = desk.settings.get(setting, room) or '""'
    return f"{name} = {value}: {KNOWN[setting][2]}{choice}"


def _choose(desk: Desk, name: str, value: str) -> None:
    try:
        desk.settings.choose(name, value)
    except Fault as fault:
        desk.chat.note(str(fault))
    else:
        desk.chat.note(_setting(desk, name))
    for window in desk.windows.all:
        window.chat.apply_settings()
    desk.restyle()
