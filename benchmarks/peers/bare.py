"""The floor that the local Azure is measured against: Starlette, uvicorn and SQLite, nothing else.

One document per path in one table, the same durability (WAL, synchronous=FULL), the same TLS certificate, no
authorisation, no validation. Run as `python -m benchmarks.peers.bare PORT DATABASE CERTIFICATE KEY`.
"""

from __future__ import annotations

import json
import sqlite3
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


def app(database: str) -> Starlette:
    """An application that stores what is PUT at a path and gives it back on GET."""
    store = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute("CREATE TABLE IF NOT EXISTS document (path TEXT PRIMARY KEY, body TEXT NOT NULL)")

    async def put(request: Request) -> Response:
        body = await request.json()
        store.execute("REPLACE INTO document VALUES (?, ?)", (request.url.path.lower(), json.dumps(body)))
        return JSONResponse(body)

    async def get(request: Request) -> Response:
        row = store.execute(
            "SELECT body FROM document WHERE path = ?", (request.url.path.lower(),)
        ).fetchone()
        return JSONResponse(json.loads(row[0])) if row else Response(status_code=404)

    return Starlette(
        routes=[Route("/{rest:path}", put, methods=["PUT"]), Route("/{rest:path}", get, methods=["GET"])]
    )


if __name__ == "__main__":
    port, database, certificate, key = sys.argv[1:5]
    uvicorn.run(
        app(database),
        host="127.0.0.1",
        port=int(port),
        ssl_certfile=certificate,
        ssl_keyfile=key,
        log_level="error",
        access_log=False,
    )
