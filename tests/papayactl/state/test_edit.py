"""Changing a file that is a link: its target is changed, unless others may change the link."""

import os
import shutil
from pathlib import Path

import pytest

from lab.kit.admin.ctl import ctl
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT
from papayactl.state import edit
from papayad.errors import Fault
from papayad.state import tokens
from tests.conftest import MakeRoom


def test_a_linked_token_file_stays_a_link(room: StagedRoom) -> None:
    path = room.settings.tokens
    real = path.with_name("shared") / "tokens"
    real.parent.mkdir()
    path.rename(real)
    path.symlink_to("shared/tokens")
    if ROOT:
        for one in (path.parent, real.parent):
            os.chown(one, 0, 0)
        os.chown(path, 0, 0, follow_symlinks=False)
    before = real.stat()
    assert room.ctl("token", "add", "alice").exit_code == 0
    assert room.ctl("ban", "mallory").exit_code == 0
    assert path.is_symlink()
    assert [one.user for one in tokens.read_tokens(real).values()] == ["alice"]
    after = real.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert room.ctl("token", "revoke", "alice").exit_code == 0
    assert path.is_symlink()


def test_a_linked_certificate_stays_a_link(make_room: MakeRoom) -> None:
    """As certbot leaves them."""
    room = make_room("required", start=False)
    for name in ("cert.pem", "key.pem"):
        path = room.directory / name
        path.rename(room.directory / f"archived-{name}")
        path.symlink_to(f"archived-{name}")
    if ROOT:
        os.chown(room.directory, 0, 0)
        os.chown(room.directory / "cert.pem", 0, 0, follow_symlinks=False)
    before = (room.directory / "archived-cert.pem").read_bytes()
    assert ctl(room, "certificate", "renew").exit_code == 0
    assert (room.directory / "cert.pem").is_symlink()
    assert (room.directory / "archived-cert.pem").read_bytes() != before


@pytest.mark.skipif(not ROOT, reason="an ordinary user writes where he may")
@pytest.mark.parametrize("whose", ["directory", "link"])
def test_a_link_that_others_may_change_is_refused(room: StagedRoom, whose: str) -> None:
    path = room.settings.tokens
    target = path.with_name("cron")
    target.write_text("precious\n")
    path.unlink()
    path.symlink_to(target)
    os.chown(path.parent, 0, 0)
    os.chown(path, 0, 0, follow_symlinks=False)
    if whose == "directory":
        shutil.chown(path.parent, "nobody")
    else:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    result = room.ctl("token", "add", "alice")
    assert result.exit_code in (77, 78), result.output
    assert target.read_text() == "precious\n"
    with pytest.raises(Fault):
        edit.real(path)


def test_links_in_a_circle_are_a_mistake(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Fault):
        edit.real(tmp_path / "a")
