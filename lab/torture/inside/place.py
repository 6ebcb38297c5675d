"""Where an attacker inside is, and what he knows."""

from dataclasses import dataclass

from papayad.cluster.shared import Client, Shared
from papayad.state import roster


@dataclass(frozen=True, slots=True)
class Facts:
    """What the attacker knows of the machine. Pids are of processes that are no business of his."""

    port: int
    root: int
    stranger: int
    files: dict[str, str]  # what each is called in the report, and its path
    is_alone: bool  # in a pid namespace, where a signal to all hits nobody else


@dataclass(frozen=True, slots=True)
class Place:
    """Where he is: the cluster that has him, what it inherited, and whom he sees in the roster."""

    role: str
    client: Client
    shared: Shared
    facts: Facts

    @property
    def acceptor(self) -> int:
        return self.client.seat.entry.group

    def alice(self) -> roster.Entry:
        entries = [
            roster.read(self.shared.roster, name) for name in roster.names(self.shared.roster)
        ]
        return next(entry for entry in entries if entry and entry.user == "alice")
