"""What setting a title must not bring into every fork."""

import os
import subprocess
import sys

import pytest

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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_environment_may_change_before_the_first_title() -> None:
    """Its first variable did, where HOME was that, and the processes kept their arguments."""
    script = (
        "import os; from papayad.system import proctitle; os.environ['FIRST'] = 'another value'; "
        "proctitle.set_title(('a title', 'a comm')); "
        "print(open('/proc/self/cmdline').read().rstrip(chr(0)), open('/proc/self/comm').read())"
    )
    environment = {"FIRST": "1"} | os.environ
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "a title a comm\n\n"
