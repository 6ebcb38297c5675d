"""What papayactl costs in a crowd: `python -m tests.papayactl.benchmark [CLIENTS]`, as root.

Prints, for a room of that many real clients, what each command takes, and the CPU time of a refresh
of `top`; ends with 1 where that is above half a second.
"""

import subprocess
import sys
import time

from lab.kit.room import Room, wait_for
from papayactl.top.board import Board

LIMIT = 0.5  # seconds of CPU that a refresh of top may take
COMMANDS = (["list"], ["usage"], ["status"], ["metrics"], ["kill", "--all", "--yes"])
VISIBLE = 20


def main(count: int) -> int:
    crowd = {"max_clients": count, "max_clients_per_user": count, "history_lines": 0}
    room = Room(limits=crowd | {"max_pending_per_source": count})
    try:
        room.start()
        for number in range(count):
            room.join(f"user{number % 50}", session=f"s{number}", presence=False)
        wait_for(lambda: len(room.entries()) == count)
        used = refresh(room)
        for words in COMMANDS:
            measure(room, words)
    finally:
        room.close()
    return 1 if used > LIMIT else 0


def refresh(room: Room) -> float:
    """CPU seconds of the second look, as in a running top."""
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


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
