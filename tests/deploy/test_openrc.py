"""The script for OpenRC, in a Debian with OpenRC's own programs and no init at all."""

import subprocess
from pathlib import Path

import pytest

from lab.kit import CHECKOUT
from lab.kit.machine import roots

SCRIPT = """
exec 2>&1
say() { echo "== $*"; }
room() { rc-service papayad "$@" && echo "done $1" || echo "failed $1"; }
for state in exclusive started starting inactive stopping failed scheduled options daemons; do
    mkdir -p /run/openrc/$state
done
touch /run/openrc/softlevel
within() { for _ in $(seq 300); do "$@" && return; sleep 0.1; done; echo "never: $*"; }
is_in() { papayactl list | grep -q alice; }
apt-get -qq install -y /packages/papayad_*.deb /packages/papayachat_*.deb >/tmp/apt || cat /tmp/apt
useradd --create-home alice
cp /contrib/openrc/papayad /etc/init.d/papayad
say first; room start; room status; room sessions
papayactl token add alice --host 127.0.0.1 >/tmp/invite
su alice -c 'papayachat join - </tmp/invite; papayachat tail -f >/tmp/heard 2>&1 &'
within is_in
say second; before=$(pgrep -f 'papayad\\[main\\]: alice' | xargs); room restart; room sessions
[ "$before" = "$(pgrep -f 'papayad\\[main\\]: alice' | xargs)" ] && echo same
su alice -c 'papayachat send hello again'
within grep -q 'hello again' /tmp/heard
say third; room reload; room stop; room status; papayactl list
say fourth; sed -i 's/^tls = .*/tls = "perhaps"/' /etc/papaya/main.toml; room start
say end
"""


@pytest.fixture(scope="module")
def parts(packages: Path) -> dict[str, str]:
    """What the script said, by its headings."""
    try:
        root = roots.root("bookworm", "openrc")
    except RuntimeError as error:
        pytest.skip(f"no Debian with OpenRC could be had: {error}")
    contrib = CHECKOUT / "contrib"
    how = "--quiet --as-pid2 --register=no --keep-unit --private-network --volatile=overlay"
    where = [f"--directory={root}", f"--bind-ro={packages}:/packages"]
    where += [f"--bind-ro={contrib}:/contrib", "--pipe"]
    done = subprocess.run(
        ["systemd-nspawn", *how.split(), *where, "sh", "-c", SCRIPT],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    sections = done.stdout.split("== ")[1:]
    assert sections, done.stdout + done.stderr
    return dict(section.split("\n", 1) for section in sections)


def test_it_starts(parts: dict[str, str]) -> None:
    said = parts["first"]
    assert "done start" in said, said
    assert "room main: running" in said, said
    assert "done sessions" in said, said


def test_a_restart_leaves_the_sessions(parts: dict[str, str]) -> None:
    said = parts["second"]
    assert "done restart" in said, said
    assert "same" in said.split(), said
    assert "never" not in said, said
    assert "alice@" in said, said


def test_stop_closes_the_port_only(parts: dict[str, str]) -> None:
    said = parts["third"]
    assert "done reload" in said, said
    assert "done stop" in said, said
    assert "room main: stopped" in said, said
    assert "failed status" in said, said
    assert "alice@" in said, said


def test_a_broken_configuration_is_refused(parts: dict[str, str]) -> None:
    said = parts["fourth"]
    assert "failed start" in said, said
    assert "listen.tls" in said, said
    assert "end" in parts
