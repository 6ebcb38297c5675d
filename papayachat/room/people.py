"""People: who is here, who spoke last, and the names that begin with what was typed."""

from typing import NamedTuple

from papayad.formats.record import NAME, SERVER, Record


class Moves(NamedTuple):
    """Who has just come, and who has just left."""

    came: frozenset[str] = frozenset()
    went: frozenset[str] = frozenset()


_NOBODY = Moves()


class People:
    """`doubtful`: somebody who left may still be here on another device; only WHO shows it."""

    def __init__(self, me: str) -> None:
        self.online: set[str] = set()
        self.doubtful = False
        self._arrived: set[str] = set()  # came since the server last said who is here
        self._me = me
        self._spoke: dict[str, None] = {}  # in the order in which they last spoke

    def hear(self, record: Record, live: bool) -> Moves:
        """Take in a record; `live`: it was written since we connected."""
        if record.sender != SERVER:
            self._spoke.pop(record.sender, None)
            self._spoke[record.sender] = None
            return _NOBODY
        verb, name = moved(record.text) or ("", "")
        if verb == "join":
            return self._join(name, live)
        return self._part(name, live) if verb == "part" else _NOBODY

    def answered(self, names: str) -> Moves:
        """Take the answer to WHO; it may lack people who came just before it."""
        before = self.online
        self.online = {name for name in names.split() if NAME.match(name)} | self._arrived
        self._arrived = set()
        return Moves(frozenset(self.online - before), frozenset(before - self.online))

    def forget(self) -> None:
        """Forget who is here: without a connection we cannot know it."""
        self.online, self._arrived, self.doubtful = set(), set(), False

    def knows(self, name: str) -> bool:
        """Whether somebody of that name is here, or has spoken."""
        return name in self.online or name in self._spoke

    def names_from(self, start: str) -> list[str]:
        """Names that begin so: who spoke last comes first, then the others who are here."""
        spoke = [name for name in reversed(self._spoke) if name != self._me]
        rest = sorted(self.online - set(spoke) - {self._me})
        return [name for name in (*spoke, *rest) if name.startswith(start.lower())]

    def _join(self, name: str, live: bool) -> Moves:
        if live:
            self._arrived.add(name)
        if name in self.online:
            return _NOBODY
        self.online.add(name)
        return Moves(came=frozenset((name,)))

    def _part(self, name: str, live: bool) -> Moves:
        if name not in self.online or (live and name == self._me):
            return _NOBODY  # it was another device of ours: this one is here
        self.online.discard(name)
        self._arrived.discard(name)
        self.doubtful = self.doubtful or live
        return Moves(went=frozenset((name,)))


def moved(text: str) -> tuple[str, str] | None:
    """("join", NAME) or ("part", NAME); None for another record of the server."""
    verb, _, name = text.partition(" ")
    return (verb, name) if verb in ("join", "part") and name else None
