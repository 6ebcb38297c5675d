"""`make install` into a directory, a room run from there, and `make uninstall`."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit import CHECKOUT


def make(target: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    words = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        ["make", "--no-print-directory", target, *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("prefix")
    directory.chmod(0o755)
    make("install", PREFIX=str(directory))
    yield directory


def test_the_programs_run_in_their_own_environment(prefix: Path) -> None:
    for program in ("papayad", "papayactl", "papayachat"):
        done = subprocess.run(
            [prefix / "bin" / program, "--version"],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        assert done.stdout.startswith(program), done.stderr


def test_the_units_name_where_the_programs_are(prefix: Path) -> None:
    unit = (prefix / "lib/systemd/system/papayad.service").read_text(encoding="utf-8")
    assert f"ExecStart={prefix}/bin/papayad " in unit
    assert "/usr/bin" not in unit


def test_uninstall_leaves_nothing(prefix: Path) -> None:
    make("uninstall", PREFIX=str(prefix))
    assert [path for path in prefix.rglob("*") if not path.is_dir()] == []


def test_a_purge_is_below_destdir(tmp_path: Path) -> None:
    """Without the programs: what is placed, what stays, and what only a purge takes."""
    script = "etc/rc.d/papayad"
    (tmp_path / "etc/papaya").mkdir(parents=True)
    (tmp_path / "usr/local/lib/papaya").mkdir(parents=True)
    (tmp_path / script).parent.mkdir(parents=True)
    (tmp_path / script).touch()
    (tmp_path / "usr/local/lib/papaya/installed").write_text(f"/{script}\n")
    make("uninstall", DESTDIR=str(tmp_path))
    assert not (tmp_path / script).exists()
    assert (tmp_path / "etc/papaya").is_dir()
    (tmp_path / "usr/local/lib/papaya").mkdir(parents=True)
    (tmp_path / "usr/local/lib/papaya/installed").touch()
    make("uninstall", DESTDIR=str(tmp_path), PURGE="1")
    assert not (tmp_path / "etc/papaya").exists()
