"""The room's certificate: made once by init, read for its names and its pin (design section 3).

cryptography is imported with this module, by the few commands that need it: the service's user may
not be able to read it later.
"""

import ipaddress
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from papayad.errors import CONFIGURATION, Fault, denied_or, reason
from papayad.formats import pin

YEARS = 10

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The first certificate of a file. `names` are its host names and addresses in their order."""

    pin: str  # of its public key, as papayad/formats/pin.py has it
    names: tuple[str, ...]
    self_signed: bool
    expires: float  # seconds since the epoch


def read(path: Path) -> Certificate:
    """Read a certificate. A Fault (77, 78) if the file cannot be read or has none."""
    try:
        return of_pem(path.read_bytes())
    except OSError as error:
        remedy = "see listen.certificate"
        code = denied_or(error, CONFIGURATION)
        raise Fault(str(path), reason(error), remedy, code=code) from error
    except ValueError as error:
        why = "holds no certificate in PEM"
        raise Fault(str(path), why, "see listen.certificate", code=CONFIGURATION) from error


def of_der(der: bytes) -> Certificate:
    """Raises ValueError."""
    parsed = x509.load_der_x509_certificate(der)
    expires = _moment(parsed)
    return Certificate(
        pin.of_certificate(der), _names(parsed), parsed.issuer == parsed.subject, expires
    )


def of_pem(text: bytes) -> Certificate:
    """The first certificate in a text. Raises ValueError."""
    match = _PEM.search(text.decode())
    return of_der(ssl.PEM_cert_to_DER_cert(match[0].strip() + "\n") if match else b"")


def make(names: Sequence[str], private: bytes = b"") -> tuple[bytes, bytes]:
    """A self-signed certificate for the names, and its key, both in PEM.

    The key is a new one, EC P-256, unless one is given. Raises a Fault (78) for what is no key.
    """
    key = _key(private) if private else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a client's clock may be behind
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.SubjectAlternativeName(list(map(_general_name, names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = private or key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _key(private: bytes) -> Any:
    try:
        return serialization.load_pem_private_key(private, None)
    except (ValueError, TypeError) as error:
        why = "holds no private key without a passphrase"
        raise Fault("the private key", why, "see listen.private_key", code=CONFIGURATION) from error


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    kinds = (x509.DNSName, x509.IPAddress)
    return tuple(str(name.value) for name in extension.value if isinstance(name, kinds))


def _moment(parsed: x509.Certificate) -> float:
    """When it expires; not_valid_after_utc exists since cryptography 42."""
    if hasattr(parsed, "not_valid_after_utc"):
        return parsed.not_valid_after_utc.timestamp()
    return parsed.not_valid_after.replace(tzinfo=UTC).timestamp()
