"""What is left over in a room's state, and which processes are stuck. For doctor; changes nothing.

Most of it mends itself: the next start of papayad, or the next client that joins, removes it.
"""

from collections.abc import Iterator

from papayactl.cli.shell import command
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.look import clients, living
from papayactl.state import lock
from papayad.errors import Fault
from papayad.log import strays
from papayad.settings import Settings
from papayad.state import groups, pidfile, roster, tokens


def state(settings: Settings) -> Iterator[Finding]:
    checks = (_lock, _pid_file, _gone, _stopped, _marks, _strays)
    found = [one for check in checks for one in check(settings)]
    yield from found or [Finding(OK, "state", "nothing is left over, nobody is stuck")]


def _lock(settings: Settings) -> Iterator[Finding]:
    for pid in lock.stopped_holders(settings.state_dir):
        words = f"process {pid} is stopped and holds it: nobody can say anything"
        yield Finding(FAILURE, "the log's lock", words, f"kill -CONT {pid}")


def _pid_file(settings: Settings) -> Iterator[Finding]:
    if settings.pid_file.exists() and pidfile.holder(settings.pid_file) is None:
        words = "nobody holds it: an acceptor was killed"
        yield Finding(WARNING, str(settings.pid_file), words, "papayactl acceptor start")


def _gone(settings: Settings) -> Iterator[Finding]:
    path = roster.directory(settings.state_dir)
    if path.is_dir() and (names := roster.gone(path)):
        words = f"{len(names)} clients are gone and still in it"
        yield Finding(WARNING, str(path), words, "papayactl acceptor restart")
    path = groups.directory(settings.state_dir)
    if path.is_dir():
        free = set(groups.numbers(path)) - set(groups.live(path))
        if free:
            words = f"{len(free)} groups without a member"
            yield Finding(WARNING, str(path), words, "papayactl acceptor restart")


def _stopped(settings: Settings) -> Iterator[Finding]:
    seen = clients.look_at(settings, living.living(settings))
    frozen = [living.label(look.entry) for look in seen if look.state == clients.FROZEN]
    if frozen:
        more = f" and {len(frozen) - 1} more" if len(frozen) > 1 else ""
        yield Finding(
            WARNING, "frozen", f"{frozen[0]}{more}", command("papayactl", "thaw", frozen[0])
        )


def _marks(settings: Settings) -> Iterator[Finding]:
    try:
        users = {token.user for token in tokens.read_tokens(settings.tokens).values()}
    except Fault:
        return
    for found, words, remedy in (
        (living.refused(settings), "new connections are refused", ("thaw", "--user")),
        (living.muted(settings), "writes nothing", ("unmute",)),
    ):
        for user in found:
            known = "" if user in users else ", and it has no token"
            mend = command("papayactl", *remedy, user)
            yield Finding(WARNING, f"user {user}", f"{words}{known}", mend)


def _strays(settings: Settings) -> Iterator[Finding]:
    if line := strays.words(settings.state_dir):
        remedy = f"look at them, and move them away: {command('ls', '-la', settings.state_dir)}"
        yield Finding(WARNING, str(settings.state_dir), line, remedy)
