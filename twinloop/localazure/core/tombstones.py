"""What Azure keeps of a deleted vault or workspace: a tombstone that holds the name for a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.bodies import at
from twinloop.localazure.core.hooks import hooks_of
from twinloop.localazure.core.ids import ArmId

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin

Doc = dict[str, Any]
_DAY = 24 * 3600.0
_DEFAULT_DAYS = 14  # workspaces and log workspaces; a vault says its own in softDeleteRetentionInDays


def _kind(arm_type: str) -> str:
    return f"tombstones/{arm_type.lower()}"


def bury(twin: Twin, doc: Doc) -> Doc:
    """Make a tombstone of a deleted resource; the tombstone."""
    days = at(doc["body"], "properties.softDeleteRetentionInDays")
    now = twin.clock.time()
    kept = float(days) if isinstance(days, int | float) else float(_DEFAULT_DAYS)
    tomb = {**doc, "tombstone": True, "deletedAt": now, "purgeAt": now + kept * _DAY}
    twin.store.put(_kind(doc["type"]), ArmId(doc["id"]).key, tomb)
    return tomb


def tombstone(twin: Twin, arm_id: ArmId) -> Doc | None:
    """The tombstone at an id, or None; one whose time is over is purged on sight."""
    doc = twin.store.get(_kind(arm_id.type), arm_id.key)
    if doc is not None and twin.clock.time() >= doc["purgeAt"]:
        purge(twin, doc)
        return None
    return doc


def tombstones(twin: Twin, arm_type: str, prefix: str = "") -> Iterator[Doc]:
    """The tombstones of a type below a scope."""
    for key, _ in twin.store.list(_kind(arm_type), prefix.lower()):
        doc = tombstone(twin, ArmId(key))
        if doc is not None:
            yield doc


def purge(twin: Twin, doc: Doc) -> None:
    """Remove a tombstone and what it still held."""
    arm_id = ArmId(doc["id"])
    with twin.store.transaction():
        twin.store.delete(_kind(arm_id.type), arm_id.key)
        for hook in hooks_of(arm_id.type):
            hook.purged(doc, twin)


def unearth(twin: Twin, doc: Doc) -> Doc:
    """Take the tombstone off a resource that is being recovered: the resource as it was, with its ids."""
    arm_id = ArmId(doc["id"])
    twin.store.delete(_kind(arm_id.type), arm_id.key)
    buried = ("tombstone", "deletedAt", "purgeAt", "purgeNow")
    return {key: value for key, value in doc.items() if key not in buried}
