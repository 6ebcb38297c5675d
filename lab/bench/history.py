"""How long a long history takes papayachat to open and to scroll: `python -m lab.bench history`."""

import os
import random
import tempfile
import time
from pathlib import Path

import click

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import LOG, TOKEN
from papayachat.disk import profile as profiles
from papayachat.disk.replica import Replica, directory
from papayachat.stream.cursor import Cursor
from papayad.formats import invite, record

WORDS = ["the", "quick", "fox", "jumps", "over", "lazy", "https://example.org/x", "你好", "papaya"]


def conversation(count: int) -> bytes:
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


def timed(what: str, terminal: Emulator, keys: str, *seen: str) -> None:
    start = time.perf_counter()
    terminal.enter(keys)
    terminal.sees(*seen)
    print(f"{what:32} {time.perf_counter() - start:6.3f} s")


@click.command("history")
@click.option("--lines", type=click.IntRange(1), default=100_000, show_default=True)
def history(lines: int) -> None:
    """How long papayachat takes to open, scroll and search a long history, and its memory."""
    with tempfile.TemporaryDirectory() as home:
        for kind in ("CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{kind}_HOME"] = f"{home}/{kind}"
        address = f"papaya://alice:{TOKEN}@127.0.0.1:1/main"
        profiles.save(profiles.make(invite.parse(address), "main", plain=True))
        Replica(directory("main")).keep(Cursor(LOG, 0), conversation(lines))
        start = time.perf_counter()
        with Emulator(columns=160, rows=50) as terminal:
            terminal.sees("\u2502", " main |")
            print(f"{'open':32} {time.perf_counter() - start:6.3f} s, {lines} lines")
            terminal.sees("reconnecting")
            timed("a key", terminal, "k", "> k")
            timed("a page up", terminal, "\x15\x1b[5~", "scrolled up")
            timed("to the beginning", terminal, "\x1b<", "21 September 2026")
            timed("to a day in the middle", terminal, "/goto 2027-01-01\r", "1 January 2027")
            timed("search, nothing there", terminal, "/search zzzz\r", "nothing has zzzz")
            timed("search, found in the last lines", terminal, "/search fox\r", "1 of")
            timed("the one before", terminal, "\x10", "2 of")
            start = time.perf_counter()
            timed("grep, the first are seen", terminal, "/grep fox jumps\r", "only 'fox jumps'")
            terminal.until(lambda: "...," not in terminal.text())
            print(f"{'grep, all are found':32} {time.perf_counter() - start:6.3f} s")
            timed("a page up in it", terminal, "\x1b[5~", "scrolled up")
            timed("a key in it", terminal, "k", "> k")
            timed("an expression, all are found", terminal, "\x15/grep /z.z/\r", "/z.z/': 0, Esc")
            status = Path(f"/proc/{terminal.pid}/status").read_text()
            print(next(line for line in status.splitlines() if line.startswith("VmHWM")))
