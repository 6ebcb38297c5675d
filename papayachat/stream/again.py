"""This program once more, as another process, with the modules that this one has.

A package may have put them into a directory of its own, of which only this process knows; and what
lies in the directory that the person happens to be in is no module of ours.
"""

import sys


def command(module: str) -> list[str]:
    """The command that runs `main` of a module; arguments follow it."""
    path = [place for place in sys.path if place]
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path[:] = {path!r}; from {module} import main; main()",
    ]
