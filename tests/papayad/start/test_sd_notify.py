"""What a service manager is told."""

import socket
from pathlib import Path

import pytest

from papayad.start import sd_notify


@pytest.mark.parametrize("abstract", [False, True])
def test_a_status_is_one_datagram(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        try:
            manager.bind(f"\0{path}" if abstract else path)
        except OSError:
            pytest.skip("no abstract names here")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{path}" if abstract else path)
        sd_notify.status("main.toml: listen.tls:\nno")
        manager.settimeout(5)
        assert manager.recv(1000) == b"STATUS=main.toml: listen.tls: no"


def test_nobody_who_listens_is_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sd_notify.status("nobody asked")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))
    sd_notify.status("nobody there")
