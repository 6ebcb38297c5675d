"""The room's certificate: made once by init, read for its names and its pin (design section 3).

cryptography is imported only where a certificate is made or parsed; the pin needs only the standard
library.
"""

import hashlib
import ipaddress
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from papayad.errors import CONFIGURATION, Fault, denied_or, reason

if TYPE_CHECKING:
    from cryptography import x509

YEARS = 10

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The first certificate of a file. `names` are its host names and addresses in their order."""

    pin: str  # SHA-256 of the DER, hexadecimal
    names: tuple[str, ...]
    self_signed: bool
    expires: float  # seconds since the epoch


def read(path: Path) -> Certificate:
    """Read a certificate. A Fault (77, 78) if the file cannot be read or has none."""
    try:
        match = _PEM.search(path.read_text())
        return of_der(ssl.PEM_cert_to_DER_cert(match[0].strip() + "\n") if match else b"")
    except OSError as error:
        remedy = "see listen.certificate"
        code = denied_or(error, CONFIGURATION)
        raise Fault(str(path), reason(error), remedy, code=code) from error
    except ValueError as error:
        why = "holds no certificate in PEM"
        raise Fault(str(path), why, "see listen.certificate", code=CONFIGURATION) from error


def of_der(der: bytes) -> Certificate:
    """Raises ValueError."""
    from cryptography import x509

    parsed = x509.load_der_x509_certificate(der)
    pin = hashlib.sha256(der).hexdigest()
    expires = _moment(parsed)
    return Certificate(pin, _names(parsed), parsed.issuer == parsed.subject, expires)


def make(names: Sequence[str]) -> tuple[bytes, bytes]:
    """Make a self-signed certificate for the names, and its key: EC P-256, both in PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
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
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _general_name(name: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names(parsed: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        extension = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    kinds = (x509.DNSName, x509.IPAddress)
    return tuple(str(name.value) for name in extension.value if isinstance(name, kinds))


def _moment(parsed: "x509.Certificate") -> float:
    """When it expires; not_valid_after_utc exists since cryptography 42."""
    if hasattr(parsed, "not_valid_after_utc"):
        return parsed.not_valid_after_utc.timestamp()
    return parsed.not_valid_after.replace(tzinfo=UTC).timestamp()
