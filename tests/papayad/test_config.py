"""The configuration: what is not understood is a problem with a name, never ignored."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from papayad import config
from papayad.config import Problems
from papayad.errors import CONFIGURATION, USAGE, Fault
from papayad.settings import SECTIONS, Settings


def load(tmp_path: Path, text: str, room: str = "main") -> Settings:
    path = tmp_path / "room.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path, room)


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(Problems) as caught:
        load(tmp_path, text)
    assert caught.value.code == CONFIGURATION
    return caught.value.lines


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, "")
    assert found.listen.addresses == ["0.0.0.0:7722", "[::]:7722"]
    assert found.listen.tls == "required"
    assert found.service.user == "papaya"
    assert found.chatlog.durability == "disk"
    assert found.limits.auth_seconds == 5.0
    assert found == config.defaults("main", found.path)


def test_a_rooms_directories_bear_its_name(tmp_path: Path) -> None:
    found = load(tmp_path, "", room="friends")
    assert found.service.state_dir == "/var/lib/papaya/friends"
    assert found.service.run_dir == "/run/papaya/friends"
    assert found.pid_file == Path("/run/papaya/friends/papayad.pid")


def test_what_is_given_replaces_the_default(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        '[service]\nstate_dir = "/srv/grüße"\n[limits]\nauth_seconds = 2\nmax_clients = 7\n',
    )
    assert found.service.state_dir == "/srv/grüße"
    assert found.limits.auth_seconds == 2.0
    assert isinstance(found.limits.auth_seconds, float)
    assert found.limits.max_clients == 7


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[listne]", "listne: unknown section or key"),
        ("user = 'x'", "user: unknown section or key"),
        ("limits = 3", "limits: has to be a section, [limits]"),
        ("[limits]\nmax_client = 3", "limits.max_client: unknown key"),
        ("[limits]\nmax_clients = 3.0", "limits.max_clients: has to be a whole number"),
        ("[limits]\nmax_clients = true", "limits.max_clients: has to be a whole number"),
        ("[limits]\nmax_clients = '3'", "limits.max_clients: has to be a whole number"),
        ("[limits]\nmax_clients = 0", "limits.max_clients: has to be 1 or more"),
        ("[limits]\nauth_seconds = true", "limits.auth_seconds: has to be a number"),
        ("[limits]\nauth_seconds = nan", "limits.auth_seconds: has to be finite"),
        ("[limits]\nauth_seconds = inf", "limits.auth_seconds: has to be finite"),
        ("[limits]\nauth_seconds = 0", "limits.auth_seconds: has to be 0.1 or more"),
        ("[listen]\npapayachat_compat = 1", "listen.papayachat_compat: has to be true or false"),
        ("[listen]\ntls = 'no'", 'listen.tls: has to be one of "required", "optional", "off"'),
        ("[listen]\naddresses = ''", "listen.addresses: has to be a list of strings"),
        ("[listen]\naddresses = [7722]", "listen.addresses: has to be a list of strings"),
        ("[listen]\naddresses = []", "listen.addresses: names no address to listen on"),
        (
            "[listen]\naddresses = ['[::]:1', '[::]:1']",
            "listen.addresses: names an address twice",
        ),
        (
            "[listen]\naddresses = ['localhost:1']",
            'listen.addresses: "localhost:1" is not a numeric address',
        ),
        ("[service]\nstate_dir = 'var'", "service.state_dir: has to be an absolute path"),
        ("[service]\nstate_dir = '/a\\nb'", None),
        ('[service]\nstate_dir = "/a\\nb"', "service.state_dir: has to be an absolute path"),
        ("[service]\nlog_to = '/x'", 'service.log_to: has to be one of "syslog", "stderr"'),
        (
            "[listen]\ntls = 'off'",
            'listen.tls: "off" is refused, since 0.0.0.0:7722 is not loopback',
        ),
        (
            "[listen]\npapayachat_compat = true",
            'listen.papayachat_compat: needs tls "optional" or "off"',
        ),
    ],
)
def test_a_problem_is_named(tmp_path: Path, text: str, problem: str | None) -> None:
    if problem is None:
        load(tmp_path, text)
    else:
        assert problem in problems(tmp_path, text)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, "x = 1\n[limits]\nmax_clients = 0\n[service]\nuser = 3\n")
    assert [line.split(":")[0] for line in found] == ["x", "service.user", "limits.max_clients"]


def test_problems_are_one_line_for_a_person(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    assert str(Problems(path, ["x: y"])) == f"{path}: x: y"
    assert str(Problems(path, ["x: y", "z"])) == f"{path}: x: y: and 1 more: see papayad --check"


def test_what_is_not_toml_says_where(tmp_path: Path) -> None:
    assert "line 2" in problems(tmp_path, "[limits]\nmax_clients\n")[0]


def test_what_is_not_utf8_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    path.write_bytes(b"# \xff\n")
    with pytest.raises(Problems, match="not UTF-8"):
        config.load(path, "main")


def test_a_missing_file_is_a_fault_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"No such file.*papayactl init") as caught:
        config.load(tmp_path / "room.toml", "main")
    assert caught.value.code == CONFIGURATION


def test_tls_may_be_off_on_loopback(tmp_path: Path) -> None:
    text = "[listen]\ntls = 'off'\naddresses = ['127.0.0.1:7722', '[::1]:7722']\n"
    assert load(tmp_path, text).listen.tls == "off"


def test_what_is_rendered_is_read_back_with_a_comment_on_every_key(tmp_path: Path) -> None:
    path = tmp_path / "room.toml"
    changes: dict[str, dict[str, Any]] = {
        "listen": {"addresses": ["127.0.0.1:1"], "tls": "optional", "papayachat_compat": True},
        "service": {"state_dir": '/a "quoted" \\ path'},
        "limits": {"auth_seconds": 0.25},
    }
    made = config.defaults("main", path, **changes)
    text = config.render(made)
    assert load(tmp_path, text) == made
    tables = tomllib.loads(text)
    for name, kind in SECTIONS.items():
        assert set(tables[name]) == {known.name for known in fields(kind)}
    keys = [line for line in text.splitlines() if " = " in line]
    assert all("  # " in line for line in keys)


def test_as_dict_is_the_tables_of_the_file(tmp_path: Path) -> None:
    made = config.defaults("main", tmp_path / "room.toml")
    assert config.as_dict(made) == tomllib.loads(config.render(made))


def test_the_option_goes_before_the_environment_before_the_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(config.ENVIRONMENT, raising=False)
    assert config.find(None, "friends") == Path("/etc/papaya/friends.toml")
    monkeypatch.setenv(config.ENVIRONMENT, "/from/environment.toml")
    assert config.find(None, "friends") == Path("/from/environment.toml")
    assert config.find("/from/option.toml", "friends") == Path("/from/option.toml")
    assert config.find("relative.toml", "friends") == Path.cwd() / "relative.toml"


@pytest.mark.parametrize("room", ["", "../etc/passwd", "Main", "a/b"])
def test_a_room_that_could_be_a_path_is_refused(room: str) -> None:
    with pytest.raises(Fault) as caught:
        config.find(None, room)
    assert caught.value.code == USAGE
