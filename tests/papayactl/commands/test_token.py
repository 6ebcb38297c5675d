"""`token`: add, list, revoke."""

import os
import signal
import threading
import time
from dataclasses import asdict

import pytest

from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT, give_to_service
from papayactl.state import token_file
from papayad import config
from papayad.formats import invite
from papayad.log import store
from papayad.state import bans, marks, tokens


def test_add_prints_the_invite_and_keeps_no_token(room: StagedRoom) -> None:
    result = room.ctl("token", "add", "alice")
    card = invite.parse(result.stdout)
    assert (card.name, card.host, card.room) == ("alice", "127.0.0.1", "main")
    assert tokens.read_tokens(room.settings.tokens)[tokens.digest(card.token)].user == "alice"
    assert card.token not in room.settings.tokens.read_text()


def test_add_with_host_and_end(room: StagedRoom) -> None:
    said = room.ctl_json("token", "add", "alice", "--host", "chat.example.org", "--expires", "30d")
    assert invite.parse(said["invite"]).host == "chat.example.org"
    (known,) = tokens.read_tokens(room.settings.tokens).values()
    assert abs(known.expires - time.time() - 30 * 86400) < 60
    assert said["expires"] == tokens.format_time(known.expires)


def test_the_configured_host_is_in_every_invite(room: StagedRoom) -> None:
    settings = room.settings.path.read_text().replace('host = ""', 'host = "chat.example.org"')
    room.settings.path.write_text(settings)
    assert invite.parse(room.ctl("token", "add", "alice").stdout).host == "chat.example.org"
    said = room.ctl("token", "add", "alice", "--host", "2001:db8::1").stdout
    assert invite.parse(said).host == "2001:db8::1"


def test_wrong_names_and_times_are_refused(room: StagedRoom) -> None:
    assert room.ctl("token", "add", "Alice Smith").exit_code == 2
    assert room.ctl("token", "add", "alice", "--expires", "whenever").exit_code == 2
    assert room.settings.tokens.read_text() == ""


@pytest.mark.parametrize("name", ["10.0.0.1", "10.0.0", "10", "0x7f.1", "1..", "99999999999"])
def test_a_new_name_that_could_be_an_address_or_a_pid_is_refused(
    room: StagedRoom, name: str
) -> None:
    result = room.ctl("token", "add", name)
    assert (result.exit_code, "could be an address" in result.stderr) == (2, True)
    assert room.settings.tokens.read_text() == ""


def test_names_with_letters_are_none(room: StagedRoom) -> None:
    for name in ("10.0.0.a", "bob.1", "0xy", "1-2"):
        assert room.ctl("token", "add", name).exit_code == 0


def test_a_user_who_is_called_like_an_address_is_banned_by_name(room: StagedRoom) -> None:
    room.client("10.0.0.1", token="0" * 8)
    said = room.ctl_json("ban", "user:10.0.0.1", "user:bob", "address:10.0.0.1")
    assert [ban["subject"] for ban in said["banned"]] == ["user:10.0.0.1", "bob", "10.0.0.1"]
    assert [session["ended"] for session in said["sessions"]] == [True]
    known = bans.Bans(bans.read_bans(room.settings.bans))
    assert known.of_user("10.0.0.1", time.time())
    assert room.ctl("unban", "user:10.0.0.1", "user:bob").exit_code == 0
    assert [ban.subject for ban in bans.read_bans(room.settings.bans)] == ["10.0.0.1"]


