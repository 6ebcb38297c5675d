"""The platforms that the tests run on, and what each needs beside what papaya itself needs.

All of it is the distribution's own, the interpreter as well: what the packages depend on there.
"""

from dataclasses import dataclass
from pathlib import Path

from lab.kit.machine import roots

# The tests, the programs that some of them drive, and what a checkout is installed with.
TOOLS = (
    "python3-pytest python3-pytest-timeout python3-hypothesis python3-pyte python3-matplotlib "
    "python3-seccomp python3-venv python3-setuptools python3-wheel git openssl mandoc shellcheck "
    "strace tmux bsdutils mount make gcc libc6-dev zsh fish netcat-openbsd"
)


@dataclass(frozen=True, slots=True)
class Platform:
    """A release of Debian. `persona` is what setarch(8) calls the architecture, or empty."""

    release: str
    architecture: str = ""
    persona: str = ""

    def root(self) -> Path:
        return roots.root(self.release, TOOLS, self.architecture, "tests")


PLATFORMS = {
    "debian-12": Platform("bookworm"),
    "debian-12-i386": Platform("bookworm", "i386", "i686"),
    "debian-13": Platform("trixie"),
    "debian-sid": Platform("sid"),
}
