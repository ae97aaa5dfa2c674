"""Online deployments that run: a process for each, which nobody asks but the twin for its callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twinloop.localazure.core.router import Router
    from twinloop.localazure.core.twin import Twin


def __getattr__(name: str) -> Router:
    """The room's routes, loaded when the app asks: the room's own modules import each other freely."""
    if name == "router":
        from twinloop.localazure.serving.scoring import router

        return router
    raise AttributeError(name)


def attach(twin: Twin) -> None:
    """Hang the room on a twin."""
    from twinloop.localazure.serving import running

    running.attach(twin)
