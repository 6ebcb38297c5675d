"""Machines for deployment tests, and the packages that they install.

Run by `make test-deploy` only: these take minutes, root, and at first the network. Several machines
run at a time, each with the tests of one file, in their order.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "packages"
    directory.mkdir(exist_ok=True)
    with (directory / "lock").open("a+") as lock:  # the first worker builds, for all of them
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            build(directory)
            lock.write("built\n")
    return directory


def build(directory: Path) -> None:
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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A machine's tests of one file go to one worker, one after the other."""
    from xdist.scheduler import LoadScopeScheduling

    class ByMachine(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            return f"{file} {test.partition('[')[2]}"

    return ByMachine(config, log)


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
