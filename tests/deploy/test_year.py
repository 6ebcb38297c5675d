"""A year of an admin's life, on a machine of each release: the tests are its days, in their order.

Each goes on where the one before it left the machine. Alice sits in the room the whole time.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.conftest import NEWER
from tests.deploy.machine import Machine, wait_for
from tests.test_examples import commands

KILL_ON_DENIAL = "/run/systemd/system/{}.d/denial.conf"
failed: set[Machine] = set()


@pytest.fixture(autouse=True)
def _in_order(machine: Machine, request: pytest.FixtureRequest) -> Iterator[None]:
    """A day that went wrong spoils those after it."""
    if machine in failed:
        pytest.skip("a day before this one went wrong")
    before = request.session.testsfailed
    # Between two days nobody counts how often a service was started.
    machine.run("systemctl", "reset-failed", check=False)
    yield
    if request.session.testsfailed > before:
        failed.add(machine)


def clients(machine: Machine, room: str = "main") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(
        machine.sh(f"papayactl --room {room} --json list") or "[]"
    )
    return listed


def listen(machine: Machine, user: str, profile: str = "main") -> None:
    """Leave `papayachat tail -f` running as a user, into ~/PROFILE.heard."""
    command = f"papayachat -p {profile} tail -f >~/{profile}.heard 2>&1"
    machine.start("sh", "-c", command, user=user)
    room = profile
    wait_for(lambda: [one for one in clients(machine, room) if one["user"] == user])


def heard(machine: Machine, user: str, text: str, profile: str = "main") -> bool:
    path = f"/home/{user}/{profile}.heard"
    wait_for(lambda: text in machine.read(path), why=f"{user} hears {text!r}")
    return True


def say(machine: Machine, user: str, text: str, profile: str = "main") -> None:
    machine.run("papayachat", "-p", profile, "send", text, user=user)


def join(machine: Machine, user: str, room: str = "main", how: str = "") -> None:
    added = machine.sh(f"papayactl --room {room} token add {user} --host 127.0.0.1 {how}")
    machine.run("papayachat", "join", "-", text=added, user=user)


def main_pid(machine: Machine, unit: str = "papayad.service") -> int:
    return int(machine.sh(f"systemctl show --value --property=MainPID {unit}"))


def state(machine: Machine, unit: str) -> str:
    return machine.run("systemctl", "is-active", unit, check=False).stdout.strip()


def sit(machine: Machine) -> list[str]:
    """Alice's two processes, by their titles: papayactl needs a configuration without mistakes."""
    pids = machine.sh(r"pgrep --full 'papayad\[main\]: alice@'").split()
    assert len(pids) == 2
    return pids


def journal(machine: Machine, unit: str = "papayad.service") -> str:
    return machine.sh(f"journalctl --boot --no-pager --unit={unit}")


def listening(machine: Machine) -> str:
    return machine.sh("ss --no-header --listening --tcp --numeric")


def test_the_package_says_five_commands_to_a_first_message(machine: Machine) -> None:
    out = machine.sh("apt-get install -y /packages/papayad_*.deb")
    commands = re.findall(r"^    (\S.*)$", out, re.MULTILINE)
    assert len(commands) == 5, out
    assert state(machine, "papayad.service") == "active"
    assert machine.sh("systemctl is-enabled papayad").strip() == "enabled"
    assert "127.0.0.1:7722" in listening(machine)
    assert "0.0.0.0:7722" not in listening(machine)
    invite = [machine.sh(command) for command in commands[:3]][-1].strip()
    assert "0.0.0.0:7722" in listening(machine)
    machine.sh("apt-get install -y /packages/papayachat_*.deb")
    for command in commands[3:]:
        # The invite is typed, so that it is in no history of commands.
        machine.sh(f"echo '{invite}' | {command}" if "join" in command else command, user="friend")
    assert "friend" in machine.sh("cat /var/lib/papaya/main/*.log")
    assert "hello, world" in machine.sh("cat /var/lib/papaya/main/*.log")


def test_no_system_call_is_denied(machine: Machine) -> None:
    """From here on a denied call kills instead of being an error that somebody might ignore."""
    for unit in ("papayad.service", "papayad@.service"):
        machine.write(KILL_ON_DENIAL.format(unit), "[Service]\nSystemCallErrorNumber=\n")
    machine.sh("systemctl daemon-reload; systemctl restart papayad")
    assert state(machine, "papayad.service") == "active"


