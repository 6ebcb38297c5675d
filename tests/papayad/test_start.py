"""What papayad's start must not leave in every process of a room."""

import subprocess
import sys

_LEFT = """
import sys
import papayad.main
sys.argv = ["papayad", "--room", "main"]
papayad.main.parse_options()
print(*sorted({"shutil", "bz2", "lzma", "random", "tempfile", "subprocess"} & set(sys.modules)))
"""


def test_a_start_leaves_no_module_that_no_cluster_needs() -> None:
    """argparse looks for a terminal with shutil, which brings two compressors' libraries."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}{_LEFT}"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "\n"
