"""Blob storage of the local Azure: contents on disk, rows in the store, rights by role assignments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twinloop.localazure.core.router import Router
    from twinloop.localazure.core.twin import Twin


def __getattr__(name: str) -> Router:
    """The room's routes, loaded when the app asks: the room's own modules import each other freely."""
    if name == "router":
        from twinloop.localazure.storage.routes import router

        return router
    raise AttributeError(name)


def attach(twin: Twin) -> None:
    """Hang the room on a twin: its hooks, and its sweep at every start."""
    from twinloop.localazure.storage import routes

    routes.install(twin)
