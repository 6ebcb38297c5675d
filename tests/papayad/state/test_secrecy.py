"""Files that keep secrets: which modes are refused, and which are told of."""

from pathlib import Path

import pytest

from papayad.errors import CONFIGURATION, Fault
from papayad.state import secrecy, tokens


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.touch()
    return path


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400, 0o440])
def test_a_key_for_owner_and_group_is_taken(file: Path, mode: int) -> None:
    file.chmod(mode)
    secrecy.refuse_open_key(file)
    assert secrecy.indiscretion(file) == ""


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602])
def test_an_open_key_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(Fault) as caught:
        secrecy.refuse_open_key(file)
    assert caught.value.code == CONFIGURATION


def test_a_token_file_that_everybody_can_write_is_refused(file: Path) -> None:
    file.chmod(0o646)
    with pytest.raises(Fault):
        tokens.read_tokens(file)


def test_a_token_file_that_everybody_can_read_is_told_of(file: Path) -> None:
    file.chmod(0o644)
    assert tokens.read_tokens(file) == {}
    assert str(file) in secrecy.indiscretion(file)
