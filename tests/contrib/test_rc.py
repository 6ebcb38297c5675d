"""The scripts for rc.d and OpenRC: every action, with the system's own commands as stand-ins."""

import subprocess
from pathlib import Path

import pytest

from lab.kit import CHECKOUT

CONTRIB = CHECKOUT / "contrib"

# What rc.subr(8) documents of run_rc_command: the function that ACTION_cmd names, with the rest.
BSD_SUBR = """
load_rc_config() { . "$RC_CONF"; }
run_rc_command() {
    action=$1; shift
    case $action in
    rcvar) eval "echo $rcvar=\\$$rcvar"; return ;;
    restart) run_rc_command stop "$@"; run_rc_command start "$@"; return ;;
    start) eval "enabled=\\$$rcvar"; [ "$enabled" = YES ] || return 0 ;;
    reload|sessions) case " $extra_commands " in *" $action "*) ;; *) return 9 ;; esac ;;
    esac
    eval "function=\\$${action}_cmd"
    $function "$@"
}
"""

OPENBSD_SUBR = """
rc_cmd() {
    case $1 in
    start) $daemon $daemon_flags ;;
    stop) pkill -TERM -xf "$pexp" ;;
    reload) pkill -HUP -xf "$pexp" ;;
    check) pgrep -q -xf "$pexp" ;;
    esac
}
"""

OPENRC_RUN = """#!/bin/sh
ebegin() { :; }
eend() { return "$1"; }
checkpath() { echo "checkpath $*" >>"$ASKED"; }
script=$1 action=$2
. "$script"
case $action in
start) start_pre && start ;;
*) $action ;;
esac
"""

STAND_IN = """#!/bin/sh
echo "${{0##*/}} $*" >>"{asked}"
case "$*" in *{broken}*) exit 78 ;; esac
"""


class Script:
    """A copy of a script whose system is a directory."""

    def __init__(self, directory: Path, source: str, name: str = "papayad") -> None:
        self.directory = directory
        self.asked = directory / "asked"
        self.path = directory / name
        text = (CONTRIB / source).read_text(encoding="utf-8")
        for place in ("%%PREFIX%%/bin/", "@PREFIX@/bin/", "${TRUEPREFIX}/bin/", "/usr/bin/"):
            text = text.replace(place, f"{directory}/")
        text = text.replace("/etc/rc.d/rc.subr", f"{directory}/subr")
        self.path.write_text(text.replace("/etc/rc.subr", f"{directory}/subr"))
        for command in ("papayad", "papayactl", "pkill", "pgrep"):
            if command != name:
                self.stand_in(directory / command)
        (directory / "rc.conf").write_text("")

    def stand_in(self, path: Path) -> None:
        path.write_text(STAND_IN.format(asked=self.asked, broken="broken"))
        path.chmod(0o755)

    def run(self, *words: str, shell: str = "sh", **environment: str) -> tuple[int, list[str]]:
        """The exit code, and what was run for this action."""
        self.asked.write_text("")
        known = {
            "PATH": f"{self.directory}:/usr/bin:/bin",
            "RC_CONF": str(self.directory / "rc.conf"),
        }
        done = subprocess.run(
            [shell, *words] if words[0].startswith("/") else [shell, self.path, *words],
            env=known | {"ASKED": str(self.asked)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "not found" not in done.stderr, done.stderr
        return done.returncode, self.asked.read_text().splitlines()


@pytest.fixture(params=["freebsd/files/papayad.in", "netbsd/files/papayad.sh"])
def bsd(request: pytest.FixtureRequest, tmp_path: Path) -> Script:
    script = Script(tmp_path, request.param, "rc")
    (tmp_path / "subr").write_text(BSD_SUBR)
    rcvar = "papayad_enable" if "freebsd" in request.param else "papayad"
    (tmp_path / "rc.conf").write_text(f'{rcvar}=YES papayad_rooms="main ops"\n')
    return script


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("start", "papayad --room {}"),
        ("stop", "papayactl --room {} acceptor stop"),
        ("status", "papayactl --room {} acceptor status"),
        ("reload", "papayactl --room {} acceptor reload"),
        ("sessions", "papayactl --room {} list"),
    ],
)
def test_an_action_is_for_each_room(bsd: Script, action: str, asked: str) -> None:
    code, ran = bsd.run(action)
    assert (code, [line.strip() for line in ran]) == (0, [asked.format(r) for r in ("main", "ops")])


def test_an_action_for_one_room(bsd: Script) -> None:
    assert bsd.run("stop", "ops") == (0, ["papayactl --room ops acceptor stop"])


def test_restart_stops_and_starts(bsd: Script) -> None:
    _, ran = bsd.run("restart", "main")
    assert [line.split()[0] for line in ran] == ["papayactl", "papayad"]


def test_one_room_that_fails_stops_no_other(bsd: Script) -> None:
    code, ran = bsd.run("start", "broken", "main")
    assert code == 78
    assert len(ran) == 2


def test_it_is_off_by_default(bsd: Script) -> None:
    (bsd.directory / "rc.conf").write_text("")
    assert bsd.run("start") == (0, [])


@pytest.fixture(params=["papayad", "papayad_ops"])
def openbsd(request: pytest.FixtureRequest, tmp_path: Path) -> Script:
    script = Script(tmp_path, "openbsd/pkg/papayad.rc", "rc")
    script.path = script.path.rename(tmp_path / f"x{request.param}")  # beside the stand-in
    (tmp_path / "subr").write_text(OPENBSD_SUBR)
    directory = tmp_path / "rc.d"
    directory.mkdir()
    script.path = script.path.rename(directory / request.param)
    return script


def test_openbsd_means_the_acceptor_only(openbsd: Script) -> None:
    room = "ops" if openbsd.path.name.endswith("_ops") else "main"
    assert openbsd.run("start") == (0, [f"papayad --room {room}"])
    _, (stop,) = openbsd.run("stop")
    pattern = stop.removeprefix("pkill -TERM -xf ")
    assert _matches(pattern, f"papayad[{room}]: acceptor 127.0.0.1:7722")
    assert _matches(pattern, f"python3.12: papayad[{room}]: acceptor 127.0.0.1:7722 [::1]:7722")
    assert not _matches(pattern, f"papayad[{room}]: alice@192.0.2.1:7 recv")
    assert not _matches(pattern, "papayad[other]: acceptor 127.0.0.1:7722")
    assert openbsd.run("reload")[1] == [stop.replace("TERM", "HUP")]


def _matches(pattern: str, title: str) -> bool:
    found = subprocess.run(["grep", "-Exq", pattern], input=title, text=True, check=False)
    return found.returncode == 0


@pytest.mark.parametrize(("service", "room"), [("papayad", "main"), ("papayad.ops", "ops")])
def test_openrc(tmp_path: Path, service: str, room: str) -> None:
    script = Script(tmp_path, "openrc/papayad", "rc")
    runner = tmp_path / "openrc-run"
    runner.write_text(OPENRC_RUN)

    def run(action: str) -> list[str]:
        code, ran = script.run(str(runner), str(script.path), action, RC_SVCNAME=service)
        assert code == 0
        return [line.strip() for line in ran]

    started = run("start")
    assert started[-2:] == [f"papayad --room {room} --check", f"papayad --room {room}"]
    assert f"/run/papaya/{room}" in started[1]
    for action in ("stop", "status", "reload"):
        assert run(action) == [f"papayactl --room {room} acceptor {action}"]
    assert run("sessions") == [f"papayactl --room {room} list"]
    assert run("checkconfig") == [f"papayad --room {room} --check"]
