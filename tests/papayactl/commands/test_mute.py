"""`mute` and `unmute`: marks of the room's, which papayad looks at."""

import json

from lab.kit.admin.staged import StagedRoom
from papayad.state import marks


def test_a_user_is_muted_until_unmute(room: StagedRoom) -> None:
    for user in ("alice", "bob"):
        room.ctl("token", "add", user)
    assert room.ctl_json("mute", "alice", "bob") == {"muted": ["alice", "bob"]}
    mark = marks.muted(room.settings.state_dir) / "alice"
    assert mark.stat().st_uid == room.settings.state_dir.stat().st_uid
    assert marks.is_muted(str(room.settings.state_dir), "alice")
    assert not marks.is_muted(str(room.settings.state_dir), "carol")
    assert room.ctl("mute").stdout == "muted alice\nmuted bob\n"
    assert json.loads(room.ctl("--json", "status").stdout)["muted"] == ["alice", "bob"]
    assert room.ctl_json("unmute", "bob") == {"muted": ["alice"]}
    assert room.ctl_json("unmute", "--all") == {"muted": []}
    assert not marks.is_muted(str(room.settings.state_dir), "alice")


def test_a_mistake_changes_nothing(room: StagedRoom) -> None:
    room.ctl("token", "add", "alice")
    assert room.ctl("mute", "alice", "nobody-knows").exit_code == 1
    assert room.ctl("mute", "../roster").exit_code == 1
    assert room.ctl_json("mute") == {"muted": []}
    room.ctl("mute", "alice")
    assert room.ctl("unmute", "alice", "bob").exit_code == 3
    assert room.ctl("unmute").exit_code == 2
    assert room.ctl("unmute", "alice", "--all").exit_code == 2
    assert room.ctl_json("mute") == {"muted": ["alice"]}


def test_a_muted_user_whose_token_is_gone_can_be_unmuted(room: StagedRoom) -> None:
    room.ctl("token", "add", "alice")
    room.ctl("mute", "alice")
    room.ctl("token", "revoke", "alice")
    assert "papayactl unmute alice" in room.ctl("doctor", "-q").stdout
    assert room.ctl("unmute", "alice").exit_code == 0
