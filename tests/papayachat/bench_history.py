"""How long a long history takes to open and to scroll, in a terminal: no test, numbers for people.

python -m tests.papayachat.bench_history [LINES]
"""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import LOG, TOKEN
from papayachat.disk import profile as profiles
from papayachat.disk.replica import Replica, directory
from papayachat.stream.cursor import Cursor
from papayad.formats import invite, record

WORDS = ["the", "quick", "fox", "jumps", "over", "lazy", "https://example.org/x", "你好", "papaya"]


def history(count: int) -> bytes:
    dice = random.Random(1)
    lines = []
    for number in range(count):
        when = record.stamp(1_790_000_000 + number * 80)
        if dice.random() < 0.1:
            lines.append(record.render(when, "*", "-", f"{dice.choice(('join', 'part'))} carol"))
        else:
            text = " ".join(dice.choices(WORDS, k=dice.randrange(1, 30)))
            lines.append(record.render(when, dice.choice(("alice", "bob")), "-", text))
    return b"".join(lines)


def timed(what: str, terminal: Emulator, keys: str, seen: str) -> None:
    start = time.perf_counter()
    terminal.enter(keys)
    terminal.sees(seen)
    print(f"{what:24} {time.perf_counter() - start:6.3f} s")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        for kind in ("CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{kind}_HOME"] = f"{home}/{kind}"
        address = f"papaya://alice:{TOKEN}@127.0.0.1:1/main"
        profiles.save(profiles.make(invite.parse(address), "main", plain=True))
        Replica(directory("main")).put(Cursor(LOG, 0), history(count))
        start = time.perf_counter()
        with Emulator(columns=160, rows=50) as terminal:
            terminal.sees("│", "main |")
            print(f"{'open':24} {time.perf_counter() - start:6.3f} s, {count} lines")
            terminal.sees("reconnecting")
            timed("a page up", terminal, "\x1b[5~", "scrolled up")
            timed("to the beginning", terminal, "\x1b<", "21 September 2026")
            timed("to the end", terminal, "\x1b>", "reconnecting")
            timed("search, nothing there", terminal, "/search zzzz\r", "nothing has zzzz")
            timed("grep", terminal, "/grep fox.*fox.*fox\r", "only 'fox")
            status = Path(f"/proc/{terminal.pid}/status").read_text()
            print(next(line for line in status.splitlines() if line.startswith("VmHWM")))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
