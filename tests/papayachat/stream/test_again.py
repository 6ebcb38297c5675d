"""The program once more: also where a package has put its modules into a directory of their own."""

import subprocess
import sys
from pathlib import Path

from lab.kit import CHECKOUT
from papayachat.stream import again

ASK = "from papayachat.stream import again; print(*again.command('papayachat.main'), sep='\\0')"


def test_another_process_has_the_same_modules(tmp_path: Path) -> None:
    subprocess.run([CHECKOUT / "scripts" / "modules", "papayachat", tmp_path / "own"], check=True)
    (tmp_path / "papayachat").mkdir()
    (tmp_path / "papayachat" / "__init__.py").write_text("raise SystemExit('a stranger')")
    code = f"import sys; sys.path[0] = {str(tmp_path / 'own')!r}; {ASK}"
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    command = [*asked.stdout.rstrip("\n").split("\0"), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith("papayachat ")


def test_the_scan_is_among_the_modules_of_a_package(tmp_path: Path) -> None:
    """Nobody imports it: it is started."""
    subprocess.run([CHECKOUT / "scripts" / "modules", "papayachat", tmp_path], check=True)
    assert (tmp_path / "papayachat" / "disk" / "scan.py").exists()
    assert "" not in again.command("papayachat.disk.scan")
