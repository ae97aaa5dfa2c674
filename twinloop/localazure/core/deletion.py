"""How an ARM resource goes, with all that is below it: at once, as an operation, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from checks.catalogue.resource_types import ResourceType
from twinloop.localazure.core import locks, rules
from twinloop.localazure.core.errors import Conflict, InvalidRequest, ResourceGroupNotFound
from twinloop.localazure.core.hooks import hooks_of
from twinloop.localazure.core.ids import RESOURCE_GROUP, ArmId
from twinloop.localazure.core.operations import accepted
from twinloop.localazure.core.rendering import render
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, delete_resource, kind_of, resource
from twinloop.localazure.core.tombstones import purge, tombstone

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
Handler = Callable[[Request, "Twin"], Reply]
_DELETED_AT_ONCE = {"Microsoft.Storage/storageAccounts"}
_GROUP_DELETE_SECONDS = 0.3
# The services name it differently: the deletion asks that no tombstone is left.
_PURGE_FLAGS = ("forceToPurge", "force")


def may_assign(request: Request, body: object, verb: str, twin: Twin) -> None:
    """Conditions on assignments look at the role that is given or taken: here the body is known."""
    properties = body.get("properties") if isinstance(body, dict) else None
    role = properties.get("roleDefinitionId") if isinstance(properties, dict) else None
    twin.authorization.demand(
        request.caller,
        f"{ASSIGNMENTS}/{verb}",
        request.arm_id.text,
        role_definition=role if isinstance(role, str) else None,
    )


def delete_handler(row: ResourceType) -> Handler:
    """The handler of DELETE for one type."""

    def delete(request: Request, twin: Twin) -> Reply:
        rules.check_api_version(row, request, twin)
        doc = resource(twin, request.arm_id)
        if row.arm_type == ASSIGNMENTS:
            may_assign(request, doc["body"] if doc else {}, "delete", twin)
        force = any(request.query.get(flag, "").lower() == "true" for flag in _PURGE_FLAGS)
        if doc is None:
            return _delete_absent(row, request, twin, force=force)
        return remove(row, doc, request, twin, purge_now=force)

    return delete


def remove(row: ResourceType, doc: Doc, request: Request, twin: Twin, *, purge_now: bool) -> Reply:
    """Delete a resource that is there: at once, or as an operation that takes its time."""
    arm_id = ArmId(doc["id"])
    if doc.get("phase") == "Deleting":
        message = f"'{arm_id}' is being deleted already; wait until that has ended."
        raise Conflict("ResourceBeingDeleted", message)
    locks.refuse_delete(twin, arm_id)
    for hook in hooks_of(row.arm_type):
        hook.before_delete(doc, twin)
    seconds = _GROUP_DELETE_SECONDS if row.arm_type == RESOURCE_GROUP else row.provisioning_seconds / 2
    if seconds <= 0 or row.arm_type in _DELETED_AT_ONCE:
        body = render(doc, twin, request.api_version) if row.is_extension else None
        delete_resource(twin, arm_id, purge=purge_now)
        return Reply(200, body)
    ends = twin.clock.time() + seconds
    doc |= {"phase": "Deleting", "readyAt": ends, "purgeNow": purge_now}
    twin.lifecycle.schedule(arm_id.key, ends)
    reply, doc["operation"] = accepted(doc, seconds, "DELETE", twin, request)
    twin.store.put(kind_of(row.arm_type), arm_id.key, doc)
    return reply


def _delete_absent(row: ResourceType, request: Request, twin: Twin, *, force: bool) -> Reply:
    """Deleting what is not there: done already, except for a group, which Azure misses aloud."""
    if row.arm_type == RESOURCE_GROUP:
        raise ResourceGroupNotFound(request.arm_id.name)
    tomb = tombstone(twin, request.arm_id) if row.delete == "soft" else None
    if tomb is not None and force:
        if (tomb["body"].get("properties") or {}).get("enablePurgeProtection"):
            raise InvalidRequest(
                "MethodNotAllowed",
                f"'{request.arm_id}' has purge protection: nobody can purge it before its time is over; "
                "recover it, or take another name.",
            )
        purge(twin, tomb)
        return Reply(200)
    return Reply(204)


def revive(twin: Twin, key: str) -> None:
    """A deletion could not be finished: the resource stays, usable, and its operation says that it failed."""
    doc = resource(twin, ArmId(key))
    if doc is None:
        return
    if operation := doc.pop("operation", ""):
        message = f"The deletion of '{doc['id']}' failed by a defect of the twin; see log/twin.log."
        twin.lifecycle.fail(operation, "InternalServerError", message)
    for name in ("phase", "readyAt", "purgeNow"):
        doc.pop(name, None)
    twin.store.put(kind_of(doc["type"]), ArmId(doc["id"]).key, doc)


def finish_delete(twin: Twin, key: str) -> None:
    """A deletion that was accepted has become due."""
    doc = resource(twin, ArmId(key))
    if doc is not None and doc.get("phase") == "Deleting":
        delete_resource(twin, ArmId(doc["id"]), purge=bool(doc.get("purgeNow")))