def test_a_conversation(machine: Machine) -> None:
    join(machine, "alice")
    listen(machine, "alice")
    say(machine, "friend", "good morning")
    assert heard(machine, "alice", "good morning")
    pid = sit(machine)[0]
    assert machine.sh(f"ps -o user= -p {pid}").strip() == "papaya"
    assert "papayad[main]: alice@" in machine.sh(f"ps -o args= -p {pid}")


def test_the_sandbox_is_on(machine: Machine) -> None:
    status = machine.read(f"/proc/{main_pid(machine)}/status")
    assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
    mounts = machine.read(f"/proc/{main_pid(machine)}/mounts")
    assert re.search(r"^\S+ / \S+ ro", mounts, re.MULTILINE)
    machine.sh("systemd-analyze security --threshold=12 papayad.service")


def test_reload(machine: Machine) -> None:
    before, pid = sit(machine), main_pid(machine)
    machine.sh("sed -i 's/^history_lines.*/history_lines = 7/' /etc/papaya/main.toml")
    machine.sh("systemctl reload papayad")
    wait_for(lambda: "re-read /etc/papaya/main.toml" in journal(machine))
    assert (sit(machine), main_pid(machine)) == (before, pid)


def test_restart_leaves_the_sessions(machine: Machine) -> None:
    before, pid = sit(machine), main_pid(machine)
    machine.sh("systemctl restart papayad")
    assert sit(machine) == before
    assert main_pid(machine) != pid
    say(machine, "friend", "after the restart")
    assert heard(machine, "alice", "after the restart")


def test_stop_closes_the_port_and_nothing_else(machine: Machine) -> None:
    before = sit(machine)
    machine.sh("systemctl stop papayad")
    assert "7722" not in listening(machine)
    assert sit(machine) == before
    machine.sh("papayactl acceptor start")
    assert state(machine, "papayad.service") == "active"
    assert sit(machine) == before
    machine.sh("papayactl acceptor stop")
    assert state(machine, "papayad.service") == "inactive"
    machine.sh("papayactl acceptor restart")
    say(machine, "friend", "after the stop")
    assert heard(machine, "alice", "after the stop")


def test_an_acceptor_that_crashed_is_started_again(machine: Machine) -> None:
    before, pid = sit(machine), main_pid(machine)
    machine.sh(f"kill -KILL {pid}")
    wait_for(lambda: main_pid(machine) not in (0, pid), why="systemd starts another")
    wait_for(lambda: state(machine, "papayad.service") == "active")
    assert sit(machine) == before
    say(machine, "friend", "after the crash")
    assert heard(machine, "alice", "after the crash")


def test_fail2ban_sees_who_is_refused(machine: Machine) -> None:
    """papayad's own lines, as the journal has them; nobody else's line is one."""
    hello = f"PAPAYA/1 {'0' * 128}\\n"
    probe = f"import socket, ssl; c = ssl.create_default_context(); c.check_hostname = False; " \
            f"c.verify_mode = 0; s = c.wrap_socket(socket.create_connection(('{{}}', 7722))); " \
            f"s.sendall(b'{hello}'); print(s.recv(99))"  # fmt: skip
    assert "- auth" in machine.run("python3", "-c", probe.format("127.0.0.1")).stdout
    assert "- auth" in machine.run("python3", "-c", probe.format("::1")).stdout
    machine.sh("journalctl --boot --no-pager --unit=papayad >/tmp/journal")
    filter_file = "/etc/fail2ban/filter.d/papaya.conf"
    out = machine.sh(f"fail2ban-regex --print-all-matched /tmp/journal {filter_file}")
    refused = journal(machine).count(" refused ")
    assert refused >= 2
    assert re.search(rf"Failregex: {refused} total", out), out


def test_a_client_that_is_killed_for_memory_takes_nobody_along(machine: Machine) -> None:
    """What the kernel does then is SIGKILL; systemd is told apart from it by its OOMPolicy."""
    assert "continue" in machine.sh("systemctl show --property=OOMPolicy papayad")
    pid = main_pid(machine)
    listen(machine, "friend")
    victim = next(one for one in clients(machine) if one["user"] == "friend")
    machine.sh(f"pkill --full --uid friend 'papayachat -p main tail'; kill -KILL {victim['recv']}")
    wait_for(lambda: [one["user"] for one in clients(machine)] == ["alice"])
    assert main_pid(machine) == pid


