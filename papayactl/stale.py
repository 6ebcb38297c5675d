"""What is left over in a room's state, and who is stuck in it. For doctor; changes nothing.

Most of it mends itself: the next start of papayad, or the next who joins, removes what is free.
"""

import os
from collections.abc import Iterator

from papayactl import clusters, freezing, loglock, looks
from papayactl.system import process
from papayad import groups, pidfile, roster, segments, tokens
from papayad.config import Config
from papayad.errors import Fault
from papayad.locks import is_held_at

Found = tuple[str, str, str, str]  # level, what, words, remedy


def found(config: Config) -> Iterator[Found]:
    yield from _lock(config)
    yield from _log(config)
    yield from _pid_file(config)
    yield from _gone(config)
    yield from _stopped(config)
    yield from _marks(config)


def _lock(config: Config) -> Iterator[Found]:
    pid = loglock.holder(config.state_dir)
    seen = process.read(pid) if pid else None
    if seen and seen.state == process.STOPPED:
        words = f"process {pid} is stopped and holds it: nobody can say anything"
        yield "failure", "the log's lock", words, f"kill -CONT {pid}"


def _log(config: Config) -> Iterator[Found]:
    end = looks.committed_end(config)
    known = segments.bases(config.state_dir)
    if end is None:
        if known:
            words = "there is a log, and no committed end"
            yield "failure", "the log", words, "papayactl acceptor start"
        return
    last = known[-1] if known else 0
    size = os.stat(segments.path(config.state_dir, last)).st_size if known else 0
    if not known or not last <= end <= last + size:
        words = f"it ends at {last + size}, before its committed end {end}"
        yield "failure", "the log", words, "papayactl log verify"


def _pid_file(config: Config) -> Iterator[Found]:
    if config.pid_file.exists() and pidfile.holder(config.pid_file) is None:
        words = "nobody holds it: an acceptor was killed"
        yield "warning", str(config.pid_file), words, "papayactl acceptor start"


def _gone(config: Config) -> Iterator[Found]:
    path = roster.directory(config.state_dir)
    if path.is_dir() and (names := roster.gone(path)):
        words = f"{len(names)} clients are gone and still in it"
        yield "warning", str(path), words, "papayactl acceptor restart"
    path = groups.directory(config.state_dir)
    if path.is_dir():
        free = [name for name in os.listdir(path) if not is_held_at(path / name)]
        if free:
            words = f"{len(free)} groups without a member"
            yield "warning", str(path), words, "papayactl acceptor restart"


def _stopped(config: Config) -> Iterator[Found]:
    seen = looks.looks_at(config, clusters.living(config))
    frozen = [clusters.label(look.entry) for look in seen if look.state == looks.FROZEN]
    if frozen:
        more = f" and {len(frozen) - 1} more" if len(frozen) > 1 else ""
        yield "warning", "frozen", f"{frozen[0]}{more}", f"papayactl thaw {frozen[0]}"


def _marks(config: Config) -> Iterator[Found]:
    refused = freezing.refused(config)
    try:
        users = {token.user for token in tokens.read_tokens(config.tokens).values()}
    except Fault:
        return
    for user in refused:
        words = "new connections are refused" + ("" if user in users else ", and it has no token")
        yield "warning", f"user {user}", words, f"papayactl thaw --user {user}"
