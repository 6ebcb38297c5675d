"""The platforms that the tests run on, and the packages that the tests need there.

Everything is the distribution's own, the interpreter as well, as it is for papaya's packages.
"""

from dataclasses import dataclass
from pathlib import Path

from lab.kit.machine import roots

# For the tests themselves, for the programs that some of them run, and to install a checkout.
TOOLS = (
    "python3-pytest python3-pytest-timeout python3-hypothesis python3-pyte "
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
