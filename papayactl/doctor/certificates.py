"""The certificate: the one that clients get, the one in the file, and the names in them.

A handshake shows which one clients get. The file matters for the next reload.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

from papayactl.cli import moments
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.look import acceptor
from papayactl.look.acceptor import Status
from papayactl.look.served import served
from papayactl.state import certificate
from papayactl.state.certificate import Certificate
from papayad.errors import Fault
from papayad.settings import Settings

_DAY = 86400.0
_EXPIRY_WARNED_BEFORE = 30 * _DAY


def examine(settings: Settings, seen: Status) -> Iterator[Finding]:
    listen = settings.listen
    if listen.tls == "off":
        yield Finding(OK, "listen.tls", "off, on loopback only")
        return
    try:
        stored = certificate.read(Path(listen.certificate))
    except Fault as fault:
        yield Finding(FAILURE, fault.what, fault.why, "papayactl init")
        return
    yield from _pair(settings)
    shown = stored
    if seen.state == acceptor.RUNNING and seen.addresses:
        answer = served(settings, seen.addresses)
        if answer is None:
            words = "no certificate was shown within seconds"
            yield Finding(FAILURE, seen.addresses[0], words, "papayactl acceptor restart")
        elif answer.pin != stored.pin:
            words = "is not the one that is served"
            yield Finding(WARNING, listen.certificate, words, "papayactl acceptor reload")
        shown = answer or stored
    yield _until(settings, shown)
    yield from _names(settings, shown)


def _pair(settings: Settings) -> Iterator[Finding]:
    listen = settings.listen
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(listen.certificate, listen.private_key)
    except ssl.SSLError as error:
        words = f"is not the key of {listen.certificate} ({error.reason})"
        yield Finding(FAILURE, listen.private_key, words, "put the right one there")


def _until(settings: Settings, shown: Certificate) -> Finding:
    what = settings.listen.certificate
    left = shown.expires - time.time()
    when = moments.rfc3339(shown.expires)
    own = "papayactl certificate renew"
    renew = own if shown.self_signed else "have it renewed, then papayactl certificate import"
    if left < 0:
        return Finding(FAILURE, what, f"expired at {when}", renew)
    if left < _EXPIRY_WARNED_BEFORE:
        return Finding(WARNING, what, f"expires in {moments.age(left)}", renew)
    return Finding(OK, what, f"until {when}")


def _names(settings: Settings, shown: Certificate) -> Iterator[Finding]:
    """The name that invites have: whether the certificate has it, and whether it resolves."""
    host = settings.listen.host
    if not host:
        return
    if not shown.self_signed and not any(_covers(name, host) for name in shown.names):
        words = f"is for {' '.join(shown.names) or 'nobody'}, and invites say {host}"
        yield Finding(FAILURE, settings.listen.certificate, words, "get one for this name")
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        words = f"invites say it, and it has no address: {error.strerror}"
        yield Finding(WARNING, f"host {host}", words, "see listen.host, and your DNS")


def _covers(name: str, host: str) -> bool:
    """Whether a certificate's name fits a host; "*" stands for its first label (RFC 9525)."""
    if name.startswith("*."):
        return host.partition(".")[2].lower() == name[2:].lower()
    return name.lower() == host.lower()
