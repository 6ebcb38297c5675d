"""Dialling: from a profile to a socket that certainly leads to its server.

Nothing is sent before the certificate has been checked, since the first line of the protocol has
the token.
"""

import socket
import ssl
from typing import Any

from papayachat.disk.profile import Profile
from papayad.errors import CONFIGURATION, UNAVAILABLE, Fault, reason
from papayad.formats import pin

SECONDS_PER_ADDRESS = 10.0  # for the connection, and as many again for the handshake

# A peer that is gone is noticed after a minute. The kernel counts; this process sleeps.
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPALIVE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}

_NO_TLS_1_3 = "it does not speak TLS 1.3"
_WHY = {  # in words for a person; OpenSSL's other words are for programmers
    "WRONG_VERSION_NUMBER": _NO_TLS_1_3,
    "UNSUPPORTED_PROTOCOL": _NO_TLS_1_3,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_TLS_1_3,
    "RECORD_LAYER_FAILURE": _NO_TLS_1_3,
}


class Cut(Fault):
    """The server was reached, and the connection ended (69). The host is there: this may have been
    a restart, or an eviction by a crowd of strangers."""


class UnknownHost(Fault):
    """The name has no address (69), at present or at all."""


class Distrusted(Fault):
    """The server has a wrong certificate (78). The admin may mend that, so a client that waits may
    try again after a while; nothing was sent."""


def dial(profile: Profile, seconds: float = SECONDS_PER_ADDRESS) -> socket.socket:
    """A blocking socket with a timeout of `seconds`; every address of the host is tried.

    A Fault: 69 where nobody can be reached (it may be tried again; a Cut if it was reached and
    hung up), 78 for a wrong certificate.
    """
    fault = Fault(profile.address, "no address", code=UNAVAILABLE)
    for family, address in _addresses(profile):
        try:
            raw = _connect(family, address, seconds)
        except OSError as error:
            fault = _worse(fault, Fault(profile.address, words(error), code=UNAVAILABLE))
            continue
        try:
            return _secure(raw, profile)
        except ssl.SSLCertVerificationError as error:
            raise _not_trusted(profile, error) from error
        except OSError as error:
            fault = _worse(fault, _no_handshake(profile, error))
    raise fault


def words(error: OSError) -> str:
    """Why a connection failed, for a person."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return _WHY.get(error.reason or "", "the TLS connection broke")
    return reason(error)


def _no_handshake(profile: Profile, error: OSError) -> Fault:
    why = words(error)
    if why == _NO_TLS_1_3:
        return Fault(profile.address, why, code=UNAVAILABLE)
    return Cut(profile.address, f"{why} during the handshake", code=UNAVAILABLE)


def _worse(one: Fault, other: Fault) -> Fault:
    """The more useful of the faults of two addresses: that of a host that was reached."""
    return one if isinstance(one, Cut) and not isinstance(other, Cut) else other


def _addresses(profile: Profile) -> list[tuple[int, Any]]:
    try:
        found = socket.getaddrinfo(
            profile.invite.host, profile.invite.port, type=socket.SOCK_STREAM
        )
    except OSError as error:
        why = f"no address for {profile.invite.host} ({reason(error)})"
        raise UnknownHost(profile.address, why, code=UNAVAILABLE) from error
    except UnicodeError:
        raise Fault(profile.address, "no host name", code=CONFIGURATION) from None
    return [(family, address) for family, _, _, _, address in found]


def _connect(family: int, address: Any, seconds: float) -> socket.socket:
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        raw.settimeout(seconds)
        raw.connect(address)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE.items():
            if hasattr(socket, option):
                raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    except BaseException:
        raw.close()
        raise
    return raw


def _secure(raw: socket.socket, profile: Profile) -> socket.socket:
    if profile.plain:
        return raw
    try:
        wrapped = _context(bool(profile.invite.pins)).wrap_socket(
            raw, server_hostname=profile.invite.host
        )
    except BaseException:
        raw.close()
        raise
    try:
        _check_pin(wrapped, profile)
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def _context(pinned: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if pinned:  # then the key is compared; signer and name do not matter
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _check_pin(wrapped: ssl.SSLSocket, profile: Profile) -> None:
    pins = profile.invite.pins
    if pins and not pin.matches(pins, wrapped.getpeercert(binary_form=True) or b""):
        why = "its certificate has another key than you know it by"
        remedy = "if the admin changed it, ask for a new invite and join again; if not, stay out"
        raise Distrusted(profile.address, why, remedy, code=CONFIGURATION)


def _not_trusted(profile: Profile, error: ssl.SSLCertVerificationError) -> Fault:
    why = f"its certificate is not trusted ({error.verify_message.rstrip('.')})"
    remedy = "ask the admin for an invite with a pin (#spki:...)"
    return Distrusted(profile.address, why, remedy, code=CONFIGURATION)
