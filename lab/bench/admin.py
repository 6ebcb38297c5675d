"""What papayactl costs in a crowd of real clients: each command, and a refresh of `top`.

`python -m lab.bench admin`, as root, ends with 1 if a refresh takes more than half a second.
"""

import subprocess
import sys
import time

import click

from lab.kit.room import Room, wait_for
from papayactl.top.board import Board

LIMIT = 0.5  # seconds of CPU that a refresh of top may take
COMMANDS = (["list"], ["usage"], ["status"], ["metrics"], ["kill", "--all", "--yes"])
VISIBLE = 20


@click.command("admin")
@click.option("--clients", type=click.IntRange(1), default=1000, show_default=True)
def admin(clients: int) -> None:
    """What papayactl costs in a crowd (as root)."""
    crowd = {"max_clients": clients, "max_clients_per_user": clients, "history_lines": 0}
    room = Room(limits=crowd | {"max_pending_per_source": clients})
    try:
        room.start()
        for number in range(clients):
            room.join(f"user{number % 50}", session=f"s{number}", presence=False)
        wait_for(lambda: len(room.entries()) == clients)
        used = refresh(room)
        for words in COMMANDS:
            measure(room, words)
    finally:
        room.close()
    sys.exit(used > LIMIT)


def refresh(room: Room) -> float:
    """The CPU seconds of the second look, which is what each refresh of a running top costs."""
    board = Board(room.settings)
    board.refresh(VISIBLE)
    wall, cpu = time.monotonic(), time.process_time()
    board.refresh(VISIBLE)
    used = time.process_time() - cpu
    print(f"top, a refresh: {time.monotonic() - wall:.3f} s, {used:.3f} s CPU", flush=True)
    return used


def measure(room: Room, words: list[str]) -> None:
    command = [sys.executable, "-m", "papayactl", "--config", str(room.path), *words]
    began = time.monotonic()
    done = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.stdout
    lines = done.stdout.read().splitlines()
    done.wait()
    wall = time.monotonic() - began
    print(f"{' '.join(words)}: {wall:.3f} s, {len(lines)} lines", flush=True)
