"""Changing the certificate while clients stay: renewing, importing, or changing the key.

Clients know the room by the pin of its public key (design section 3). They do not notice a renewal
with the same key. A new key is first kept beside the present one, and its pin is announced to every
client that connects; when it replaces the present one, they know it already.
"""

import os
import socket
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path

from papayactl.state import certificate, edit
from papayactl.state.certificate import Certificate
from papayactl.system import service_user
from papayad.errors import CONFIGURATION, FAILED, NOT_RUNNING, Fault, denied_or, reason
from papayad.settings import Settings
from papayad.state import marks, tokens
from papayad.system.files import write_whole


def stored(settings: Settings) -> Certificate:
    """The certificate in the file; a Fault if TLS is off."""
    if settings.listen.tls == "off":
        why = "TLS is off in this room"
        raise Fault("certificate", why, "see listen.tls", code=CONFIGURATION)
    return certificate.read(Path(settings.listen.certificate))


def following(settings: Settings) -> Certificate | None:
    """The certificate that is announced to be next; None if there is none."""
    path = settings.listen.next_certificate
    return certificate.read(path) if path.exists() else None


def renew(settings: Settings, names: Sequence[str] = ()) -> Certificate:
    """Make a new self-signed certificate with the same key. A Fault if it is an authority's."""
    present = stored(settings)
    if not present.self_signed:
        remedy = "have the authority renew it, then papayactl certificate import"
        raise Fault(settings.listen.certificate, "is an authority's", remedy, code=FAILED)
    key = _read(Path(settings.listen.private_key))
    public, _ = certificate.make(names or _names(settings, present), key)
    _write(Path(settings.listen.certificate), public)
    return stored(settings)


def take_over(settings: Settings, chain: Path, key: Path, force: bool = False) -> Certificate:
    """Replace the present certificate and key by these.

    A Fault (1) if clients pin the present key, and this is a new key that was not announced.
    """
    fresh = _pair(chain, key)
    present = stored(settings)
    known = {present.pin, *(one.pin for one in [following(settings)] if one)}
    if fresh.pin not in known and present.self_signed and not force:
        why = "has another key than the one that clients know this room by"
        remedy = f"announce it first: papayactl certificate roll --certificate {chain} --key {key}"
        raise Fault(str(chain), why, remedy, code=FAILED)
    _replace(settings, _read(chain), _read(key))
    return fresh


def announce(settings: Settings, chain: Path | None = None, key: Path | None = None) -> Certificate:
    """Keep a pair beside the present one, as the next: a given one, or a new self-signed one."""
    present = stored(settings)
    if chain and key:
        fresh = _pair(chain, key)
        public, private = _read(chain), _read(key)
    else:
        public, private = certificate.make(_names(settings, present))
        fresh = certificate.of_pem(public)
    _write(settings.listen.next_private_key, private, Path(settings.listen.private_key))
    _write(settings.listen.next_certificate, public, Path(settings.listen.certificate))
    return fresh


def unaware(settings: Settings) -> list[str]:
    """Users whose tokens were not used since the announcement: they know only the old key."""
    path = settings.listen.next_certificate
    if not path.exists():
        return []
    since = path.stat().st_mtime
    known = tokens.read_tokens(settings.tokens).values()
    ids = [token.id for token in known]
    seen = service_user.run(settings, lambda: {id: _seen(settings, id) for id in ids})
    return sorted({token.user for token in known if (seen[token.id] or 0.0) < since})


def finish(settings: Settings) -> Certificate:
    """Replace the present pair by the announced one. A Fault (3) if none is announced."""
    if following(settings) is None:
        remedy = "papayactl certificate roll announces one"
        raise Fault("certificate roll", "no key is announced", remedy, code=NOT_RUNNING)
    listen = settings.listen
    _replace(settings, _read(listen.next_certificate), _read(listen.next_private_key))
    drop(settings)
    return stored(settings)


def drop(settings: Settings) -> None:
    """Take the announcement back."""
    for path in (settings.listen.next_certificate, settings.listen.next_private_key):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _denied(path, error) from error


def _names(settings: Settings, present: Certificate) -> Sequence[str]:
    return present.names or (settings.listen.host or socket.gethostname(),)


def _seen(settings: Settings, id: str) -> float | None:
    try:
        return os.stat(marks.seen(settings.state_dir) / id, follow_symlinks=False).st_mtime
    except OSError:
        return None


def _replace(settings: Settings, public: bytes, private: bytes) -> None:
    """Replace the key first: if it breaks off after that, the same command does the rest."""
    _write(Path(settings.listen.private_key), private)
    _write(Path(settings.listen.certificate), public)


def _pair(chain: Path, key: Path) -> Certificate:
    """Read a certificate and its key, which have to match. Raises a Fault (77, 78)."""
    fresh = certificate.read(chain)
    _read(key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key, password=_no_password)
    except ssl.SSLError as error:
        why = f"is not the key of {chain} ({error.reason})"
        raise Fault(str(key), why, "name the pair", code=CONFIGURATION) from error
    return fresh


def _no_password() -> str:
    raise Fault("--key", "is encrypted", "store it without a passphrase", code=CONFIGURATION)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        code = denied_or(error, CONFIGURATION)
        raise Fault(str(path), reason(error), "run it as root", code=code) from error


def _write(path: Path, content: bytes, like: Path | None = None) -> None:
    """Replace a file as a whole; a new file gets mode and owner of the present one.

    A link stays one, unless somebody else may change it: a Fault (77).
    """
    path = edit.real(path)
    try:
        if like is None or path.exists():
            write_whole(path, content)
            return
        seen = like.stat()
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".papaya-") as directory:
            new = Path(directory, path.name)
            write_whole(new, content, seen.st_mode & 0o777)
            if os.geteuid() == 0:
                os.chown(new, seen.st_uid, seen.st_gid)
            new.replace(path)
    except OSError as error:
        raise _denied(path, error) from error


def _denied(path: Path, error: OSError) -> Fault:
    return Fault(str(path), reason(error), "run it as root", code=denied_or(error, FAILED))
