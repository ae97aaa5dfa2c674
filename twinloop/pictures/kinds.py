"""Which colour and which sign has a kind of box? One table; the sign tells it to who sees no colours."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """How a kind is shown."""

    light: str
    """On a light ground."""
    dark: str
    """On a dark ground."""
    sign: str
    """One letter in the box's corner; empty where there is nothing to say."""


_GREY, _BLUE, _GREEN = ("#6b7480", "#8b95a1"), ("#1f6feb", "#58a6ff"), ("#1a7f37", "#3fb950")
_RED, _AMBER, _VIOLET, _TEAL = (
    ("#cf222e", "#ff7b72"),
    ("#9a6700", "#d29922"),
    ("#8250df", "#bc8cff"),
    ("#0b7285", "#4dc4d6"),
)

KINDS: dict[str, Look] = {
    "": Look(*_GREY, ""),
    # what a change does to a resource
    "same": Look(*_GREY, ""),
    "create": Look(*_GREEN, "+"),
    "update": Look(*_AMBER, "~"),
    "replace": Look(*_VIOLET, "±"),
    "delete": Look(*_RED, "−"),  # noqa: RUF001 - a minus sign
    # how a job or a resource stands
    "waiting": Look(*_GREY, "…"),
    "running": Look(*_BLUE, "▸"),
    "completed": Look(*_GREEN, "✓"),
    "reused": Look(*_TEAL, "↺"),
    "failed": Look(*_RED, "✕"),
    "canceled": Look(*_AMBER, "⊘"),
    "tombstone": Look(*_RED, "†"),
    "locked": Look(*_VIOLET, "⊠"),
    # what takes part in a line of descent
    "data": Look(*_TEAL, ""),
    "job": Look(*_BLUE, ""),
    "model": Look(*_VIOLET, ""),
}
