"""ARM resources in the store: found, kept and removed, for handlers and for services that make their own.

A resource is a document of kind `arm/<type in lower case>` under its id's key:

    {"id", "name", "type", "body": what was put and completed, "createdAt", "createdBy", "changedAt",
     "changedBy", "serial": counts changes,
     "phase": "Creating|Updating|Deleting" until the clock passes "readyAt"}
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import ResourceType, by_arm_type
from twinloop.localazure.core.bodies import fill
from twinloop.localazure.core.errors import InvalidRequest, ResourceGroupNotFound, ResourceNotFound
from twinloop.localazure.core.hooks import ResourceHooks, hooks_of, on_type
from twinloop.localazure.core.ids import RESOURCE_GROUP, SUBSCRIPTION, ArmId

if TYPE_CHECKING:
    from twinloop.localazure.core.principal import Principal
    from twinloop.localazure.core.twin import Twin

__all__ = [
    "Doc",
    "ResourceHooks",
    "children_of",
    "delete_resource",
    "is_there",
    "kind_of",
    "on_type",
    "put_resource",
    "require",
    "resource",
    "row_of",
    "save",
    "under",
]

Doc = dict[str, Any]
PREFIX = "arm/"
PLATFORM = "the platform"  # what made a resource that no caller made


def kind_of(arm_type: str) -> str:
    """The store's kind for an ARM type."""
    return PREFIX + arm_type.lower()


def row_of(arm_type: str) -> ResourceType | None:
    """The catalogue's row of an ARM type, or None."""
    return by_arm_type().get(arm_type.lower())


def resource(twin: Twin, arm_id: ArmId | str) -> Doc | None:
    """The document of a resource, a copy, or None."""
    wanted = arm_id if isinstance(arm_id, ArmId) else ArmId(arm_id)
    return twin.store.get(kind_of(wanted.type), wanted.key)


def require(twin: Twin, arm_id: ArmId | str) -> Doc:
    """The document of a resource.

    Raises:
        ResourceNotFound: there is none, or its group is missing.
    """
    wanted = arm_id if isinstance(arm_id, ArmId) else ArmId(arm_id)
    doc = resource(twin, wanted)
    if doc is not None:
        return doc
    group = wanted.group_id
    if group is not None and resource(twin, group) is None:
        raise ResourceGroupNotFound(wanted.group)
    raise ResourceNotFound(wanted)


def is_there(twin: Twin, arm_id: ArmId) -> bool:
    """Whether something with this id exists, subscriptions and the tenant included."""
    if arm_id.type in {SUBSCRIPTION, ""}:
        return not arm_id.segments or arm_id.name.lower() in twin.seed.subscriptions
    return resource(twin, arm_id) is not None


def children_of(twin: Twin, parent: ArmId | str, kind: str) -> list[ArmId]:
    """Ids of the direct children of one kind, e.g. `children_of(twin, workspace, "computes")`, by name."""
    above = parent if isinstance(parent, ArmId) else ArmId(parent)
    where = kind_of(f"{above.type}/{kind}")
    return [ArmId(doc["id"]) for _, doc in twin.store.list(where, f"{above.key}/{kind.lower()}/")]


def under(twin: Twin, scope: ArmId | str) -> Iterator[Doc]:
    """Everything below a scope, deepest first: children, and what extends it or them."""
    above = scope if isinstance(scope, ArmId) else ArmId(scope)
    found = [
        doc
        for kind in twin.store.kinds(PREFIX)
        for _, doc in twin.store.list(kind, above.key.rstrip("/") + "/")
    ]
    yield from sorted(found, key=lambda doc: -len(ArmId(doc["id"]).segments))


def put_resource(
    twin: Twin, arm_id: ArmId | str, body: dict[str, Any], *, by: Principal | None = None
) -> Doc:
    """Make or replace a resource on a service's own behalf: completed with defaults, not validated.

    Raises:
        InvalidRequest: the id has no type.
    """
    wanted = arm_id if isinstance(arm_id, ArmId) else ArmId(arm_id)
    if not wanted.type:
        raise InvalidRequest("InvalidResourceId", f"'{wanted}' is not the id of a resource")
    body = deepcopy(body)
    if row := row_of(wanted.type):
        fill(body, row.defaults)
    return save(twin, wanted, body, old=resource(twin, wanted), by=by)


def save(
    twin: Twin,
    arm_id: ArmId,
    body: dict[str, Any],
    *,
    old: Doc | None,
    by: Principal | None = None,
    phase: str = "",
    seconds: float = 0.0,
) -> Doc:
    """Write a resource and let its hooks follow; it is in `phase` until `seconds` have passed."""
    now = twin.clock.now().isoformat().replace("+00:00", "Z")
    who = {"name": by.name, "id": by.id, "kind": by.kind} if by else {"name": PLATFORM, "id": "", "kind": ""}
    doc: Doc = {
        **(old or {"id": arm_id.text, "name": arm_id.name, "createdAt": now, "createdBy": who}),
        "type": _type(arm_id),
        "body": body,
        "changedAt": now,
        "changedBy": who,
        "serial": (old["serial"] if old else 0) + 1,
    }
    for key in ("phase", "readyAt"):
        doc.pop(key, None)
    if seconds > 0:
        doc |= {"phase": phase, "readyAt": twin.clock.time() + seconds}
    with twin.store.transaction():
        kind = kind_of(arm_id.type)
        twin.store.put(kind, arm_id.key, doc)  # first, so that hooks may make children
        before = deepcopy(doc)
        if "identity" in body or "principalId" in doc:
            from twinloop.localazure.core.identities import give_system_identity

            if arm_id.type.lower() != "microsoft.managedidentity/userassignedidentities":
                give_system_identity(doc, twin)
        for hook in hooks_of(arm_id.type):
            (hook.updated if old else hook.created)(doc, twin)
        if doc != before:
            twin.store.put(kind, arm_id.key, doc)
    return doc


def delete_resource(twin: Twin, arm_id: ArmId | str, *, purge: bool = True) -> bool:
    """Remove a resource with everything below it; whether there was one.

    Args:
        twin: where.
        arm_id: what.
        purge: False leaves tombstones where Azure does.
    """
    wanted = arm_id if isinstance(arm_id, ArmId) else ArmId(arm_id)
    doc = resource(twin, wanted)
    if doc is None:
        return False
    with twin.store.transaction():
        for below in under(twin, wanted):
            _remove(twin, below, purge=purge)
        _remove(twin, doc, purge=purge)
    return True


def _remove(twin: Twin, doc: Doc, *, purge: bool) -> None:
    from twinloop.localazure.core.tombstones import bury

    arm_id = ArmId(doc["id"])
    twin.store.delete(kind_of(arm_id.type), arm_id.key)
    row = row_of(arm_id.type)
    if not purge and row is not None and row.delete == "soft":
        doc = bury(twin, doc)
    if "principalId" in doc and not doc.get("tombstone"):
        twin.directory.remove(doc["principalId"])
    for hook in hooks_of(arm_id.type):
        hook.deleted(doc, twin)
        if not doc.get("tombstone"):
            hook.purged(doc, twin)


def _type(arm_id: ArmId) -> str:
    """The type in its canonical case."""
    row = row_of(arm_id.type)
    return row.arm_type if row else RESOURCE_GROUP if arm_id.type == RESOURCE_GROUP else arm_id.type
