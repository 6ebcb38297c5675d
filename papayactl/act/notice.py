"""Telling the room: a record of the server's own, `notice ...` (design section 4)."""

from papayactl.act import end
from papayactl.state import lock, service_user
from papayad.errors import FAILED, USAGE, Fault
from papayad.formats import record
from papayad.log.appender import Appender, StorageError
from papayad.settings import Settings


def notice(settings: Settings, text: str) -> str:
    """Append a notice, as the service's user; returns what is left of the text. A Fault."""
    said = record.clean(text.strip().replace("\r\n", "\n").replace("\n", record.LINE_BREAK))
    if not said.strip():
        raise Fault("wall", "there is nothing to say", "give a text", code=USAGE)
    most = settings.limits.message_bytes
    if len(said.encode()) > most:
        raise Fault("wall", f"more than {most} bytes", "see limits.message_bytes", code=USAGE)
    lock.await_free(settings)
    with service_user.acting(settings):
        try:
            appender = Appender(
                settings.state_dir, settings.chatlog, lambda: end.announce(settings), lambda _: None
            )
        except OSError as error:
            raise lock.no_log(error, settings) from error
        try:
            appender.append([(record.SERVER, record.NO_ID, f"notice {said}")])
        except StorageError as error:
            raise Fault("the log", str(error), "see papayactl doctor", code=FAILED) from error
        finally:
            appender.close()
    return said
