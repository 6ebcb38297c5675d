"""The RPM packages: built from the spec, installed into a root, and run from there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import papayad
from lab.kit import CHECKOUT

MACROS = {  # what systemd-rpm-macros defines; Debian's rpm has none
    "_unitdir": "/usr/lib/systemd/system",
    "_sysusersdir": "/usr/lib/sysusers.d",
    "_tmpfilesdir": "/usr/lib/tmpfiles.d",
    "sysusers_create_compat()": "%{nil}",
    "systemd_post()": "%{nil}",
    "systemd_preun()": "%{nil}",
    "systemd_postun_with_restart()": "%{nil}",
    "systemd_requires": "%{nil}",
}


def run(*words: str | Path, **environment: str) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env=os.environ | environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    if not shutil.which("rpmbuild"):
        run("apt-get", "-qq", "update")
        run("apt-get", "-qq", "-y", "install", "--no-install-recommends", "rpm")
    top = tmp_path_factory.mktemp("rpm")
    name = f"papaya-chat-{papayad.__version__}"
    sources = top / name
    sources.mkdir()
    for each in ("papayad", "papayactl", "papayachat", "scripts", "contrib", "man", "docs"):
        shutil.copytree(
            CHECKOUT / each, sources / each, ignore=shutil.ignore_patterns("__pycache__")
        )
    for each in ("LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"):
        shutil.copy(CHECKOUT / each, sources)
    run("tar", "-C", top, "-czf", top / f"{name}.tar.gz", name)
    known = {"_topdir": str(top / "build"), "_sourcedir": str(top), **MACROS}
    defined = [word for key, value in known.items() for word in ("--define", f"{key} {value}")]
    run("rpmbuild", "-bb", "--nodeps", *defined, sources / "contrib/rpm/papaya-chat.spec")
    return sorted((top / "build").rglob("*.rpm"))


def test_they_install_and_run(packages: list[Path], tmp_path: Path) -> None:
    assert [path.name.split("-")[0] for path in packages] == ["papayachat", "papayad"]
    run("rpm", "--root", tmp_path, "--initdb")
    # What they depend on is Debian's here, and not known to rpm.
    run("rpm", "--root", tmp_path, "-i", "--nodeps", "--noscripts", *packages)
    for program in ("papayad", "papayactl", "papayachat"):
        path = tmp_path / "usr/bin" / program
        share = "papayachat" if program == "papayachat" else "papayad"
        text = path.read_text().replace(f'"/usr/share/{share}"', f'"{tmp_path}/usr/share/{share}"')
        path.write_text(text.replace("#!/usr/bin/python3", f"#!{sys.executable}"))
        assert papayad.__version__ in run(path, "--version")
    run("rpm", "--root", tmp_path, "-e", "--nodeps", "--noscripts", "papayad", "papayachat")
    assert not [p for p in (tmp_path / "usr").rglob("*") if p.is_file()]
