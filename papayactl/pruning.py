"""Pruning by hand: the same rules as at a rotation, and who is still below is known first."""

import os
import time
from dataclasses import dataclass

from papayactl import clusters, loglock, looks, service_user
from papayactl.system import descriptors
from papayad import retention, segments
from papayad.config import Chatlog, Config
from papayad.roster import Entry


@dataclass(frozen=True, slots=True)
class Plan:
    """`bases` go, `bytes` are in them, the log begins at `oldest` then; `below` still need some."""

    bases: list[int]
    bytes: int
    oldest: int
    below: list[Entry]


def plan(config: Config, chatlog: Chatlog) -> Plan:
    state_dir = config.state_dir
    bases = retention.excess(state_dir, chatlog, time.time())
    size = sum(os.stat(segments.path(state_dir, base)).st_size for base in bases)
    left = [base for base in segments.bases(state_dir) if base not in bases]
    oldest = left[0] if left else 0
    below = [
        entry for entry in clusters.living(config) if bases and _is_below(config, entry, oldest)
    ]
    return Plan(bases, size, oldest, below)


def carry_out(config: Config, chatlog: Chatlog) -> Plan:
    """Remove them, as the service's user and under the log's lock: nobody rotates meanwhile."""
    with loglock.exclusive(config):
        decided = plan(config, chatlog)
        with service_user.acting(config):
            retention.prune(config.state_dir, chatlog, time.time())
    return decided


def _is_below(config: Config, entry: Entry, oldest: int) -> bool:
    files = descriptors.read(entry.send)
    at = looks.position(config.state_dir, files, entry.send) if files else None
    return at is not None and at < oldest
