"""Code of a test's own in a living RECV or SEND, once it has confined itself.

What runs there is mallory's: a client of that name, and everybody else's processes are as always.
"""

from lab.kit.room import Room, wait_for

MALLORY = "mallory"

_BEFORE = """
import ctypes, errno, fcntl, os, signal, socket, time
from lab.kit.machine import cage
from papayad.cluster import begin
from papayad.sandbox import landlock
{more}
clients, papayad_shared = [], []
_begin, _confine, _run = begin.begin, begin._confine, begin.Receiver.run
is_mallory = lambda: clients and clients[0].seat.entry.user == {mallory!r}

def attempt(name, call, *words):
    try:
        outcome = f"done {{call(*words)}}"
    except OSError as error:
        outcome = errno.errorcode[error.errno]
    say(f"{{name}}: {{outcome}}")

def inside(client, shared):
    global say
    say = lambda words: shared.journal.info(f"inside {{words}}")
{body}

def remembered(client, shared):
    clients[:], papayad_shared[:] = [client], [shared]
    _begin(client, shared)

def confined(role, shared):
    _confine(role, shared)
    if role == "send" == {role!r} and is_mallory():
        seat = clients[0].seat
        entry = os.open(f"{{seat.path}}/{{seat.entry.name}}", os.O_RDONLY)
        while b"send=" not in os.pread(entry, 999, 0):
            time.sleep(0.01)
        inside(clients[0], shared)

def received(self, first):
    if "recv" == {role!r} and is_mallory():
        inside(clients[0], papayad_shared[0])
    return _run(self, first)

begin.begin, begin._confine, begin.Receiver.run = remembered, confined, received
"""
WITHOUT_LANDLOCK = "landlock.version = lambda _: 0"


def have(room: Room, role: str, body: str, more: str = "") -> None:
    """Before the room starts: what mallory's process of this role does before its work.

    `client` and `shared` are what it has; `say` and `attempt` tell what came of it.
    """
    indented = "\n".join(f"    {line}" for line in body.strip().splitlines())
    room.before = _BEFORE.format(role=role, mallory=MALLORY, body=indented, more=more)


def said(room: Room) -> dict[str, str]:
    """What it told so far: the outcome of each attempt."""
    lines = [line.partition(" inside ")[2] for line in room.journal().splitlines()]
    return {name: outcome for name, _, outcome in (line.partition(": ") for line in lines) if name}


def outcomes(room: Room, last: str = "last") -> dict[str, str]:
    """All of them, when the one called `last` is there."""
    wait_for(lambda: last in said(room))
    return said(room)
