"""Invites: which host and which pin a person's client needs to find this room (design section 3).

listen.host says what the room is called. Where it is empty the certificate is asked, since a
wildcard address is no host. The certificate of an authority is renewed every few weeks: it is
checked by its name, and only one of our own is pinned.
"""

import ipaddress
import socket
from pathlib import Path

from papayactl.state import certificate
from papayactl.state.certificate import Certificate
from papayad.formats.address import is_loopback, parse_address
from papayad.formats.invite import Invite
from papayad.settings import Settings


def make(
    settings: Settings, user: str, token: str, host: str | None = None, pinned: bool | None = None
) -> Invite:
    """The invite for a token; `host` and `pinned` overrule what the configuration suggests."""
    seen = None
    if settings.listen.tls != "off":
        seen = certificate.read(Path(settings.listen.certificate))
    is_pinned = seen is not None and (seen.self_signed if pinned is None else pinned)
    pin = seen.pin if seen and is_pinned else ""
    address = _address(settings)
    port = parse_address(address)[1]
    host = host or settings.listen.host or _host(address, seen)
    return Invite(user, token, host, port, settings.room, pin)


def public_name() -> str:
    """What others probably reach this machine by: its full name, else its address, else a name."""
    name = socket.gethostname()
    return name if "." in name else _outward_address() or name


def _address(settings: Settings) -> str:
    """The address that an invite leads to: the first that others can reach."""
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
