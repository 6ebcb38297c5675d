"""The certificate that a room serves, by a handshake: what a client is shown, whatever a file says.

Nothing is verified and nothing is said: it is looked at. To the acceptor it is somebody who left
after the handshake; connections from this machine's loopback are never penalized for that.
"""

import socket
import ssl

from papayactl.state import certificate
from papayactl.state.certificate import Certificate
from papayad.formats.address import parse_address
from papayad.settings import Settings

_ANSWERS_WITHIN = 3.0  # seconds
_ANYBODY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def served(settings: Settings, addresses: list[str]) -> Certificate | None:
    """What the first of these addresses shows; None with TLS off, or where none answers."""
    if settings.listen.tls == "off" or not addresses:
        return None
    host, port = parse_address(addresses[0])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((_ANYBODY.get(host, host), port), _ANSWERS_WITHIN) as plain,
            context.wrap_socket(plain) as connection,
        ):
            return certificate.of_der(connection.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):
        return None
