"""People: who is here, who spoke last, and the names that begin with what was typed."""

from papayachat.chat import folding
from papayad.formats.record import NAME, SERVER, Record


class People:
    def __init__(self, me: str) -> None:
        self.online: set[str] = set()
        self._arrived: set[str] = set()  # since the server last said who is here
        self._me = me
        self._spoke: dict[str, None] = {}  # in the order in which they last did

    def take(self, record: Record, live: bool) -> bool:
        """See what a record says; True where somebody left who may be here on another device.

        `live`: it was written since we are connected.
        """
        if record.sender != SERVER:
            self._spoke.pop(record.sender, None)
            self._spoke[record.sender] = None
            return False
        verb, name = folding.moved(record.text) or ("", "")
        if verb == "join":
            self.online.add(name)
            if live:
                self._arrived.add(name)
        elif verb == "part" and name in self.online:
            self.online.discard(name)
            self._arrived.discard(name)
            return True
        return False

    def answered(self, names: str) -> None:
        """What the server says to WHO; it may not know of who came while it was about to."""
        self.online = {name for name in names.split() if NAME.match(name)} | self._arrived
        self._arrived = set()

    def forget(self) -> None:
        """Nobody can say any more who is here."""
        self.online, self._arrived = set(), set()

    def beginning(self, start: str) -> list[str]:
        """Names that begin so: who spoke last comes first, then the others who are here."""
        spoke = [name for name in reversed(self._spoke) if name != self._me]
        rest = sorted(self.online - set(spoke) - {self._me})
        return [name for name in (*spoke, *rest) if name.startswith(start.lower())]
