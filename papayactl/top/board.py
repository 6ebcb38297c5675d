"""What `top` shows: the clients in their order, which one is chosen, and what a key does.

It knows neither a terminal nor rich, so that tests need neither; `screen` draws it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from papayactl.act import end, freeze
from papayactl.cli import cells, table
from papayactl.cli.figures import size
from papayactl.look import acceptor, clients, columns, living, selectors
from papayactl.look.acceptor import Status
from papayactl.look.clients import FROZEN, Look
from papayad.errors import Fault
from papayad.settings import Settings
from papayad.state.roster import Entry

KEYS = "q quit  arrows choose  k kill  f freeze  / filter  s sort  r reverse"
ABOVE = 3  # lines above the table's heading
BELOW = 1  # and below its last row

MOVES = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -1 << 30, "end": 1 << 30}

_SORTS = ("cpu", "client", "lag", "pss", "in", "out", "age", "state")
_COLUMNS = columns.DEFAULT


@dataclass
class Board:
    """The state between two keys. `question` waits for a y; `typing` is a filter so far."""

    settings: Settings
    texts: tuple[str, ...] = ()
    sort: str = "cpu"
    filter: str = ""
    typing: str | None = None
    question: str = ""
    message: str = ""
    chosen: str = ""  # the entry's name
    done: bool = False
    status: Status | None = None
    rows: list[Look] = field(default_factory=list)
    first: int = 0  # the number of the first visible row
    _before: dict[str, Look] = field(default_factory=dict)
    _totals: tuple[float, int, int] = (0.0, 0, 0)
    _rates: tuple[float | None, float | None] = (None, None)

    def refresh(self, visible: int | None) -> None:
        """Look again; read what costs more only for `visible` rows (None: for all)."""
        meant = self._meant()
        seen = clients.compare(clients.look_at(self.settings, meant), self._before)
        self._before = {look.entry.name: look for look in seen}
        self._count(seen)
        self.status = acceptor.status(self.settings)
        if columns.FIELDS[self.sort.removeprefix("-")].costly:
            self.rows = columns.sort(clients.look_closer(self.settings, seen), self.sort)
            self._scroll(visible)
            return
        self.rows = columns.sort(seen, self.sort)
        self._scroll(visible)
        self._look_closer(visible)

    def reveal(self, visible: int) -> None:
        """After a move: look closer at the rows that have become visible."""
        first = self.first
        self._scroll(visible)
        if self.first != first:
            self._look_closer(visible)

    def lines(self, width: int, height: int) -> tuple[list[str], int | None]:
        """The lines of the screen, and the number of the chosen client's line."""
        visible = max(1, height - ABOVE - BELOW - 1)
        self._scroll(visible)
        shown = self.rows[self.first : self.first + visible]
        rows = [columns.render(look, _COLUMNS) for look in shown]
        headings = [columns.FIELDS[name].column for name in _COLUMNS]
        drawn = table.lines(headings, rows, width) or ["nobody is here"]
        place = self._place()
        chosen = None if place is None else ABOVE + 1 + place - self.first
        lines = [*self.heading(), self._third_line(), *drawn]
        lines += [""] * (height - BELOW - len(lines))
        below = f"{KEYS}  {self.first + len(shown)}/{len(self.rows)}"
        return [cells.cut(cells.plain(line), width) for line in [*lines, below]], chosen

    def heading(self) -> list[str]:
        """Two lines about the room."""
        seen = self.status
        state = f"{seen.state}, pid {seen.pid}" if seen and seen.pid else "no acceptor"
        frozen = sum(look.state == FROZEN for look in self.rows)
        people = f"{len(self.rows)} client" + ("" if len(self.rows) == 1 else "s")
        people += f", {frozen} frozen" if frozen else ""
        used = sum(look.recent or 0.0 for look in self.rows)
        into, out = (f"{size(rate)}/s" if rate is not None else "-" for rate in self._rates)
        clock = time.strftime("%H:%M:%S")
        return [
            f"papaya {self.settings.room}: {state}, {people}, {clock}",
            f"cpu {used:.1f}%  in {into}  out {out}  sorted by {self.sort}"
            + (f"  filter {self.filter}" if self.filter else ""),
        ]

    def press(self, key: str) -> None:
        """Do what a key says: "up", "down", "pageup", "enter", "escape", or a character."""
        if self.typing is not None:
            self._type(key)
        elif self.question:
            self._answer(key)
        else:
            self.message = ""
            self._command(key)

    def _command(self, key: str) -> None:
        if key in MOVES:
            self._move(MOVES[key])
        elif key in ("q", "ctrl-c"):
            self.done = True
        elif key in ("k", "f"):
            self._ask(key)
        elif key == "/":
            self.typing = ""
        elif key == "escape":
            self.filter = ""
        elif key == "s":
            bare = self.sort.removeprefix("-")
            place = _SORTS.index(bare) if bare in _SORTS else -1
            self.sort = _SORTS[(place + 1) % len(_SORTS)]
        elif key == "r":
            self.sort = self.sort[1:] if self.sort.startswith("-") else f"-{self.sort}"

    def _type(self, key: str) -> None:
        assert self.typing is not None
        if key == "enter":
            self._filter_by(self.typing)
            self.typing = None
        elif key in ("escape", "ctrl-c"):
            self.typing = None
        elif key == "backspace":
            self.typing = self.typing[:-1]
        elif len(key) == 1:
            self.typing += key

    def _filter_by(self, text: str) -> None:
        try:
            for word in text.split():
                selectors.parse(word)
            self.filter = text.strip()
        except Fault as fault:
            self.message = str(fault)

    def _ask(self, key: str) -> None:
        look = self.chosen_look()
        if look is None:
            self.message = "choose a client with the arrows"
            return
        verb = "kill" if key == "k" else "thaw" if look.state == FROZEN else "freeze"
        self.question = f"{verb} {living.label(look.entry)}"

    def _answer(self, key: str) -> None:
        verb, self.question = self.question.partition(" ")[0], ""
        look = self.chosen_look()
        if key not in ("y", "Y") or look is None:
            self.message = "nothing was done"
            return
        try:
            self.message = self._do(verb, look.entry)
        except Fault as fault:
            self.message = str(fault)

    def _do(self, verb: str, entry: Entry) -> str:
        if verb == "kill":
            return end.end(self.settings, [entry])[0].sentence()
        change = freeze.thaw if verb == "thaw" else freeze.freeze
        return change(self.settings, [entry])[0].sentence()

    def chosen_look(self) -> Look | None:
        place = self._place()
        return None if place is None else self.rows[place]

    def _third_line(self) -> str:
        if self.typing is not None:
            return f"filter: {self.typing}_"
        return f"{self.question}? y/n" if self.question else self.message

    def _meant(self) -> Sequence[Entry]:
        entries = living.living(self.settings)
        for texts in (self.texts, tuple(self.filter.split())):
            entries = selectors.choose(entries, texts) if texts else entries
        return entries

    def _count(self, seen: Sequence[Look]) -> None:
        """Bytes a second, of the clients that were there at both looks."""
        now = time.monotonic()
        into = sum(look.bytes_in or 0 for look in seen)
        out = sum(look.bytes_out or 0 for look in seen)
        before, old_into, old_out = self._totals
        if before:
            passed = now - before
            self._rates = max(0, into - old_into) / passed, max(0, out - old_out) / passed
        self._totals = now, into, out

    def _look_closer(self, visible: int | None) -> None:
        last = None if visible is None else self.first + visible
        seen = clients.look_closer(self.settings, self.rows[self.first : last])
        self.rows[self.first : last] = seen

    def _place(self) -> int | None:
        for place, look in enumerate(self.rows):
            if look.entry.name == self.chosen:
                return place
        return None

    def _move(self, steps: int) -> None:
        if not self.rows:
            return
        place = self._place()
        if place is None:
            place = self.first if steps > 0 else self.first + 1
            steps -= 1 if steps == 1 else 0
        place = min(len(self.rows) - 1, max(0, place + steps))
        self.chosen = self.rows[place].entry.name

    def _scroll(self, visible: int | None) -> None:
        """Keep the chosen client on the screen, and no empty lines below the last."""
        if visible is None:
            self.first = 0
            return
        place = self._place()
        if place is not None:
            self.first = min(place, max(self.first, place - visible + 1))
        self.first = max(0, min(self.first, len(self.rows) - visible))