def test_a_broken_configuration_is_refused_and_the_old_one_goes_on(machine: Machine) -> None:
    before, pid = sit(machine), main_pid(machine)
    machine.sh("cp /etc/papaya/main.toml ~/good.toml")
    machine.sh("sed -i 's/^tls = .*/tls = \"perhaps\"/' /etc/papaya/main.toml")
    assert machine.run("systemctl", "reload", "papayad", check=False).returncode
    assert "listen.tls" in machine.run("systemctl", "status", "papayad", check=False).stdout
    assert (sit(machine), main_pid(machine)) == (before, pid)
    say(machine, "friend", "it goes on")
    assert heard(machine, "alice", "it goes on")


def test_it_fails_after_few_tries_and_says_why(machine: Machine) -> None:
    before = sit(machine)
    machine.run("systemctl", "restart", "papayad", check=False)
    wait_for(lambda: state(machine, "papayad.service") == "failed", 60, "few tries")
    status = machine.run("systemctl", "--no-pager", "--full", "status", "papayad", check=False)
    assert re.search(r"Status: .*listen\.tls", status.stdout)
    assert sit(machine) == before
    machine.sh("cp ~/good.toml /etc/papaya/main.toml")
    machine.sh("systemctl reset-failed papayad; systemctl start papayad")
    assert sit(machine) == before


def test_an_upgrade_leaves_the_sessions(machine: Machine) -> None:
    before, pid = sit(machine), main_pid(machine)
    machine.sh(f"apt-get install -y /packages/newer/papayad_{NEWER}_all.deb")
    assert NEWER in machine.sh("papayad --version")
    assert state(machine, "papayad.service") == "active"
    assert main_pid(machine) != pid
    assert sit(machine) == before
    say(machine, "friend", "after the upgrade")
    assert heard(machine, "alice", "after the upgrade")


def test_the_examples_for_root(machine: Machine) -> None:
    """Of the manual, as they stand there; papayactl(8)'s last one is papayad(8)'s second."""
    add, seen, kill, revoke, init = commands("papayactl.8", "#")
    added = machine.sh(add)
    machine.run("papayachat", "join", "--as", "bob", "-", text=added, user="friend")
    machine.start("papayachat", "-p", "bob", "tail", "-f", user="friend")
    wait_for(lambda: [one for one in clients(machine) if one["user"] == "bob"])
    machine.sh(seen)
    assert "bob@" in machine.sh(kill)
    machine.sh(revoke)
    assert [one for one in clients(machine) if one["user"] == "bob"] == []
    enable, same, enable_ops = commands("papayad.8", "#")
    assert same == init
    for command in (enable, init, enable_ops):
        machine.sh(command)


def test_a_second_room(machine: Machine) -> None:
    """The one that the manual's example made."""
    join(machine, "friend", "ops")
    listen(machine, "friend", "ops")
    say(machine, "friend", "only here", "ops")
    assert heard(machine, "friend", "only here", "ops")
    assert "only here" not in machine.sh("cat /var/lib/papaya/main/*.log")
    machine.sh("systemctl restart papayad@ops")
    assert len(clients(machine, "ops")) == 1


def test_an_upgrade_restarts_every_room(machine: Machine) -> None:
    pid = main_pid(machine, "papayad@ops.service")
    machine.sh("apt-get install -y --allow-downgrades /packages/papayad_*.deb")
    assert main_pid(machine, "papayad@ops.service") not in (0, pid)
    assert len(clients(machine, "ops")) == 1


def listen_on(machine: Machine, port: int) -> None:
    """As `systemctl edit papayad.socket` does."""
    machine.write(
        "/etc/systemd/system/papayad.socket.d/port.conf",
        f"[Socket]\nListenStream=\nListenStream=0.0.0.0:{port}\nListenStream=[::]:{port}\n",
    )
    machine.sh("systemctl daemon-reload")


def test_a_socket_unit_holds_the_port(machine: Machine) -> None:
    before = sit(machine)
    drop_ins = "/etc/systemd/system/papayad.service.d"
    machine.sh(f"mkdir -p {drop_ins}; ln -s /usr/share/papayad/socket-only.conf {drop_ins}/")
    listen_on(machine, 7722)
    machine.sh("systemctl stop papayad; systemctl enable --now papayad.socket")
    assert state(machine, "papayad.service") == "inactive"
    say(machine, "friend", "through the socket")
    assert heard(machine, "alice", "through the socket")
    assert sit(machine) == before
    wait_for(lambda: main_pid(machine), why="systemd knows the acceptor that listens already")
    devices = machine.read(f"/proc/{main_pid(machine)}/net/dev")
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"]
    assert devices.count(" 0 ") > 10  # and nothing ever went through it
    machine.sh("systemd-analyze security --threshold=3 papayad.service")


