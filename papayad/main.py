"""papayad's start: parse, refuse, bind, drop, detach, loop (design section 2).

A straight line. Whatever can go wrong goes wrong before the command returns, with the reason on its
stderr; when it returns with 0, a client can connect.
"""

import argparse
import gc
import os
import resource
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from pathlib import Path

from papayad import __version__, check, config
from papayad.acceptor.credentials import Credentials
from papayad.acceptor.loop import Acceptor
from papayad.acceptor.pending import Terms
from papayad.acceptor.reload import terms_of
from papayad.cluster import relay
from papayad.cluster.rehearsal import rehearse
from papayad.cluster.shared import share
from papayad.errors import CONFIGURATION, DONE, UNAVAILABLE, Fault, denied_or, exit_with, reason
from papayad.formats.harmless import harmless
from papayad.log import exclusion, forecast, store
from papayad.net import activation, listeners
from papayad.sandbox import prepare, rlimits
from papayad.sandbox.prepare import Sandbox
from papayad.settings import ETC, Settings
from papayad.start import environment, init, privileges, sd_notify
from papayad.state import force, groups, pidfile, secrecy
from papayad.system import descriptors, detach, directories, immortal, pools, process_group, signals
from papayad.system.journal import Journal
from papayad.system.spawn import where

PROGRAM = "papayad"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a start has opened and read before it detaches; `lock` is the one in state_dir."""

    lock: int
    pid_file: int
    listening: dict[str, socket.socket]
    terms: Terms
    journal: Journal
    sandbox: Sandbox


def main() -> None:
    descriptors.open_standard_streams()
    options = parse_options()
    try:
        sys.exit(run(options))
    except Fault as fault:
        sd_notify.status(str(fault))
        exit_with(PROGRAM, fault, harmless)


def start_afresh() -> range:
    """Undo what the starter left: its environment, open files, blocked and ignored signals.

    Returns the descriptors of the listening sockets that it left on purpose.
    """
    environment.renew()
    inherited = activation.announced(os.environ)
    descriptors.close_all_but(set(inherited))
    signals.forget_inherited()
    return inherited


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        PROGRAM, description="The daemon of a papaya chat room.", formatter_class=_formatter
    )
    parser.add_argument("--config", metavar="FILE", help=f"default: {ETC}/ROOM.toml")
    parser.add_argument("--room", metavar="NAME", default=config.DEFAULT_ROOM)
    parser.add_argument("--foreground", action="store_true", help="stay, and log to stderr")
    parser.add_argument("--check", action="store_true", help="print the configuration and end")
    parser.add_argument("--version", action="version", version=f"papayad {__version__}")
    return parser.parse_args()


def _formatter(prog: str) -> argparse.HelpFormatter:
    """A formatter with a fixed width: to find one, argparse would load bz2 and lzma for good."""
    return argparse.HelpFormatter(prog, width=80)


def run(options: argparse.Namespace) -> int:
    path = config.find(options.config, options.room)
    if options.check:
        return check.check(path, options.room)
    inherited = start_afresh()
    if options.foreground:
        init.leave_to_child()
    settings = config.load(path, options.room)
    log_to = "stderr" if options.foreground else settings.service.log_to
    gathered = gather(settings, log_to, inherited)
    if options.foreground:
        os.chdir("/")
        process_group.enter_own()
        serve(settings, gathered, lambda: None)
        return DONE
    keep = [
        gathered.lock,
        gathered.pid_file,
        *gathered.listening.values(),
        *gathered.sandbox.rulesets.values(),
    ]
    stderr = sys.stderr if settings.service.log_to == "stderr" else None
    detach.detach(
        lambda ready: serve(settings, gathered, ready), keep, stderr, gathered.journal.error
    )
    return DONE


def gather(settings: Settings, log_to: str, inherited: range) -> Gathered:
    """Do all that may fail before detaching. Root binds, and makes a directory in /run."""
    journal = Journal(settings.room, log_to)
    identity = privileges.of_service(settings.service)
    os.umask(0o022)
    make_run_dir(settings.pid_file.parent, identity)
    os.umask(0o077)
    find_state(settings.state_dir)
    with privileges.lent(identity):
        lock, pid_file = exclusion.acquire(settings, identity, journal)
    listening = activation.adopt(inherited, settings.listen.tls)
    listening = listening or listeners.open_all(settings.listen.addresses, journal.warning)
    if identity:
        privileges.drop(identity)
    terms = terms_of(settings.listen)
    Credentials(settings.tokens, settings.bans, journal)  # no fork takes it along: read again then
    if line := secrecy.indiscretion(settings.tokens):
        journal.warning(line)
    prepare_state(settings, journal)
    cage = prepare.prepare(settings.service.sandbox, settings.state_dir)
    journal.reopen()  # detaching closes its descriptor
    return Gathered(lock, pid_file, listening, terms, journal, cage)


def make_run_dir(path: Path, identity: privileges.Identity | None) -> None:
    """Make run_dir, which may be on a tmpfs that a boot emptied. (state_dir is never made here.)

    Everybody may ask for the status, so the umask must let everybody enter what is made here. Root
    makes only what the service's user cannot.
    """
    try:
        with privileges.lent(identity), suppress(PermissionError):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)
            if os.access(path, os.W_OK, effective_ids=True):
                return
        if identity:
            directories.make(path, 0o755, identity.uid, identity.gid)
    except OSError as error:
        raise _unusable(path, error) from error


def find_state(path: Path) -> None:
    try:
        os.stat(path)
    except OSError as error:
        raise _unusable(path, error) from error


def prepare_state(settings: Settings, journal: Journal) -> None:
    path = settings.state_dir
    try:
        store.prepare(path, journal.warning)
        forecast.warn(path, settings.chatlog, journal.warning)
    except OSError as error:
        raise _unusable(path, error) from error


def serve(settings: Settings, gathered: Gathered, ready: detach.Ready) -> None:
    """Live as the acceptor, in its own process group; `ready` lets the starter return."""
    try:
        acceptor = set_up(settings, gathered)
    except OSError as error:
        raise _unusable(Path(error.filename or settings.state_dir), error) from error
    gathered.journal.info(f"listening on {' '.join(gathered.listening)}")
    say_what_confines(gathered.sandbox, gathered.journal)
    ready()
    try:
        left = acceptor.run()
    except Exception as error:
        gathered.journal.error(f"the acceptor ends by a bug: {type(error).__name__}{where(error)}")
        raise
    with suppress(OSError):
        force.remove(settings.pid_file.parent)
        settings.pid_file.unlink()
        if not left:
            relay.path(settings.pid_file).unlink()


def set_up(settings: Settings, gathered: Gathered) -> Acceptor:
    """Do all that may fail in the daemon itself. Raises OSError and Fault."""
    credentials = Credentials(settings.tokens, settings.bans, gathered.journal)
    raise_descriptor_limit()
    rlimits.leave_no_core()
    groups.remove_free(groups.directory(settings.state_dir))
    hearing, saying = relay.open_ends(relay.path(settings.pid_file))
    path, sandbox = groups.directory(settings.state_dir), gathered.sandbox
    group = descriptors.lift(groups.create(path, sandbox.in_force(), sandbox.missing()))
    log = store.identity(settings.state_dir)
    terms = gathered.terms
    shared = share(settings, log, group, saying, gathered.journal, sandbox, terms.pins, terms.key)
    acceptor = Acceptor(
        shared,
        gathered.listening,
        gathered.terms,
        credentials,
        gathered.pid_file,
        hearing,
    )
    arriving = signals.Signals()
    rehearse(shared, gathered.terms.context)
    gc.collect()
    immortal.immortalise()
    pools.fill()
    gc.freeze()  # every cluster shares what is there now: no collection may touch it
    acceptor.begin(arriving)
    pidfile.write(gathered.lock)
    pidfile.write(gathered.pid_file)
    return acceptor


def say_what_confines(sandbox: Sandbox, journal: Journal) -> None:
    """Which halves of the sandbox clients' processes have; a missing one is a warning."""
    journal.info(f"clients are confined by {', '.join(sandbox.words)}")
    if missing := sandbox.missing():
        journal.warning(f"clients are not confined by {missing}")


def raise_descriptor_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _unusable(path: Path, error: OSError) -> Fault:
    remedy = "papayactl init makes it; it belongs to service.user"
    if error.errno in (ENOSPC, EDQUOT):
        remedy = "remove or move something else there"
    code = denied_or(error, CONFIGURATION if isinstance(error, FileNotFoundError) else UNAVAILABLE)
    return Fault(str(path), reason(error), remedy, code=code)
