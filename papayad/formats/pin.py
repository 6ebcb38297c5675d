"""Pins: by which a client recognises a server's certificate (design section 3; a leaf).

    spki:HEX      SHA-256 of the public key (SubjectPublicKeyInfo, DER), as RFC 7469 pins it: a
                  renewed certificate with the same key is the same server
    sha256:HEX    SHA-256 of the certificate (DER): the pin of early invites

The key is found in the certificate by its position (RFC 5280, 4.1). Nothing else is read, and
nothing is verified: the TLS handshake has proved already that the server holds the key.
"""

import hashlib
import re

PIN = re.compile(r"(?:spki|sha256):[0-9a-f]{64}\Z")

_SEQUENCE, _VERSION = 0x30, 0xA0  # tags of ASN.1 (X.690)
_BEFORE_THE_KEY = 5  # serial number, signature, issuer, validity, subject


def of_certificate(der: bytes) -> str:
    """The pin of a certificate's public key. Raises ValueError."""
    return f"spki:{hashlib.sha256(public_key(der)).hexdigest()}"


def matches(pins: tuple[str, ...], der: bytes) -> bool:
    """Whether one of the pins is that of this certificate; False if it is no certificate."""
    try:
        known = of_certificate(der)
    except ValueError:
        return False
    return known in pins or f"sha256:{hashlib.sha256(der).hexdigest()}" in pins


def public_key(der: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, both in DER. Raises ValueError."""
    start, end = _inside(der, 0, len(der), _SEQUENCE)  # Certificate
    place, end = _inside(der, start, end, _SEQUENCE)  # TBSCertificate
    if der[place : place + 1] == bytes([_VERSION]):
        place = _inside(der, place, end, _VERSION)[1]
    for _ in range(_BEFORE_THE_KEY):
        place = _inside(der, place, end)[1]
    return der[place : _inside(der, place, end, _SEQUENCE)[1]]


def _inside(der: bytes, place: int, limit: int, tag: int | None = None) -> tuple[int, int]:
    """The offsets at which the content of the value at `place` begins and ends."""
    if limit - place < 2 or tag not in (None, der[place]):
        raise ValueError("no certificate")
    length, start = der[place + 1], place + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[start : start + count], "big"), start + count
        if not 0 < count <= 4:
            raise ValueError("no certificate")
    if start + length > limit:
        raise ValueError("no certificate")
    return start, start + length
