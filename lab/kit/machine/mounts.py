"""Small filesystems for a single test, where the machine lets it mount."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def can_mount() -> bool:
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as directory:
        if subprocess.run(["mount", "-t", "tmpfs", "none", directory], check=False).returncode:
            return False
        subprocess.run(["umount", directory], check=True)
        return True


needs_mount = pytest.mark.skipif(not can_mount(), reason="needs the right to mount")


@contextmanager
def tmpfs(path: Path, size: str) -> Iterator[None]:
    """A filesystem of `size` on a directory, with the directory's owner and mode."""
    status = path.stat()
    options = (
        f"size={size},mode={status.st_mode & 0o7777:o},uid={status.st_uid},gid={status.st_gid}"
    )
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", path], check=True)
    try:
        yield
    finally:
        detach(path)


@contextmanager
def bound(path: Path, source: Path) -> Iterator[None]:
    """Make the directory `source` visible at `path`."""
    bind(path, source)
    try:
        yield
    finally:
        detach(path)


def bind(path: Path, source: Path) -> None:
    subprocess.run(["mount", "--bind", source, path], check=True)


def detach(path: Path) -> None:
    """Unmount it as often as it is mounted, even when files there are open."""
    while f" {path} " in Path("/proc/self/mountinfo").read_text():
        subprocess.run(["umount", "--lazy", path], check=True)


def fill(directory: Path) -> Path:
    """Make a file that takes all the space that is left."""
    path = directory / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (65536, 1):
            try:
                while file.write(b"\0" * size) == size:
                    pass
            except OSError:
                continue
    return path
