"""How papayactl writes into the log: as the room's user, and without waiting for ever."""

from collections.abc import Iterator
from contextlib import contextmanager

from papayactl.act import end
from papayactl.look import living
from papayactl.state import lock
from papayad.errors import FAILED, Fault
from papayad.log.appender import Appender, StorageError
from papayad.settings import Chatlog, Settings


@contextmanager
def writing(settings: Settings, chatlog: Chatlog | None = None) -> Iterator[Appender]:
    """An appender, which wakes the room after it has written; `chatlog` for other rules.

    A Fault (1, 69, 75, 77) if the log cannot be written.
    """
    living.refuse_other_namespace(settings)
    lock.await_free(settings)
    try:
        appender = Appender(
            settings.state_dir,
            chatlog or settings.chatlog,
            lambda: end.announce(settings),
            lambda _: None,  # papayad logs such warnings, too
        )
    except OSError as error:
        raise lock.no_log(error, settings) from error
    try:
        yield appender
    except StorageError as error:
        raise Fault("the log", str(error), "see papayactl doctor", code=FAILED) from error
    finally:
        appender.close()
