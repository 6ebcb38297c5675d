"""What an acceptor says is in force: `run_dir/in-force`, written at its start and at each reload.

The acceptor writes it when it has read its files, so that papayactl acceptor reload sees that it
did, and with which result. It is only what the acceptor says: the kernel knows which sockets are
open, a handshake shows which certificate is served, and the pid file's lock shows that an acceptor
lives. It has a line for each of these, `WORD VALUE`:

    pid 4711
    generation 3            one more at each reload; an acceptor begins with 1
    listening ADDRESS ...   where it listens, or systemd for it
    configuration HEX       SHA-256 of the configuration file that is in force
    fault WHAT: WHY         why the last reload changed nothing; empty if it was good
    sandbox WORD,WORD,...   what confines the clusters of this acceptor
    without HALF: WHY       which half of the sandbox is missing; empty if none is
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from papayad.system.files import read_plain, write_whole

_FILE = "in-force"
_BYTES_AT_MOST = 4096
_OPTIONAL = ("fault", "sandbox", "without")


@dataclass(frozen=True, slots=True)
class InForce:
    pid: int
    generation: int
    listening: tuple[str, ...]
    configuration: str
    fault: str = ""
    sandbox: str = ""
    without: str = ""


def digest(path: Path) -> str:
    """A digest of a configuration file's content; empty when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def write(run_dir: Path, now: InForce) -> None:
    """Replace what the file said before. Raises OSError."""
    words = (
        f"pid {now.pid}\ngeneration {now.generation}\nlistening {' '.join(now.listening)}\n"
        f"configuration {now.configuration}\n"
    )
    for word in _OPTIONAL:
        if value := getattr(now, word):
            words += f"{word} {' '.join(value.split())}\n"
    write_whole(run_dir / _FILE, words.encode()[:_BYTES_AT_MOST], 0o644)


def read(run_dir: Path) -> InForce | None:
    """What the last acceptor wrote; None if there is no such file. Raises OSError."""
    content = read_plain(run_dir / _FILE, _BYTES_AT_MOST)
    if content is None:
        return None
    lines = content.decode("utf-8", "replace").splitlines()
    known = dict(line.partition(" ")[::2] for line in lines)
    try:
        pid, generation = int(known["pid"]), int(known["generation"])
        listening = tuple(known["listening"].split())
        optional = {word: known.get(word, "") for word in _OPTIONAL}
        return InForce(pid, generation, listening, known["configuration"], **optional)
    except (KeyError, ValueError):
        return None


def remove(run_dir: Path) -> None:
    """Remove the file, since the acceptor ends. Raises OSError."""
    (run_dir / _FILE).unlink(missing_ok=True)
