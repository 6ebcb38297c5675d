"""Pins: the public key in a certificate, found by its place; the library is the oracle."""

import hashlib
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as some

from papayactl.state import certificate
from papayad.formats import pin


def made(*names: str) -> bytes:
    text, _ = certificate.make(names or ("chat.example.org",))
    return ssl.PEM_cert_to_DER_cert(text.decode())


def by_the_library(der: bytes) -> bytes:
    return (
        x509.load_der_x509_certificate(der)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


@pytest.mark.parametrize("names", [(), ("a" * 200 + ".example.org", "203.0.113.7", "::1")])
def test_the_key_is_the_one_that_the_library_finds(names: tuple[str, ...]) -> None:
    der = made(*names)
    assert pin.public_key(der) == by_the_library(der)
    known = f"spki:{hashlib.sha256(by_the_library(der)).hexdigest()}"
    assert pin.of_certificate(der) == known
    assert pin.PIN.match(known)
    assert pin.matches((f"spki:{'0' * 64}", known), der)
    assert pin.matches((f"sha256:{hashlib.sha256(der).hexdigest()}",), der)


def test_another_certificate_does_not_match() -> None:
    one, other = made(), made()
    assert not pin.matches((pin.of_certificate(one),), other)
    assert not pin.matches((), one)


DER = made()


@given(some.integers(0, len(DER)), some.binary(max_size=8))
def test_a_broken_one_is_none(place: int, put: bytes) -> None:
    broken = DER[:place] + put
    try:
        key = pin.public_key(broken)
    except ValueError:
        assert not pin.matches((f"spki:{'0' * 64}",), broken)
    else:
        assert key in broken


@given(some.binary(max_size=200))
def test_garbage_is_none(data: bytes) -> None:
    try:
        assert pin.public_key(data) in data
    except ValueError:
        assert not pin.matches((pin.of_certificate(DER),), data)
