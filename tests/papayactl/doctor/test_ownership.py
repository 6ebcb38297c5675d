"""Whose the files are: others, root, and a service that may not read, each with what mends it."""

import os

import pytest

from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT
from tests.papayactl.doctor.examined import findings, only


def test_who_may_read_what(healthy: StagedRoom) -> None:
    healthy.settings.state_dir.chmod(0o755)
    assert only(healthy, "warning")["remedy"].startswith("chmod 0700 ")
    healthy.settings.state_dir.chmod(0o700)
    healthy.settings.tokens.chmod(0o644)
    assert only(healthy, "failure")["remedy"].startswith("chmod o-rwx ")
    healthy.settings.tokens.unlink()
    assert "papayactl init" in {one["remedy"] for one in findings(healthy)}


@pytest.mark.skipif(not ROOT, reason="only root makes files of somebody else")
def test_what_became_roots(healthy: StagedRoom) -> None:
    (healthy.settings.state_dir / "shutdown").touch()
    assert only(healthy, "failure")["remedy"].startswith("chown -RhP --reference=")
    (healthy.settings.state_dir / "shutdown").unlink()
    os.chown(healthy.settings.tokens, 0, 0)
    assert only(healthy, "failure")["remedy"].startswith("chgrp nogroup ")
