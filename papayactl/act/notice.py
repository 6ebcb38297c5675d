"""Telling the room: a record from the server itself, `notice ...` (design section 4)."""

from papayactl.act.writer import writing
from papayad.errors import USAGE, Fault
from papayad.formats import record
from papayad.settings import Settings


def notice(settings: Settings, text: str) -> str:
    """Append a notice, in the room; return the text that is left of it. A Fault."""
    said = record.clean(text.strip().replace("\r\n", "\n").replace("\n", record.LINE_BREAK))
    if not said.strip():
        raise Fault("wall", "there is nothing to say", "give a text", code=USAGE)
    most = settings.limits.message_bytes
    if len(said.encode()) > most:
        raise Fault("wall", f"more than {most} bytes", "see limits.message_bytes", code=USAGE)
    with writing(settings) as appender:
        appender.append([(record.SERVER, record.NO_ID, f"notice {said}")])
    return said
