"""docs/systemd.md, tried: limits for a room and for one client, and a room with a user of its own.

The commands are those of the page; only pids and names are what they are on the machine.
"""

import json
import re
from typing import Any

import pytest

from lab.kit import CHECKOUT
from tests.deploy.machine import Machine, wait_for

PAGE = CHECKOUT / "docs/systemd.md"


def blocks(heading: str) -> list[list[str]]:
    """The blocks of commands in a section of the page."""
    section = (
        PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    )
    found = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    return [[line[4:] for line in block.splitlines()] for block in found]


def edit(machine: Machine, block: list[str]) -> None:
    """What `systemctl edit` does with the indented lines below it."""
    (place,) = (place for place, line in enumerate(block) if line.startswith("systemctl edit "))
    unit = block[place].split()[-1]
    text = "\n".join(line.strip() for line in block[place + 1 :]) + "\n"
    machine.write(f"/etc/systemd/system/{unit}.service.d/override.conf", text)
    machine.sh("systemctl daemon-reload")


def clients(machine: Machine, room: str = "main") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(machine.sh(f"papayactl --room {room} --json list"))
    return listed


def sit(machine: Machine, user: str, room: str = "main") -> dict[str, Any]:
    """Let somebody in who stays; what papayactl lists of it."""
    invite = machine.sh(f"papayactl --room {room} token add {user} --host 127.0.0.1")
    machine.run("papayachat", "join", "-", text=invite, user=user)
    machine.start("sh", "-c", f"papayachat -p {room} tail -f", user=user)
    wait_for(lambda: [one for one in clients(machine, room) if one["user"] == user])
    return next(one for one in clients(machine, room) if one["user"] == user)


def shown(machine: Machine, unit: str, name: str) -> str:
    return machine.sh(f"systemctl show --value --property={name} {unit}").strip()


def cgroups(machine: Machine, pid: int) -> str:
    return machine.read(f"/proc/{pid}/cgroup")


@pytest.fixture(scope="module")
def alice(machine: Machine) -> dict[str, Any]:
    machine.sh("apt-get install -y /packages/papayad_*.deb /packages/papayachat_*.deb")
    return sit(machine, "alice")


def test_limits_of_a_room_are_for_everybody_in_it(machine: Machine, alice: dict[str, Any]) -> None:
    (block,) = blocks("Limits for a room")
    edit(machine, block)
    machine.sh("systemctl restart papayad")
    assert shown(machine, "papayad", "MemoryMax") == "2147483648"
    assert float(shown(machine, "papayad", "CPUQuotaPerSecUSec").rstrip("s")) == 1.5
    assert shown(machine, "papayad", "TasksMax") == "2016"
    friend = sit(machine, "friend")
    acceptor = int(shown(machine, "papayad", "MainPID"))
    for pid in (acceptor, alice["recv"], alice["send"], friend["recv"], friend["send"]):
        assert "/papayad.service" in cgroups(machine, pid)


def test_limits_of_one_client(machine: Machine, alice: dict[str, Any]) -> None:
    own, transient = blocks("Limits for one client")
    pids = {"197": str(alice["recv"]), "198": str(alice["send"])}

    def of_alice(lines: list[str]) -> str:
        return re.sub(r"\b19[78]\b", lambda match: pids[match[0]], "\n".join(lines))

    assert re.search(rf"{pids['197']} +{pids['198']}", machine.sh(of_alice(own[:1])))
    machine.sh(of_alice(own[1:]))
    assert machine.sh(f"ps -o ni= -p {pids['197']} -p {pids['198']}").split() == ["10", "10"]
    assert "idle" in machine.sh(f"ionice -p {pids['197']}")
    assert " 60 " in machine.sh(f"prlimit --pid {pids['197']} --cpu --noheadings")
    assert machine.sh(f"taskset -cp {pids['197']}").split()[-1] == "0"
    machine.sh(of_alice(transient))
    for pid in map(int, pids.values()):  # busctl does not wait for the job that it began
        wait_for(lambda pid=pid: "/papayad-alice.scope" in cgroups(machine, pid))  # type: ignore[misc]
    assert shown(machine, "papayad-alice.scope", "CPUQuotaPerSecUSec") == "200ms"
    machine.run("papayachat", "send", "from within a scope", user="alice")


def test_a_room_with_a_user_of_its_own(machine: Machine, alice: dict[str, Any]) -> None:
    """Neither room's processes can read what is said in the other."""
    _, own = blocks("Another room")
    place = next(place for place, line in enumerate(own) if line.startswith("systemctl edit"))
    machine.sh("\n".join(own[:place]))
    last = next(line for line in own[place + 1 :] if not line.startswith(" "))
    edit(machine, own[place : own.index(last)])
    machine.sh("\n".join(own[own.index(last) :]))
    friend = sit(machine, "friend", "ops")
    assert machine.sh(f"ps -o user= -p {friend['recv']}").strip() == "papaya-ops"
    machine.run("papayachat", "-p", "ops", "send", "only here", user="friend")
    for user, room, other in (("papaya", "main", "ops"), ("papaya-ops", "ops", "main")):
        become = f"setpriv --reuid={user} --regid={user} --clear-groups"
        assert machine.sh(f"{become} ls /var/lib/papaya/{room}")
        for command in (f"ls /var/lib/papaya/{other}", f"cat /var/lib/papaya/{other}/committed"):
            refused = machine.run("sh", "-c", f"{become} {command}", check=False)
            assert "Permission denied" in refused.stderr
    machine.sh("systemctl reload papayad@ops; systemctl restart papayad@ops")
    assert [one["user"] for one in clients(machine, "ops")] == ["friend"]
