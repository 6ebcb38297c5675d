"""Root's papayactl acts in a room as the service's user, in a process of its own.

An attacker in a client's process can write the state directory. There root would believe a pid,
follow a link, or leave a file that the room cannot write. So root's papayactl forks. The child
becomes the service's user, with all ids and for good, and then reads, writes and signals; the
kernel refuses what that user may not do. The parent stays root, looks at that user's processes when
the child asks (see eye), and waits.

For an ordinary user the work is done in this process.

The work must not import anything: papayactl may be installed where only root may read.
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
    """Run `work` as the room's user; return its result, a JSON value, or raise what it raises.

    Raises a Fault (78) if root asks and there is no such user.
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
    """The user of the room's processes."""
    identity = privileges.of_service(settings.service)
    return identity.uid if identity else os.geteuid()


def fault(error: OSError) -> Fault:
    """Why a file of the state cannot be read or written: 77, or 1."""
    code = denied_or(error, FAILED)
    return Fault(str(error.filename), reason(error), remedy(), code=code)


def remedy() -> str:
    """What to do about a missing right: for root, and for other users."""
    if eye.is_open():
        return "it is not service.user's: see papayactl doctor"
    return "run it as root or as the service's user"


def _serve(channel: Channel, identity: Identity) -> dict[str, Any]:
    """Answer the child until it says how it ended; None if it ends without that."""
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
    """End in the way in which the child ended, so that our starter sees it."""
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


@contextmanager
def _forwarding(child: int) -> Iterator[None]:
    """Pass signals on to the child. A terminal's Ctrl-C reaches both; the child takes the first."""

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
    """Live as the child. Whatever happens, it never goes on with its parent's code."""
    try:
        with channel.makefile("rw", encoding="utf-8") as stream:
            outcome = _outcome(identity, stream, work)
            stream.write(json.dumps(outcome) + "\n")
    except BaseException:  # noqa: BLE001 - a bug, whatever it is
        traceback.print_exc()
    finally:
        os._exit(FAILED)  # nobody sees that if the outcome was sent


def _become(identity: Identity, stream: Channel) -> None:
    signal.signal(signal.SIGINT, _interrupt_once)
    privileges.drop(identity)
    _hide()
    eye.open_in_child(stream)


def _outcome(identity: Identity, stream: Channel, work: Callable[[], Any]) -> dict[str, Any]:
    """How the work ended, for the parent. For a bug there is no outcome."""
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
    with suppress(OSError):  # nobody reads stdout any more: the outcome says so
        sys.stdout.flush()
    return outcome


def _interrupt_once(number: int, frame: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _hide() -> None:
    """Let no process of the service's user look into this one, which has root's terminal.

    A changed uid hides it, too, but not with every fs.suid_dumpable. It also ends with its parent.
    """
    if sys.platform != "linux":
        return
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_long] * 5
    for option, value in ((_DUMPABLE, 0), (_PARENT_DEATH_SIGNAL, signal.SIGTERM)):
        if prctl(option, value, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl is refused")