def test_two_at_once_are_both_there(room: StagedRoom) -> None:
    names = [f"user{number}" for number in range(8)]
    workers = [
        threading.Thread(target=token_file.add, args=(room.settings.tokens, name)) for name in names
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    known = tokens.read_tokens(room.settings.tokens).values()
    assert sorted(token.user for token in known) == names


def test_list_counts_what_is_open(room: StagedRoom) -> None:
    one = room.ctl_json("token", "add", "alice")
    room.ctl("token", "add", "bob")
    room.client("alice", token=one["id"])
    listed = {token["user"]: token["sessions"] for token in room.ctl_json("token", "list")}
    assert listed == {"alice": 1, "bob": 0}
    assert "alice" in room.ctl("token", "list").stdout


def test_revoke_ends_its_sessions_within_a_second(room: StagedRoom) -> None:
    ids = [room.ctl_json("token", "add", name)["id"] for name in ("alice", "alice", "bob")]
    for token in ids:
        room.client("alice", token=token)
    room.client("alice", token=ids[0], stubborn=True)
    frozen = room.client("alice", token=ids[1])
    os.kill(frozen.recv, signal.SIGSTOP)
    began = time.monotonic()
    said = room.ctl_json("token", "revoke", "alice")
    assert time.monotonic() - began < 1
    assert {token["id"] for token in said["revoked"]} == set(ids[:2])
    assert [session["ended"] for session in said["sessions"]] == [True] * 4
    assert [client["token"] for client in room.ctl_json("list")] == [ids[2]]
    assert [token["user"] for token in room.ctl_json("token", "list")] == ["bob"]


def test_rename_keeps_the_token_and_ends_the_sessions_with_the_reason(room: StagedRoom) -> None:
    token = room.ctl_json("token", "add", "alice")["id"]
    cluster = room.client("alice", token=token)
    room.client("bob", token="0" * 8)
    said = room.ctl_json("token", "rename", "alice", "anna")
    assert [(one["id"], one["user"]) for one in said["renamed"]] == [(token, "anna")]
    assert [session["ended"] for session in said["sessions"]] == [True]
    (left,) = tokens.read_tokens(room.settings.tokens).values()
    assert (left.id, left.user) == (token, "anna")
    assert [client["user"] for client in room.ctl_json("list")] == ["bob"]
    assert "token rename alice anna" in room.ctl("audit").stdout
    assert cluster.recv not in {client["recv"] for client in room.ctl_json("list")}


def test_rename_keeps_what_keeps_a_user_out(room: StagedRoom) -> None:
    room.ctl("token", "add", "alice")
    room.ctl("ban", "alice", "--reason", "spam")
    room.ctl("mute", "alice")
    assert room.ctl("token", "rename", "alice", "anna").exit_code == 0
    ban = bans.Bans(bans.read_bans(room.settings.bans)).of_user("anna", time.time())
    assert ban is not None and ban.reason == "spam"
    assert "anna" in marks.users(marks.muted(room.settings.state_dir))


def test_rename_to_one_who_is_there_changes_nothing(room: StagedRoom) -> None:
    for name in ("alice", "bob"):
        room.ctl("token", "add", name)
    room.ctl("mute", "alice")
    before = room.settings.tokens.read_text()
    for old, new, code in (("alice", "bob", 1), ("nobody", "anna", 1), ("alice", "10.0.0.1", 2)):
        assert room.ctl("token", "rename", old, new).exit_code == code
    assert room.settings.tokens.read_text() == before
    assert marks.users(marks.muted(room.settings.state_dir)) == ["alice"]


def test_list_says_when_each_was_used_last(room: StagedRoom) -> None:
    ids = [room.ctl_json("token", "add", name)["id"] for name in ("alice", "bob")]
    mark = marks.seen(room.settings.state_dir) / ids[0]
    mark.touch()
    os.utime(mark, (1_800_000_000, 1_800_000_000))
    first, second = room.ctl_json("token", "list")
    assert (first["last_used"], second["last_used"]) == ("2027-01-15T08:00:00Z", None)
    assert first["clients"] == []
    room.ctl("token", "revoke", "alice")
    assert not mark.exists()


def test_rotate_replaces_one_and_ends_its_sessions(room: StagedRoom) -> None:
    old = room.ctl_json("token", "add", "alice")["id"]
    room.client("alice", token=old)
    said = room.ctl_json("token", "rotate", "alice", "--expires", "30d")
    assert (said["user"], said["replaces"]) == ("alice", old)
    assert [session["ended"] for session in said["sessions"]] == [True]
    (left,) = tokens.read_tokens(room.settings.tokens).values()
    assert left.digest == tokens.digest(invite.parse(said["invite"]).token)
    assert left.expires > time.time()


def test_rotate_with_grace_lets_the_old_one_in_for_a_while(room: StagedRoom) -> None:
    old = room.ctl_json("token", "add", "alice")["id"]
    room.client("alice", token=old)
    said = room.ctl_json("token", "rotate", "alice", "--grace", "1d")
    assert said["sessions"] == []
    known = {token.id: token for token in tokens.read_tokens(room.settings.tokens).values()}
    assert known.keys() == {old, said["id"]}
    assert tokens.format_time(known[old].expires) == said["replaced_until"]
    assert len(room.ctl_json("list")) == 1


def test_rotate_wants_to_know_which(room: StagedRoom) -> None:
    ids = [room.ctl_json("token", "add", "alice")["id"] for _ in range(2)]
    result = room.ctl("token", "rotate", "alice")
    assert result.exit_code == 2
    assert all(id in result.stderr for id in ids)
    assert room.ctl("token", "rotate", ids[0]).exit_code == 0
    assert room.ctl("token", "rotate", "nobody").exit_code == 1


def test_revoke_by_id_leaves_the_users_other_token(room: StagedRoom) -> None:
    ids = [room.ctl_json("token", "add", "alice")["id"] for _ in range(2)]
    room.ctl("token", "revoke", ids[0])
    assert [token["id"] for token in room.ctl_json("token", "list")] == [ids[1]]
    assert room.ctl("token", "revoke", ids[0]).exit_code == 1


def test_revoke_reaches_the_rooms_that_share_the_file(room: StagedRoom) -> None:
    path = room.settings.path.with_name("ops.toml")
    state_dir = room.settings.path.with_name("ops-state")
    own = {"state_dir": str(state_dir)}
    service = asdict(room.settings.service) | own
    path.write_text(config.render(config.defaults("ops", path, service=service)))
    state_dir.mkdir()
    store.prepare(state_dir, lambda _: None)
    if ROOT:
        give_to_service(state_dir)
    token = room.ctl_json("token", "add", "alice")["id"]
    other = StagedRoom(config.load(path, "ops"))
    try:
        other.client("alice", token=token)
        (session,) = room.ctl_json("token", "revoke", "alice")["sessions"]
        assert session["ended"]
    finally:
        other.end()
