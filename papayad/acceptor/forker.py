"""From an admitted connection to its cluster: the roster entry and the fork (design section 8).

Run by the acceptor. It makes what a cluster needs before the fork: a process that was just forked
pays a page for each object that it touches. The lobby closes the acceptor's copy of the connection.
"""

import os
import time
from contextlib import suppress
from itertools import count

from papayad.acceptor.admission import Admitted
from papayad.acceptor.clients import Clients, end
from papayad.cluster import begin
from papayad.cluster.shared import Client, Shared
from papayad.formats import titles
from papayad.net.keepalive import set_options
from papayad.state import history, marks, roster
from papayad.state.roster import Entry, Seat
from papayad.system.journal import SESSION_BEGAN
from papayad.system.spawn import spawn


class Forker:
    """Forks clusters, and notes them among the clients."""

    def __init__(self, shared: Shared, clients: Clients) -> None:
        self.shared = shared
        self._clients = clients
        self._serial = count()

    def fork(self, admitted: Admitted) -> None:
        """Fork a cluster, which owns the connection from then on. OSError: there is no cluster."""
        seat = roster.enter(self.shared.roster, self._entry(admitted))
        client = self._client(admitted, seat)
        try:
            with suppress(OSError):  # the client has left already; RECV will see that
                set_options(admitted.socket, self.shared.settings.limits.dead_peer_seconds)
            pid = spawn(lambda: begin.begin(client, self.shared), self.shared.journal)
        except OSError:
            roster.remove(seat)
            raise
        finally:
            os.close(seat.descriptor)
        self._clients.add(seat.entry, pid)
        for known in admitted.older:
            history.leave_bye(self.shared.state_dir, known.entry.name, "replaced")
            end(known)
        history.came(self.shared.state_dir, seat.entry)
        token = admitted.token.id
        marks.touch_seen(self.shared.state_dir, token)
        who = f"{seat.entry.user}@{seat.entry.peer}"
        self.shared.journal.info(
            f"{who} joined with token {token}, pid {pid}",
            MESSAGE_ID=SESSION_BEGAN,
            PAPAYA_USER=seat.entry.user,
            PAPAYA_PEER=seat.entry.peer,
            PAPAYA_TOKEN=token,
        )

    def _entry(self, admitted: Admitted) -> Entry:
        group = os.getpgrp()
        return Entry(
            name=f"{group}.{next(self._serial)}",
            user=admitted.token.user,
            peer=admitted.peer,
            since=time.time(),
            group=group,
            session=admitted.greeted.hello.session,
            token=admitted.token.id,
            presence=admitted.greeted.hello.presence,
        )

    def _client(self, admitted: Admitted, seat: Seat) -> Client:
        room, entry = self.shared.settings.room, seat.entry
        return Client(
            socket=admitted.socket,
            tls=admitted.tls,
            hello=admitted.greeted.hello,
            rest=admitted.greeted.rest,
            compat=admitted.greeted.compat,
            seat=seat,
            older=tuple(known.entry.name for known in admitted.older),
            recv_name=titles.client(room, entry.user, entry.peer, titles.RECV),
            send_name=titles.client(room, entry.user, entry.peer, titles.SEND),
        )
