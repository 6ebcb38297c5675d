"""Setting the title of the calling process (design section 7), and nothing else of setproctitle.

setproctitle imports logging and threading. These register Python code that runs in the child after
each fork, for threads and locks that papayad never has; it would cost every process of a room 110
pages. So this module prevents the registration. It is a module of its own because it has to be the
first in the daemon that imports either of them.
"""

import os
from typing import Any


def _ignore(**handlers: Any) -> None:
    """Stands in for os.register_at_fork while setproctitle is imported."""


_register = os.register_at_fork
os.register_at_fork = _ignore
try:
    import setproctitle
finally:
    os.register_at_fork = _register

# The title takes the place of the arguments, and setproctitle finds these next to the first
# variable of the environment. It has to look now: later that variable may have been changed (HOME)
# or removed.
setproctitle.getproctitle()


def set_title(name: tuple[str, str]) -> None:
    """Name the calling process: a title for ps, and a short name of 15 bytes (comm).

    `top`, `ss -tnp`, `lsof` and the kernel show the short name, proc_pid_comm(5). setproctitle
    would fill it with the beginning of the title, which is the same for every client.
    """
    title, comm = name
    setproctitle.setproctitle(title)
    setproctitle.setthreadtitle(comm)
