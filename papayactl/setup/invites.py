"""Invites: which host and which pin a person's client needs to find this room (design section 3).

listen.host is the name that clients connect to. If it is empty, the name comes from the
certificate, since a wildcard address is not a host. A certificate of an authority is renewed every
few weeks, so it is checked by its name; only a self-signed one is pinned.
"""

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path

from papayactl.state import certificate
from papayactl.state.certificate import Certificate
from papayad.formats.address import is_loopback, parse_address
from papayad.formats.invite import Invite
from papayad.settings import Settings


def make(
    settings: Settings, user: str, token: str, host: str | None = None, pinned: bool | None = None
) -> Invite:
    """The invite for a token; `host` and `pinned` override the configuration."""
    seen = None
    if settings.listen.tls != "off":
        seen = certificate.read(Path(settings.listen.certificate))
    is_pinned = seen is not None and (seen.self_signed if pinned is None else pinned)
    pins = (seen.pin, *_following(settings)) if seen and is_pinned else ()
    address = _address(settings)
    port = parse_address(address)[1]
    host = host or settings.listen.host or _host(address, seen)
    return Invite(user, token, host, port, settings.room, pins)


def _following(settings: Settings) -> Iterator[str]:
    """The pin of the key that is announced, so that this invite is good after it took over, too."""
    if settings.listen.next_certificate.exists():
        yield certificate.read(settings.listen.next_certificate).pin


def public_name() -> str:
    """The name by which others probably reach this machine; else its address, else a short name."""
    name = socket.gethostname()
    return name if "." in name else _outward_address() or name


def _address(settings: Settings) -> str:
    """The address for an invite: the first that others can reach."""
    addresses = settings.listen.addresses
    return next((one for one in addresses if not is_loopback(one)), addresses[0])


def _host(address: str, seen: Certificate | None) -> str:
    host = parse_address(address)[0]
    if is_loopback(address):
        return host
    named = [name for name in seen.names if _is_for_others(name)] if seen else []
    if named:
        return named[0]
    return public_name() if ipaddress.ip_address(host).is_unspecified else host


def _is_for_others(name: str) -> bool:
    try:
        return not ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name != "localhost" and "*" not in name


def _outward_address() -> str:
    """The address that the default route uses; connect(2) on UDP sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody has it
        except OSError:
            return ""
        return str(probe.getsockname()[0])
