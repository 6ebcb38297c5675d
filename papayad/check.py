"""papayad --check: the effective configuration, and every problem with it (design section 2)."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from papayad import config
from papayad.config import Problems
from papayad.errors import CONFIGURATION, DONE, Fault
from papayad.net import tls
from papayad.settings import Settings
from papayad.state import bans, tokens
from papayad.system import privileges


def check(path: Path, room: str) -> int:
    """Print the configuration to stdout and problems to stderr, a line each; returns 0 or 78."""
    try:
        settings = config.load(path, room)
    except Problems as problems:
        for line in problems.lines:
            _complain(f"{path}: {line}")
        return CONFIGURATION
    print(config.render(settings), end="")
    found = list(problems_of(settings))
    for line in found:
        _complain(f"{path}: {line}")
    return CONFIGURATION if found else DONE


def problems_of(settings: Settings) -> Iterator[str]:
    """What the files and users that a configuration names lack: key, why, what to do."""
    service = settings.service
    yield from _tried("service.user", lambda: privileges.of_service(service))
    if settings.listen.tls != "off":
        yield from _tried("listen.certificate", lambda: tls.load_context(settings.listen))
    yield from _tried("service.tokens", lambda: tokens.read_tokens(settings.tokens))
    yield from _tried("bans", lambda: bans.read_bans(settings.bans))
    if not settings.state_dir.is_dir():
        yield f"service.state_dir: {service.state_dir} is no directory: run papayactl init"
    elif os.geteuid() != 0 and not os.access(settings.state_dir, os.W_OK | os.X_OK):
        yield f"service.state_dir: {service.state_dir} is not writable for you"


def _tried(key: str, attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except Fault as fault:
        yield str(fault) if fault.what == key else f"{key}: {fault}"


def _complain(line: str) -> None:
    print(f"papayad: {line}", file=sys.stderr)
