"""Runs every test in an overlay of a root, with its own process ids and its own network.

It is a chroot and not a container, since the tests themselves mount, confine and make namespaces.
When it ends, by itself or because its time is up, all its processes and mounts are gone.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from lab.kit import CHECKOUT
from lab.kit.machine import roots
from lab.portability.platforms import Platform
from lab.portability.seen import Outcome, read

INSIDE = Path(__file__).with_name("inside.sh")


def run(platform: Platform, tests: list[str], patience: float, output: Path) -> Outcome:
    """Run the tests, with pytest's output to a file; RuntimeError when there is no outcome."""
    root = platform.root()
    output.parent.mkdir(exist_ok=True)
    (roots.cache() / "portability").mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=roots.cache() / "portability"))
    place.chmod(0o755)
    try:
        copy_checkout(place / "papaya")
        enter = ["unshare", "--mount", "--pid", "--net", "--uts", "--fork", "--kill-child"]
        persona = ["setarch", platform.persona] if platform.persona else []
        with output.open("wb") as said:
            subprocess.run(
                [*enter, *persona, "sh", "-eu", INSIDE, root, place, *tests],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=patience,
                check=False,
            )
        report = place / "papaya/build"
        if not (report / "junit.xml").exists():
            raise RuntimeError(output.read_text(errors="replace")[-4000:])
        return read(report)
    finally:
        shutil.rmtree(place)


def copy_checkout(target: Path) -> None:
    """Copy the files that git knows, as they are now, into a repository of their own."""
    known = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(known, cwd=CHECKOUT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, target / name)
    for command in ("init --quiet", "add --all"):
        subprocess.run(["git", *command.split()], cwd=target, check=True)
