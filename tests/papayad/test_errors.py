"""Faults: one line for a person, and an exit code for a script."""

import errno
import os

import pytest

from papayad import errors
from papayad.errors import Fault
from papayad.formats.harmless import harmless


def test_the_exit_codes_are_those_of_the_design() -> None:
    assert (
        errors.DONE,
        errors.FAILED,
        errors.USAGE,
        errors.NOT_RUNNING,
        errors.UNAVAILABLE,
        errors.TRY_AGAIN,
        errors.NO_PERMISSION,
        errors.CONFIGURATION,
    ) == (0, 1, 2, 3, 69, 75, 77, 78)


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault("what", "why", "what to do"), "papayactl: what: why: what to do\n"),
        (Fault("what", "why"), "papayactl: what: why\n"),
        (Fault("two\nlines", "why\n"), "papayactl: two lines: why \n"),
    ],
)
def test_a_fault_is_one_line_on_stderr(
    fault: Fault, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        errors.exit_with("papayactl", fault, harmless)
    assert capsys.readouterr() == ("", line)


def test_a_fault_ends_the_program_with_its_code() -> None:
    with pytest.raises(SystemExit) as caught:
        errors.exit_with("papayad", Fault("what", "why", code=errors.TRY_AGAIN), harmless)
    assert caught.value.code == 75
    with pytest.raises(SystemExit) as caught:
        errors.exit_with("papayad", Fault("what", "why"), harmless)
    assert caught.value.code == 1


def test_the_reason_of_a_system_call_has_neither_number_nor_name() -> None:
    error = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/some/file")
    assert errors.reason(error) == "No such file or directory"
    assert errors.reason(OSError("only words")) == "only words"


def test_a_missing_right_has_its_own_code() -> None:
    assert errors.denied_or(PermissionError(errno.EPERM, ""), 69) == 77
    assert errors.denied_or(OSError(errno.ENOENT, ""), 69) == 69
