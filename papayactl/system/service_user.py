"""What papayactl does in a room, root does as the service's user, in a process of its own.

Whoever has a client's process can write the state directory. Root would believe a pid there, follow
a link, leave a file that the room cannot write. So root's papayactl forks: the child becomes the
service's user, with all ids and no way back, and then reads, writes and signals. The kernel refuses
what that user may not do. The parent stays root, looks at that user's own processes when the child
asks (see eye), and waits.

An ordinary user is who he is: then the work is done right here.

The work imports nothing: papayactl may be installed where only root may read.
"""

import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from papayactl.system import eye
from papayactl.system.eye import Channel
from papayad.errors import FAILED, Fault, denied_or, reason
from papayad.settings import Settings
from papayad.start import privileges
from papayad.start.privileges import Identity

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
_PARENT_DEATH_SIGNAL, _DUMPABLE = 1, 4  # what prctl(2) sets


def run(settings: Settings, work: Callable[[], Any]) -> Any:
    """What `work` returns, a JSON value, when the room's user does it; what it raises is raised.

    Raises a Fault (78) when root asks and there is no such user.
    """
    identity = privileges.of_service(settings.service)
    if identity is None:
        return work()
    sys.stdout.flush()
    sys.stderr.flush()
    own, other = socket.socketpair()
    with own, other:
        child = os.fork()
        if child == 0:
            own.close()
            _live(identity, work, other)
        other.close()
        with own.makefile("rw", encoding="utf-8") as channel, _forwarding(child):
            outcome = _serve(channel, identity)
            _, status = os.waitpid(child, 0)
    return _conclude(outcome, status)


def uid(settings: Settings) -> int:
    """Whose the room's processes are."""
    identity = privileges.of_service(settings.service)
    return identity.uid if identity else os.geteuid()


def fault(error: OSError) -> Fault:
    """Why a file of the state cannot be read or written: 77, or 1."""
    code = denied_or(error, FAILED)
    return Fault(str(error.filename), reason(error), remedy(), code=code)


def remedy() -> str:
    """What to do about a right that is missing: to root, and to anybody else."""
    if eye.is_open():
        return "it is not service.user's: see papayactl doctor"
    return "run it as root or as the service's user"


def _serve(channel: Channel, identity: Identity) -> dict[str, Any]:
    """Answer the child until it says how it ended; nothing when it says nothing."""
    while line := channel.readline():
        message = json.loads(line)
        if "ask" not in message:
            return dict(message)
        channel.write(json.dumps(eye.answer(message["ask"], identity.uid)) + "\n")
        channel.flush()
    return {}


def _conclude(outcome: dict[str, Any], status: int) -> Any:
    """Return or end as the child did."""
    if "value" in outcome:
        return outcome["value"]
    if "fault" in outcome:
        *words, code = outcome["fault"]
        raise Fault(*words, code=code)
    if "system" in outcome:
        raise OSError(*outcome["system"])
    if "exit" in outcome:
        raise click.exceptions.Exit(outcome["exit"])
    if "aborted" in outcome:
        raise click.Abort
    if os.WIFSIGNALED(status):
        _end_by(os.WTERMSIG(status))
    raise SystemExit(FAILED)


def _end_by(number: int) -> None:
    """Whoever waits for this process sees what ended the child."""
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@contextmanager
def _forwarding(child: int) -> Iterator[None]:
    """A signal to us is one to the child. A terminal's Ctrl-C reaches both: it takes the first."""

    def forward(number: int, frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    before = {number: signal.getsignal(number) for number in _FORWARDED}
    heard = [number for number in _FORWARDED if before[number] != signal.SIG_IGN]
    try:
        for number in heard:
            signal.signal(number, forward)
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _live(identity: Identity, work: Callable[[], Any], channel: socket.socket) -> NoReturn:
    """The child's life. Whatever happens, it never goes on with its parent's code."""
    try:
        with channel.makefile("rw", encoding="utf-8") as stream:
            outcome = _outcome(identity, stream, work)
            stream.write(json.dumps(outcome) + "\n")
    except BaseException:  # noqa: BLE001 - a bug, whatever it is
        traceback.print_exc()
    finally:
        os._exit(FAILED)  # which nobody sees when the outcome was told


def _become(identity: Identity, stream: Channel) -> None:
    signal.signal(signal.SIGINT, _interrupt_once)
    privileges.drop(identity)
    _hide()
    eye.open_in_child(stream)


def _outcome(identity: Identity, stream: Channel, work: Callable[[], Any]) -> dict[str, Any]:
    """How the work ended, for the parent. A bug is none of the ways."""
    try:
        _become(identity, stream)
        value = work()
        sys.stdout.flush()
        return {"value": value}
    except Fault as fault:
        outcome: dict[str, Any] = {"fault": [fault.what, fault.why, fault.remedy, fault.code]}
    except click.exceptions.Exit as end:
        outcome = {"exit": end.exit_code}
    except (click.Abort, KeyboardInterrupt, EOFError):
        outcome = {"aborted": True}
    except OSError as error:
        outcome = {"system": [error.errno, error.strerror, error.filename]}
    with suppress(OSError):  # nobody reads it any more: the outcome says so
        sys.stdout.flush()
    return outcome


def _interrupt_once(number: int, frame: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _hide() -> None:
    """No process of the service's user looks into this one, which has root's terminal.

    A changed uid hides it, too, but not with every fs.suid_dumpable. And it ends with its parent.
    """
    if sys.platform != "linux":
        return
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_long] * 5
    for option, value in ((_DUMPABLE, 0), (_PARENT_DEATH_SIGNAL, signal.SIGTERM)):
        if prctl(option, value, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl is refused")
