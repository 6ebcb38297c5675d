"""Whether a hello may come in, and what it is told if not (design sections 3 and 8).

Run by the acceptor. The first reason that applies is the answer. A ban of an address is checked
before the token, everything else after it: so a stranger learns nothing but `auth`.
"""

import socket
import time
from dataclasses import dataclass

from papayad.acceptor.clients import Clients, Known
from papayad.acceptor.credentials import Credentials
from papayad.acceptor.pending import Greeted
from papayad.formats.wire import Hello, Refusal
from papayad.net.tls import TLS
from papayad.settings import Settings
from papayad.state import marks
from papayad.state.tokens import Token

NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Welcome:
    """A hello that may come in; `older` are the clusters that it takes over."""

    token: Token
    older: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A hello that may not. `known`: its token is a valid one."""

    refusal: Refusal
    user: str = NOBODY
    known: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """A connection that comes in, with all that its cluster needs. The lobby hands it out."""

    socket: socket.socket
    peer: str
    tls: TLS | None
    greeted: Greeted
    token: Token
    older: tuple[Known, ...]


class Admission:
    """Judges hellos by tokens, bans, marks and limits, as they are at that moment."""

    def __init__(self, credentials: Credentials, clients: Clients, settings: Settings) -> None:
        self._credentials = credentials
        self._clients = clients
        self._settings = settings

    def reconfigure(self, settings: Settings) -> None:
        self._settings = settings

    def judge(self, hello: Hello, host: str) -> Welcome | Refused:
        """Raises OSError when the marks in state_dir cannot be looked at."""
        now = time.time()
        if self._credentials.ban_of_host(host, now):
            return Refused(Refusal("banned", "this address is kept out"))
        token = self._credentials.known(hello.token)
        if token is None and self._credentials.behind:
            return Refused(Refusal("busy", "no process to be had, try again later"))
        if token is None or not token.valid_at(now):
            nothing = Refusal("auth", "this token opens nothing here")
            return Refused(nothing, token.user if token else NOBODY)
        if self._credentials.ban_of_user(token.user, now):
            refusal = Refusal("banned", "the admin keeps you out")
            return Refused(refusal, token.user, known=True)
        older = tuple(self._clients.of_session(token.user, hello.session))
        no_room = self._no_room(token.user, len(older))
        return Refused(no_room, token.user, known=True) if no_room else Welcome(token, older)

    def _no_room(self, user: str, leaving: int) -> Refusal | None:
        limits, clients = self._settings.limits, self._clients
        if marks.is_frozen(self._settings.service.state_dir, user):
            return Refusal("frozen", "the admin has frozen this user for now")
        if clients.count() - leaving >= limits.max_clients:
            return Refusal("full", "the room is full, try again later")
        if clients.count_of(user) - leaving >= limits.max_clients_per_user:
            return Refusal(
                "full", f"{user} is connected {limits.max_clients_per_user} times already"
            )
        return None
