"""The servers of the experiment: the same rudimentary work, in several paradigms and languages."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from lab.bench.tools import HERE, Workshop, need_module

_PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Contestant:
    """One server. `command` raises Missing.

    `per_client`: beside its first process it has one for each client. `told`: it reads by read(2)
    or its kin, so the kernel counts the bytes; those that recv(2) reads are not counted.
    """

    name: str
    label: str
    command: Callable[[Workshop], list[str]]
    per_client: bool = False
    told: bool = True

    def processes(self, connections: int) -> int:
        return 1 + connections * self.per_client


def _python(file: str, *options: str, module: str = "") -> Callable[[Workshop], list[str]]:
    def command(workshop: Workshop) -> list[str]:
        if module:
            need_module(module)
        return [_PYTHON, str(HERE / "servers" / file), "{port}", *options]

    return command


def _c(file: str, *flags: str) -> Callable[[Workshop], list[str]]:
    return lambda workshop: [workshop.c(f"servers/{file}", *flags), "{port}"]


def _go(file: str) -> Callable[[Workshop], list[str]]:
    return lambda workshop: [workshop.go(f"servers/{file}"), "{port}"]


CONTESTANTS = {
    one.name: one
    for one in (
        Contestant("paper-c", "the paper's C", _c("paper.c", "-O0"), per_client=True),
        Contestant("paper-go", "the paper's Go", _go("paper.go")),
        Contestant("c", "C, process per client", _c("processes.c"), per_client=True),
        Contestant("go", "Go, goroutine per client", _go("goroutines.go")),
        Contestant(
            "python", "Python, process per client", _python("processes.py"), per_client=True
        ),
        Contestant("threads", "Python, thread per client", _python("threads.py")),
        Contestant("asyncio", "Python, asyncio", _python("loop.py", "asyncio"), told=False),
        Contestant(
            "uvloop", "Python, uvloop", _python("loop.py", "uvloop", module="uvloop"), told=True
        ),
        Contestant("recv", "papayad's RECV", _python("recv.py"), per_client=True),
        Contestant(
            "recv-lines",
            "papayad's RECV, lines taken apart",
            _python("recv.py", "lines"),
            per_client=True,
        ),
    )
}
