"""uvicorn's server as the twin needs it: two of them in one process, and an end that waits for work only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn

log = logging.getLogger("twinloop.localazure")
GRACE = 10.0  # seconds that a request in work has at the end
_ANSWER = 0.15  # seconds that a peer has to answer the end of TLS; a client's idle pool never does
_LOOK = 0.02


class Server(uvicorn.Server):
    """Leaves signals to the process; at its end finishes what is in work and drops connections that idle."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: the process has its own handlers."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, answer what was asked, and go.

        uvicorn closes idle connections and waits until their peers have closed too; over TLS a pool that
        nobody reads from does not, so each stop would last as long as its patience.
        """
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + GRACE
        closed_at: dict[Any, float] = {}
        connections: set[Any] = self.server_state.connections
        tasks = self.server_state.tasks  # of requests; one may outlive the client that asked
        while (connections or tasks) and loop.time() < deadline:
            for connection in list(connections):
                connection.shutdown()  # closes it if it idles, else after its answer
                if (
                    _is_idle(connection)
                    and loop.time() - closed_at.setdefault(connection, loop.time()) > _ANSWER
                ):
                    connection.transport.abort()
            await asyncio.sleep(_LOOK)
        for connection in list(connections):
            log.warning("a request was still in work after %.0f s; it is cut off", GRACE)
            connection.transport.abort()
        for task in tasks:
            task.cancel()


def _is_idle(connection: Any) -> bool:
    """Whether nothing is asked and all that was answered has left."""
    cycle = connection.cycle
    answered = cycle is None or cycle.response_complete
    return bool(answered and connection.transport.get_write_buffer_size() == 0)
