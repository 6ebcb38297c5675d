"""A Debian with systemd as PID 1, booted from a root in systemd-nspawn and forgotten afterwards.

What is written inside is in memory (an overlay); inside is loopback only; nothing of the host is
touched but cgroups of its own, so that several machines run at a time: two in one cgroup would end
each other's services. Ended through its leader, the PID 1 inside.
"""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 120.0  # seconds that an event may take on a busy machine

Done = subprocess.CompletedProcess


def wait_for(what: Callable[[], T], seconds: float = PATIENCE, why: str = "") -> T:
    """Look until `what()` is true and return it; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        if found := what():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {why or what}")
        time.sleep(0.05)


class Machine:
    """Booted when this returns. `shared` maps places inside to read-only ones of the host."""

    def __init__(self, root: Path, name: str, shared: Mapping[str, Path]) -> None:
        self.name = f"papaya-{name}-{os.getpid()}"
        self._started: list[subprocess.Popen[str]] = []
        binds = [f"--bind-ro={outside}:{inside}" for inside, outside in shared.items()]
        how = "--quiet --boot --register=no --keep-unit --private-network --console=pipe"
        how += " --link-journal=no --volatile=overlay"
        where = [f"--directory={root}", f"--machine={self.name}"]
        self._cgroups = _make_cgroups(self.name)
        self._nspawn = subprocess.Popen(
            ["systemd-nspawn", *how.split(), *where, *binds],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=self._enter_cgroups,
        )
        try:
            wait_for(self._is_up, why="the machine's boot")
        except BaseException:
            self.close()
            raise

    def run(self, *command: str, check: bool = True, text: str = "", user: str = "") -> "Done[str]":
        """Run a command inside, `text` on its stdin; returns its output, stderr apart."""
        done = subprocess.run(
            [*self._enter(user), *command],
            input=text,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if check and done.returncode:
            lately = self.run("journalctl", "--boot", "--no-pager", "--lines=30", check=False)
            raise AssertionError(
                f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
                f"the journal's end:\n{lately.stdout}"
            )
        return done

    def sh(self, script: str, check: bool = True, user: str = "") -> str:
        """Run a script of sh inside; returns its stdout."""
        return self.run("sh", "-euc", script, check=check, user=user).stdout

    def start(self, *command: str, user: str = "") -> None:
        """Start a command inside that goes on until it ends or the machine does."""
        null = subprocess.DEVNULL
        started = subprocess.Popen(
            [*self._enter(user), *command], stdin=null, stdout=null, stderr=null, text=True
        )
        self._started.append(started)

    def write(self, path: str, content: str) -> None:
        self.run("sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", path, text=content)

    def read(self, path: str) -> str:
        return self.run("cat", path).stdout

    def close(self) -> None:
        """Power off, or pull the plug."""
        if self._nspawn.poll() is None:
            with suppress(AssertionError, AttributeError, subprocess.SubprocessError):
                self.run("systemctl", "poweroff", "--force", check=False)
            try:
                self._nspawn.wait(15)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        for started in self._started:
            started.kill()
            started.wait()
        for cgroup in self._cgroups:  # whoever is left: a leader whose systemd-nspawn was killed
            if (cgroup / "cgroup.kill").exists():
                (cgroup / "cgroup.kill").write_text("1")
        with suppress(AssertionError):  # the last of its processes is just ending
            wait_for(lambda: not [top for top in self._cgroups if not _is_removed(top)], 15.0)

    def _enter_cgroups(self) -> None:
        """Of the child that becomes systemd-nspawn."""
        for cgroup in self._cgroups:
            (cgroup / "cgroup.procs").write_text("0")

    def _enter(self, user: str) -> list[str]:
        inside = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        inside += ["env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", "TERM=dumb"]
        if not user:
            return [*inside, "HOME=/root"]
        become = f"setpriv --reuid={user} --regid={user} --init-groups"
        return [*inside, f"HOME=/home/{user}", f"USER={user}", *become.split()]

    def _find_leader(self) -> int:
        if self._nspawn.poll() is not None:
            raise AssertionError(f"systemd-nspawn ended with {self._nspawn.returncode}")
        path = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        children = path.read_text().split()
        return int(children[0]) if children else 0

    def _is_up(self) -> bool:
        """The first child of systemd-nspawn is none that stays: who is the leader is asked anew."""
        self.leader = self._find_leader()
        if not self.leader:
            return False
        done = self.run("systemctl", "is-system-running", check=False)
        return done.stdout.strip() in ("running", "degraded")


def _make_cgroups(name: str) -> list[Path]:
    """One below the starter's own in each hierarchy that systemd-nspawn uses."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = {kind: path.lstrip("/") for _, kind, path in (line.split(":", 2) for line in lines)}
    root = Path("/sys/fs/cgroup")
    unified = root / "unified" if (root / "unified").is_dir() else root
    tops = [unified / own[""]] if (unified / "cgroup.procs").exists() else []
    if "name=systemd" in own:
        tops.append(root / "systemd" / own["name=systemd"])
    made = [top / name for top in tops]
    for cgroup in made:
        cgroup.mkdir()
    return made


def _is_removed(top: Path) -> bool:
    for path in (*sorted(top.rglob("*"), reverse=True), top) if top.is_dir() else ():
        if path.is_dir():
            with suppress(OSError):
                path.rmdir()
    return not top.exists()
