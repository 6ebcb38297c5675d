"""click's runner of commands in this process, with stderr apart from stdout."""

import inspect
from typing import Any

from click.testing import CliRunner


def runner() -> CliRunner:
    """As click 8.2 has it always, and 8.1 when it is asked to."""
    known = inspect.signature(CliRunner).parameters
    apart: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in known else {}
    return CliRunner(**apart)
