"""What setting a title must not bring into every fork."""

import subprocess
import sys

_RECORD = """
import os
registered = []
os.register_at_fork = lambda **handlers: registered.append(handlers)
import papayad.main
print(len(registered))
"""


def test_no_python_code_runs_in_a_child_because_of_an_import() -> None:
    """It would touch 110 pages in every process of a room."""
    done = subprocess.run(
        [sys.executable, "-c", _RECORD], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "0\n"
