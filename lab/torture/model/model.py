"""A model of the protocol against the real daemon: random conversations, each with one outcome.

    python -m lab.torture.model --conversations 10000 --seed 7
    python -m lab.torture.model --seed 7 --only 4711     repeats one of them, alone

Players talk at the same time, in one room, and each plays its conversations one after the other. If
a conversation fails, it is played again by itself, and made as small as it can be while it fails.
"""

import argparse
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from lab.kit.room import Room, wait_for
from lab.torture.model import conversation, oracle
from lab.torture.model.conversation import Conversation
from lab.torture.model.opening import COMPAT, GREETED
from lab.torture.model.oracle import Log
from lab.torture.model.player import Player
from lab.torture.model.utterance import LIMIT
from papayad.state import roster

_MANY = 10**6
_ENDS = {
    GREETED: "let in",
    COMPAT: "of papayaChat",
    "auth": "with wrong tokens",
    "closed": "closed without an answer",
    "protocol": "ended by protocol errors",
}


class Failed(AssertionError):
    """A conversation did not have the outcome that it must have."""

    def __init__(self, plan: Conversation, error: BaseException) -> None:
        words = [str(error) or repr(error), *getattr(error, "__notes__", ())]
        super().__init__(f"conversation {plan.number}: " + "; ".join(words))
        self.plan = plan


class Model:
    """A room, its players, and the conversations that are still to be played."""

    def __init__(self, room: Room, players: int, plans: Iterator[Conversation]) -> None:
        self.room = room
        self._log = Log(room)
        self._players = [Player(room, f"user{number}", self._log) for number in range(players)]
        self._plans = plans
        self._lock = threading.Lock()
        self._failed: Failed | None = None

    def run(self) -> Counter[str]:
        """Play all conversations, then judge the log; raises Failed, or AssertionError for it."""
        threads = [threading.Thread(target=self._play, args=[one]) for one in self._players]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._failed:
            raise self._failed
        wait_for(lambda: not roster.names(roster.directory(self.room.state_dir)))
        expected = {mark: said for one in self._players for mark, said in one.expected.items()}
        users = {player.user for player in self._players}
        assert " ends" not in self.room.journal(), self.room.journal()
        done = oracle.judge_log(self._log.range(0, self.room.committed()), expected, users)
        return sum((player.done for player in self._players), done)

    def _play(self, player: Player) -> None:
        while plan := self._next():
            try:
                player.play(plan)
            except Exception as error:  # noqa: BLE001 - it is told where the threads are joined
                self._failed = Failed(plan, error)

    def _next(self) -> Conversation | None:
        with self._lock:
            return None if self._failed else next(self._plans, None)


def play(plans: Sequence[Conversation] | Iterator[Conversation], players: int) -> Counter[str]:
    """Play conversations in a new room. Raises Failed or AssertionError."""
    limits = {
        "message_bytes": LIMIT,
        "history_lines": oracle.HISTORY,
        "messages_per_second": float(_MANY),
        "message_burst": _MANY,
        "max_clients_per_user": _MANY,
        "max_pending_per_source": 100,
        "linger_ms": 0.0,
    }
    log = {"durability": "kernel", "segment_bytes": 100_000}
    compat = {"papayachat_compat": True}
    with closing(Room("optional", listen=compat, limits=limits, chatlog=log)) as room:
        for number in range(players):
            room.token(f"user{number}")
        room.start()
        return Model(room, players, iter(plans)).run()


def smallest(failed: Failed) -> Failed:
    """The same failure with less said, if it also happens alone."""
    for smaller in _smaller(failed.plan):
        try:
            play([smaller], 1)
        except Failed as again:
            return smallest(again)
        except AssertionError as again:
            return smallest(Failed(smaller, again))
    return failed


def _smaller(plan: Conversation) -> Iterator[Conversation]:
    """Smaller plans: without a connection, without a line, in one piece."""
    calls = plan.calls
    for place, call in enumerate(calls):
        if len(calls) > 1 and not any(one.resends for one in calls):
            yield replace(plan, calls=calls[:place] + calls[place + 1 :])
        others = [replace(call, piece=0)] if call.piece else []
        for line in range(len(call.said)):
            others.append(replace(call, said=call.said[:line] + call.said[line + 1 :]))
        for other in others:
            yield replace(plan, calls=(*calls[:place], other, *calls[place + 1 :]))


def run(seed: int, count: int, players: int = 8) -> list[str]:
    """Return the report's lines; an AssertionError with the seed when an outcome was wrong."""
    began = time.monotonic()
    try:
        done = play((conversation.draw(seed, number) for number in range(count)), players)
    except Failed as failed:
        again = f"--seed {seed} --only {failed.plan.number}"
        raise AssertionError(f"{failed} (python -m lab.torture.model {again})") from failed
    messages, presence = done.pop("messages"), done.pop("presence")
    kinds = ", ".join(f"{number} {_ENDS.get(kind, kind)}" for kind, number in sorted(done.items()))
    seconds = time.monotonic() - began
    return [
        f"  {count} conversations in {seconds:.0f} s, {done.total()} connections: {kinds}",
        f"  {messages} messages, each in the log exactly once; {presence} joins and parts",
    ]


def main() -> None:
    parser = argparse.ArgumentParser("lab.torture.model")
    parser.add_argument("--conversations", type=int, default=10_000, help="default: 10000")
    parser.add_argument("--players", type=int, default=8, help="at the same time; default: 8")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--only", type=int, metavar="N", help="this conversation alone")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    if options.only is None:
        print("\n".join(run(options.seed, options.conversations, options.players)))
        return
    plan = conversation.draw(options.seed, options.only)
    try:
        play([plan], 1)
    except AssertionError as error:
        failed = smallest(error if isinstance(error, Failed) else Failed(plan, error))
        sys.exit(f"{failed}\n{failed.plan}")
    print("nothing is wrong with it by itself")
