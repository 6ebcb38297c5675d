"""papayad --check: the effective configuration, and every problem with it (design section 2)."""

import io
import os
import pwd
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from papayad import config
from papayad.config import Problems
from papayad.errors import CONFIGURATION, DONE, Fault, reason
from papayad.formats.harmless import harmless
from papayad.log import store
from papayad.net import listeners, tls
from papayad.sandbox import prepare
from papayad.settings import Settings
from papayad.start import privileges
from papayad.state import bans, force, tokens


def check(path: Path, room: str) -> int:
    """Print the configuration to stdout and problems to stderr, a line each; returns 0 or 78.

    A character that the terminal's encoding does not have is shown by its number.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        settings = config.load(path, room)
    except Problems as problems:
        for line in problems.lines:
            _complain(f"{path}: {line}")
        return CONFIGURATION
    print(config.render(settings), end="", flush=True)
    found = [*problems_of_addresses(settings), *_as_service(settings), *_sandbox(settings)]
    for line in found:
        _complain(f"{path}: {line}")
    return CONFIGURATION if found else DONE


def problems_of_addresses(settings: Settings) -> Iterator[str]:
    """Why a start, or a reload, could not listen where it should. It does not listen itself.

    An address that our own acceptor has, or systemd for it, is in use and yet no problem.
    """
    ours = _listening(settings)
    for address in settings.listen.addresses:
        try:
            listeners.bind(address, _let_it_be).close()
        except Fault as fault:
            served = any(listeners.overlap(one, address) for one in ours)
            if (listeners.is_taken(fault) and served) or listeners.is_dispensable(address, fault):
                continue
            yield f"listen.addresses: {fault}"


def _let_it_be(_: str) -> None:
    """Ignore warnings: what a start only warns of is no problem."""


def _listening(settings: Settings) -> tuple[str, ...]:
    try:
        last = force.read(settings.pid_file.parent)
    except OSError:
        return ()
    return last.listening if last else ()


def _as_service(settings: Settings) -> list[str]:
    """What is wrong for the service's user: that root can read a file says nothing."""
    try:
        identity = privileges.of_service(settings.service)
    except Fault as fault:
        return [str(fault)]
    if identity:
        privileges.drop(identity)
    return list(problems_of(settings))


def problems_of(settings: Settings) -> Iterator[str]:
    """What is wrong with the files and users that a configuration names: key, why, what to do."""
    service = settings.service
    if settings.listen.tls != "off":
        yield from _tried("listen.certificate", lambda: tls.load_context(settings.listen))
    yield from _tried("service.tokens", lambda: tokens.read_tokens(settings.tokens))
    yield from _tried("bans", lambda: bans.read_bans(settings.bans))
    if not settings.state_dir.is_dir():
        yield f"service.state_dir: {service.state_dir} is no directory: run papayactl init"
    elif not os.access(settings.state_dir, os.W_OK | os.X_OK):
        yield f"service.state_dir: {service.state_dir} is not writable for {_whom()}"
    else:
        yield from _tried("service.state_dir", lambda: _check_log(settings.state_dir))


def _check_log(state_dir: Path) -> None:
    """Raise the Fault with which a start would refuse the log."""
    try:
        store.check(state_dir)
    except OSError as error:
        what = str(error.filename or state_dir)
        raise Fault(what, reason(error), "papayactl doctor", code=CONFIGURATION) from error


def _sandbox(settings: Settings) -> Iterator[str]:
    """Print which halves of the sandbox can be had here, as comments; tell what is required."""
    state_dir = settings.state_dir if settings.state_dir.is_dir() else Path("/")
    try:
        made = prepare.prepare(settings.service.sandbox, state_dir)
    except Fault as fault:
        yield str(fault)
        return
    print(f"# clients are confined by {', '.join(made.words)}", flush=True)
    if missing := made.missing():
        print(f"# clients are not confined by {missing}", flush=True)


def _tried(key: str, attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except Fault as fault:
        yield str(fault) if fault.what == key else f"{key}: {fault}"


def _whom() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


def _complain(line: str) -> None:
    print(harmless(f"papayad: {line}"), file=sys.stderr)
