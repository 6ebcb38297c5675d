"""SIGHUP: the acceptor reads configuration and certificate again; a broken file changes nothing.

A running acceptor cannot change its user, directories and logging. If they differ, it logs that it
has to be restarted, which disconnects nobody either.
"""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from papayad import config
from papayad.acceptor.pending import Terms
from papayad.errors import Fault
from papayad.net import activation, listeners, private_key, tls
from papayad.net.private_key import Place
from papayad.settings import Listen, Settings
from papayad.system.journal import Journal


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A state as a whole: a new one is used only if all of it is good."""

    settings: Settings
    listening: dict[str, socket.socket]
    terms: Terms
    fault: str = ""  # why this is still the old state


def terms_of(listen: Listen) -> Terms:
    """How connections may begin. It reads certificate and key. Raises Fault."""
    plain, compat = listen.tls != "required", listen.papayachat_compat
    if listen.tls == "off":
        return Terms(None, plain, compat)
    context, pins = tls.load_context(listen), tls.pins(listen)
    return Terms(context, plain, compat, pins, _key_of(listen, context))


def _key_of(listen: Listen, context: ssl.SSLContext) -> tuple[Place, ...]:
    """Where the key is once it was used; nowhere, when this cannot be seen here."""
    with suppress(OSError):  # an SSLError is one
        tls.shake_hands(context)
    try:
        return private_key.find(Path(listen.certificate), Path(listen.private_key))
    except OSError:
        return ()


def reload(old: Reloaded, journal: Journal) -> Reloaded:
    """The new state; or the old one, if it has to stay, and then the log says why.

    The caller closes the sockets of the old state that are not in the new one.
    """
    listening = old.listening
    try:
        new = config.load(old.settings.path, old.settings.room)
        terms = terms_of(new.listen)
        terms = replace(terms, key=private_key.also(terms.key, old.terms.key))
        wanted = list(listening) if activation.are_inherited(listening) else new.listen.addresses
        listening, fault = listeners.exchange(listening, wanted, journal.warning)
        if fault:
            raise fault
    except Fault as fault:
        journal.error(f"{fault}; everything stays as it was")
        return replace(old, listening=listening, fault=str(fault))
    if new.service != old.settings.service:
        journal.warning("[service] takes effect at the next start: papayactl acceptor restart")
    journal.info(f"re-read {new.path}")
    return Reloaded(replace(new, service=old.settings.service), listening, terms)