def test_closing_the_port_of_a_socket_unit(machine: Machine) -> None:
    before = sit(machine)
    machine.sh("systemctl reload papayad")
    machine.sh("papayactl acceptor stop")
    assert "7722" not in listening(machine)
    assert state(machine, "papayad.socket") == "inactive"
    machine.sh("papayactl acceptor start")
    assert state(machine, "papayad.socket") == "active"
    assert sit(machine) == before


def test_a_port_below_1024_with_the_socket_unit(machine: Machine) -> None:
    before = sit(machine)
    machine.sh("papayactl acceptor stop")
    listen_on(machine, 722)
    machine.sh("papayactl acceptor start")
    assert "0.0.0.0:722 " in listening(machine)
    assert "[::]:722 " in listening(machine)
    assert sit(machine) == before
    machine.sh("rm -r /etc/systemd/system/papayad.socket.d /etc/systemd/system/papayad.service.d")
    machine.sh("systemctl disable --now papayad.socket; systemctl stop papayad")


def test_a_port_below_1024_with_a_capability(machine: Machine) -> None:
    machine.write(
        "/etc/systemd/system/papayad.service.d/port.conf",
        "[Service]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nPrivateUsers=no\n",
    )
    machine.sh("sed -i 's/:7722\"/:722\"/g' /etc/papaya/main.toml")
    machine.sh("systemctl daemon-reload; systemctl start papayad")
    assert "0.0.0.0:722 " in listening(machine)
    machine.sh("rm -r /etc/systemd/system/papayad.service.d")
    machine.sh("cp ~/good.toml /etc/papaya/main.toml")
    machine.sh("systemctl daemon-reload; systemctl restart papayad")


def test_a_full_disk(machine: Machine) -> None:
    """Of a room of its own, on a small file system: refused, told, and mended by making room."""
    machine.sh(
        "mkdir -p /var/lib/papaya/small; mount -t tmpfs -o size=256k none /var/lib/papaya/small"
    )
    machine.sh("chown papaya:papaya /var/lib/papaya/small; chmod 700 /var/lib/papaya/small")
    machine.sh("papayactl --room small init --address 127.0.0.1:7724 --no-invite")
    machine.sh("systemctl start papayad@small")
    join(machine, "alice", "small")
    say(machine, "alice", "there is room", "small")
    machine.sh("dd if=/dev/zero of=/var/lib/papaya/small/ballast bs=4k || true", check=False)
    full = machine.run("papayachat", "-p", "small", "send", "--timeout", "2", "x" * 5000,
                       check=False, user="alice")  # fmt: skip
    assert full.returncode == 75, full.stdout + full.stderr
    machine.sh("rm /var/lib/papaya/small/ballast")
    say(machine, "alice", "there is room again", "small")
    assert state(machine, "papayad@small.service") == "active"
    machine.sh("systemctl stop papayad@small; papayactl --room small kill --all --yes || true")
    machine.sh("umount /var/lib/papaya/small; rm /etc/papaya/small.toml")


def test_nothing_was_denied(machine: Machine) -> None:
    said = machine.sh("journalctl --boot --no-pager")
    assert not re.search(r"papayad.*(SIGSYS|status=31|sig=31)", said)
    assert "by a bug" not in said


def test_remove_ends_the_sessions_and_keeps_the_data(machine: Machine) -> None:
    machine.sh("apt-get remove -y papayad")
    assert machine.run("pgrep", "-u", "papaya", check=False).stdout == ""
    assert "after the upgrade" in machine.sh("cat /var/lib/papaya/main/*.log")
    assert "alice" in machine.read("/etc/papaya/tokens")


def test_reinstalled_the_room_is_as_it_was(machine: Machine) -> None:
    out = machine.sh("apt-get install -y /packages/papayad_*.deb")
    assert "papayachat join" not in out
    assert state(machine, "papayad.service") == "active"
    assert state(machine, "papayad@ops.service") == "active"
    say(machine, "friend", "after the reinstallation")
    wait_for(lambda: "after the reinstallation" in machine.sh("cat /var/lib/papaya/main/*.log"))


def test_purge_leaves_nothing(machine: Machine) -> None:
    machine.sh("apt-get purge -y papayad papayachat")
    for path in ("/etc/papaya", "/var/lib/papaya", "/run/papaya", "/usr/share/papayad"):
        assert machine.run("test", "-e", path, check=False).returncode == 1, path
    assert machine.run("pgrep", "-u", "papaya", check=False).stdout == ""
    units = machine.sh("find /etc/systemd -name '*papaya*'").split()
    assert [unit for unit in units if not unit.endswith((".d", ".conf"))] == []
