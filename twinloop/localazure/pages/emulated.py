"""What the local Azure emulates: its operations, computed from the routes that serve them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from twinloop.localazure.pages.frame import page, section
from twinloop.localazure.pages.markup import el, table
from twinloop.localazure.pages.wording import counted

if TYPE_CHECKING:
    from twinloop.localazure.core.reply import Reply
    from twinloop.localazure.core.router import Route
    from twinloop.localazure.pages.session import Viewer


def show(viewer: Viewer) -> Reply:
    """All operations by service, each with the permission that it takes."""
    routes: list[Route] = viewer.twin.services["router"].routes
    services: defaultdict[str, list[Route]] = defaultdict(list)
    for route in routes:
        services[route.service].append(route)
    parts = []
    for name in sorted(services):
        rows = [
            (route.method, el("code", route.template), el("code", route.action or ""))
            for route in sorted(services[name], key=lambda route: (route.template, route.method))
        ]
        parts.append(
            section(
                name,
                table(("method", "address", "permission"), rows),
                id_=name,
                note=counted(len(rows), "operation"),
            )
        )
    return page(
        "What is emulated",
        el("h1", "What is emulated", el("small", " ", counted(len(routes), "operation"))),
        el(
            "p",
            "What is not in this list answers 501 NotEmulated and says what was asked; "
            "nothing answers with an empty success.",
        ),
        parts,
        viewer=viewer,
    )
