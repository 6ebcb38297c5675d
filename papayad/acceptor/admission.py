"""Whether a hello may come in, and what it is told if not (design sections 3 and 8).

Run by the acceptor. The first reason that applies is the answer; a ban of an address comes before
the token is looked at, and everything else behind it: a stranger learns nothing but `auth`.
"""

import time
from dataclasses import dataclass

from papayad.acceptor.clients import Clients, Known
from papayad.acceptor.credentials import Credentials
from papayad.formats.wire import Hello, Refusal
from papayad.settings import Settings
from papayad.state import marks
from papayad.state.tokens import Token

NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`refusal` is None for who may come in; `older` are the clusters that it takes over."""

    user: str
    token: Token | None
    refusal: Refusal | None = None
    older: tuple[Known, ...] = ()


def judge(
    hello: Hello, host: str, credentials: Credentials, clients: Clients, settings: Settings
) -> Verdict:
    """Raises OSError when the marks in state_dir cannot be looked at."""
    now = time.time()
    if credentials.ban_of_host(host, now):
        return Verdict(NOBODY, None, Refusal("banned", "this address is kept out"))
    token = credentials.known(hello.token)
    if token is None:
        return Verdict(NOBODY, None, Refusal("auth", "this token opens nothing here"))
    if not token.valid_at(now):
        return Verdict(token.user, None, Refusal("auth", "this token opens nothing here"))
    if credentials.ban_of_user(token.user, now):
        return Verdict(token.user, token, Refusal("banned", "the admin keeps you out"))
    older = tuple(clients.of_session(token.user, hello.session))
    return Verdict(token.user, token, _no_room(token.user, len(older), clients, settings), older)


def _no_room(user: str, leaving: int, clients: Clients, settings: Settings) -> Refusal | None:
    limits = settings.limits
    if marks.is_frozen(settings.service.state_dir, user):
        return Refusal("frozen", "the admin has frozen this user for now")
    if clients.count() - leaving >= limits.max_clients:
        return Refusal("full", "the room is full, try again later")
    if clients.count_of(user) - leaving >= limits.max_clients_per_user:
        return Refusal("full", f"{user} is connected {limits.max_clients_per_user} times already")
    return None
