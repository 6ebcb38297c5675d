"""SIGHUP: the acceptor re-reads configuration and certificate; a broken file keeps the old state.

What a running acceptor cannot change (its user, directories and logging) needs a restart, which
disconnects nobody either, and is said so.
"""

import socket
from dataclasses import dataclass, replace

from papayad import config
from papayad.acceptor.pending import Terms
from papayad.errors import Fault
from papayad.net import activation, listeners, tls
from papayad.settings import Listen, Settings
from papayad.system.journal import Journal


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A state, whole: nothing of a new one is used unless all of it could be had."""

    settings: Settings
    listening: dict[str, socket.socket]
    terms: Terms
    fault: str = ""  # why this is the old state


def terms_of(listen: Listen) -> Terms:
    """How connections may begin; reads certificate and key. Raises Fault."""
    context = None if listen.tls == "off" else tls.load_context(listen)
    return Terms(context, listen.tls != "required", listen.papayachat_compat)


def reload(old: Reloaded, journal: Journal) -> Reloaded:
    """The new state; with the reason in the journal the old one, when that has to stay.

    Sockets of the old one that are not in the new one are the caller's to close.
    """
    listening = old.listening
    try:
        new = config.load(old.settings.path, old.settings.room)
        terms = terms_of(new.listen)
        wanted = list(listening) if activation.are_inherited(listening) else new.listen.addresses
        listening, fault = listeners.exchange(listening, wanted)
        if fault:
            raise fault
    except Fault as fault:
        journal.error(f"{fault}; everything stays as it was")
        return replace(old, listening=listening, fault=str(fault))
    if new.service != old.settings.service:
        journal.warning("[service] takes effect at the next start: papayactl acceptor restart")
    journal.info(f"re-read {new.path}")
    return Reloaded(replace(new, service=old.settings.service), listening, terms)
