"""Machines for deployment tests, and the packages that they install.

Run by `make test-deploy` only: these take minutes, root, and at first the network.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit import CHECKOUT
from lab.kit.machine import roots
from tests.deploy.machine import Machine

NEWER = "99.0"

collect_ignore_glob = [] if "PAPAYA_TEST_DEPLOY" in os.environ else ["test_*.py"]


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the packages of this checkout, and in `newer` those of a later version."""
    if why := roots.obstacle():
        pytest.skip(why)
    directory = tmp_path_factory.mktemp("packages")
    for place, version in ((directory, []), (directory / "newer", [NEWER])):
        environment = {**os.environ, "BUILD": str(directory / "build"), "DIST": str(place)}
        done = subprocess.run(
            [CHECKOUT / "scripts/deb.sh", *version],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(directory / "build")
    return directory


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest, packages: Path) -> Iterator[Machine]:
    """A booted Debian with the packages in /packages, and two people who have accounts."""
    suite: str = request.param
    try:
        root = roots.root(suite)
    except RuntimeError as error:
        pytest.skip(f"no Debian {suite} could be had: {error}")
    booted = Machine(root, suite, {"/packages": packages})
    try:
        booted.sh("useradd --create-home alice; useradd --create-home friend")
        booted.sh('echo "127.0.1.1 $(hostname)" >>/etc/hosts')
        yield booted
    finally:
        booted.close()
