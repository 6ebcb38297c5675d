"""SIGHUP: the acceptor re-reads configuration and certificate; a broken file keeps the old state.

What a running acceptor cannot change (its user, directories and logging) needs a restart, which
disconnects nobody either, and is said so.
"""

import socket
from dataclasses import dataclass, replace

from papayad import activation, config, listeners, tls
from papayad.cluster import Shared
from papayad.config import Config, Listen
from papayad.errors import Fault
from papayad.journal import Journal
from papayad.pending import Terms


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A new state, whole: nothing of it is used unless all of it could be had."""

    config: Config
    listening: dict[str, socket.socket]
    terms: Terms

    def shared(self, old: Shared) -> Shared:
        return replace(old, config=self.config)


def terms_of(listen: Listen) -> Terms:
    """How connections may begin; reads certificate and key. Raises Fault."""
    context = None if listen.tls == "off" else tls.load_context(listen)
    return Terms(context, listen.tls != "required", listen.papayachat_compat)


def reload(old: Config, listening: dict[str, socket.socket], journal: Journal) -> Reloaded | None:
    """The new state, or None, with the reason in the journal, when the old one has to stay."""
    inherited = activation.are_inherited(listening)
    try:
        new = config.load(old.path, old.room)
        terms = terms_of(new.listen)
        wanted = list(listening) if inherited else new.listen.addresses
        opened = listeners.open_all([one for one in wanted if one not in listening])
    except Fault as fault:
        journal.error(f"{fault}; everything stays as it was")
        return None
    if new.service != old.service:
        journal.warning("[service] takes effect at the next start: papayactl acceptor restart")
    journal.info(f"re-read {old.path}")
    kept = {one: listening[one] for one in wanted if one in listening}
    return Reloaded(replace(new, service=old.service), kept | opened, terms)
