"""Setting the title of the calling process (design section 7), and nothing else of setproctitle.

It imports logging and threading, which have Python code run in the child after each fork, for
threads and locks that papayad never has: 110 pages that every process of a room would own instead
of sharing them. So that code is not registered. A module of its own, for it has to be the first in
the daemon that imports either.
"""

import os
from typing import Any


def _ignore(**handlers: Any) -> None:
    """In os.register_at_fork's place while setproctitle is imported."""


_register = os.register_at_fork
os.register_at_fork = _ignore
try:
    import setproctitle
finally:
    os.register_at_fork = _register

# It finds the arguments, whose place the title takes, beside the first variable of the environment:
# now, and not at the first title, when that variable may have been changed (HOME) or removed.
setproctitle.getproctitle()


def set_title(name: tuple[str, str]) -> None:
    """Name the calling process: a title for ps, and 15 bytes for who shows no more (comm).

    `top`, `ss -tnp`, `lsof` and the kernel show the latter, proc_pid_comm(5); setproctitle fills it
    with the beginning of the title, which is the same for every client.
    """
    title, comm = name
    setproctitle.setproctitle(title)
    setproctitle.setthreadtitle(comm)
