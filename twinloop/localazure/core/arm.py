"""The generic life of an ARM resource over HTTP: created, changed, read, listed, deleted by the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import deepcopy
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import ResourceType
from twinloop.localazure.core import changes, locks, policy, rules
from twinloop.localazure.core.bodies import drop, fill, merge_patch
from twinloop.localazure.core.deletion import ASSIGNMENTS, Handler, delete_handler, may_assign
from twinloop.localazure.core.errors import Conflict, ResourceGroupNotFound
from twinloop.localazure.core.hooks import hooks_of
from twinloop.localazure.core.identities import check_assigned
from twinloop.localazure.core.ids import RESOURCE_GROUP, ArmId
from twinloop.localazure.core.operations import headers_of, retry_headers
from twinloop.localazure.core.registration import check_registered
from twinloop.localazure.core.rendering import render, state_of
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, kind_of, require, resource, save
from twinloop.localazure.core.router import Route, Router
from twinloop.localazure.core.tombstones import tombstone, unearth

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin

DEFINITIONS = "Microsoft.Authorization/roleDefinitions"

# What the service answers to a PUT that creates and to one that changes; the clients take nothing else
# (azure-mgmt-storage 25 and azure-ai-ml 1.35, read in their generated operations).
_CREATED = {
    "Microsoft.Storage/storageAccounts": 202,
    "Microsoft.MachineLearningServices/workspaces": 202,
    "Microsoft.MachineLearningServices/workspaces/outboundRules": 202,
    "Microsoft.Storage/storageAccounts/managementPolicies": 200,
    "Microsoft.Storage/storageAccounts/blobServices": 200,
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies": 200,
    "Microsoft.MachineLearningServices/workspaces/connections": 200,
    "Microsoft.Insights/components": 200,
    "Microsoft.Insights/diagnosticSettings": 200,
    "Microsoft.KeyVault/vaults/keys": 200,
}
_CHANGED_LATER = {"Microsoft.MachineLearningServices/workspaces/outboundRules": 202}
# Operations that the service's own module answers.
DATASTORES = "Microsoft.MachineLearningServices/workspaces/datastores"
CONNECTIONS = "Microsoft.MachineLearningServices/workspaces/connections"
_OWN = {
    (DEFINITIONS, "GET"),
    (DEFINITIONS, "LIST"),
    (ASSIGNMENTS, "LIST"),
    (DATASTORES, "LIST"),
    (CONNECTIONS, "LIST"),
}


def routes_of(row: ResourceType) -> Iterable[Route]:
    """The operations of one type, as data."""
    path = row.path.replace("/{scope}/", "/{scope:path}/").replace("/{resourceUri}/", "/{resourceUri:path}/")
    action = (
        row.arm_type if row.arm_type != RESOURCE_GROUP else "Microsoft.Resources/subscriptions/resourceGroups"
    )
    own = row.arm_type == ASSIGNMENTS  # conditions need the body: the handler asks
    service = row.arm_type.partition("/")[0]

    def route(method: str, template: str, handler: Handler, verb: str | None) -> Route:
        return Route(method, template, handler, action=f"{action}/{verb}" if verb else None, service=service)

    yield route("PUT", path, _put(row), None if own else "write")
    if (row.arm_type, "GET") not in _OWN:
        yield route("GET", path, _get(row), "read")
    if not row.is_extension:
        yield route("PATCH", path, _patch(row), "write")
    if row.delete != "none":
        yield route("DELETE", path, delete_handler(row), None if own else "delete")
    if (row.arm_type, "LIST") not in _OWN:
        yield from _list_routes(row, path, route)


def _list_routes(row: ResourceType, path: str, route: Callable[..., Route]) -> Iterable[Route]:
    parent, _, _ = path.rpartition("/")
    if row.arm_type == RESOURCE_GROUP or row.is_extension or row.arm_type.count("/") == 1:
        yield route("GET", parent, _list(row), None)  # filtered: everyone sees what they may read
        if not row.is_extension and row.arm_type != RESOURCE_GROUP:
            whole = parent.replace("/resourceGroups/{resourceGroupName}", "")
            yield route("GET", whole, _list(row), None)
    else:
        yield route("GET", parent, _list(row), "read")


def _put(row: ResourceType) -> Handler:
    def put(request: Request, twin: Twin) -> Reply:
        if row.arm_type == ASSIGNMENTS:
            may_assign(request, request.json(), "write", twin)
        rules.check_api_version(row, request, twin)
        rules.check_name(row, request.arm_id)
        check_registered(twin, request.arm_id)
        arm_id = rules.canonical_id(twin, request.arm_id, row)
        return _write(row, arm_id, request.json(), old=resource(twin, arm_id), request=request, twin=twin)

    return put


def _patch(row: ResourceType) -> Handler:
    def patch(request: Request, twin: Twin) -> Reply:
        rules.check_api_version(row, request, twin)
        old = require(twin, request.arm_id)
        body = merge_patch(old["body"], request.json())
        return _write(row, ArmId(old["id"]), body, old=old, request=request, twin=twin)

    return patch


def _write(
    row: ResourceType, arm_id: ArmId, given: object, *, old: Doc | None, request: Request, twin: Twin
) -> Reply:
    """Validate, complete, store and answer: what PUT and PATCH share."""
    arm_id = ArmId(old["id"]) if old else arm_id
    rules.check_not_deleting(twin, arm_id)
    locks.refuse_write(twin, arm_id)
    _check_neighbours(row, arm_id, twin, retry_headers(request))
    body = deepcopy(given)
    for path in (*row.read_only, "id", "name", "type", "systemData"):
        drop(body, path)  # clients send back what they read
    body = rules.check_body(row, body, request)
    rules.check_location(row, body, old, arm_id, twin)
    rules.check_tags(body)
    policy.apply(row.arm_type, arm_id, body, twin)
    recovered = _check_birth(row, arm_id, body, twin) if old is None else None
    for hook in hooks_of(row.arm_type):
        hook.prepare(body, old, twin)
    if old is not None:
        changes.keep_what_stays(row, body, old)
        changes.check_changes(row, body, old, arm_id)
    rules.check_references(row, body, arm_id, twin)
    check_assigned(body, old, request.caller, twin)
    fill(body, row.defaults)
    for hook in hooks_of(row.arm_type):
        hook.validate(body, old, request, twin)
    for path in row.secret:
        drop(body, path)
    there = unearth(twin, recovered) if recovered is not None else old
    phase, seconds = (
        ("Updating", row.provisioning_seconds / 2) if old else ("Creating", row.provisioning_seconds)
    )
    doc = save(twin, arm_id, body, old=there, by=request.caller, phase=phase, seconds=seconds)
    return _written(row, doc, old, request, twin)


def _written(row: ResourceType, doc: Doc, old: Doc | None, request: Request, twin: Twin) -> Reply:
    headers: dict[str, str] = {}
    if "readyAt" in doc:
        operation = twin.lifecycle.begin(
            resource=doc["id"],
            location=doc["body"].get("location", ""),
            seconds=doc["readyAt"] - twin.clock.time(),
            verb="PUT",
            owner=request.caller.id,
        )
        headers = headers_of(operation, twin, request, also_location=False)
        for hook in hooks_of(row.arm_type):
            hook.begun(doc, operation["id"], twin)
    status = _CREATED.get(row.arm_type, 201) if old is None else _CHANGED_LATER.get(row.arm_type, 200)
    if not headers and status == HTTPStatus.ACCEPTED:  # nothing to wait for
        status = 200
    return Reply(status, render(doc, twin, request.api_version), headers)


def _check_birth(row: ResourceType, arm_id: ArmId, body: dict[str, Any], twin: Twin) -> Doc | None:
    """What a creation must hold: a free name, no tombstone in the way; the tombstone to recover, if any."""
    rules.check_name_is_free(row, arm_id, twin)
    if row.delete != "soft":
        return None
    tomb = tombstone(twin, arm_id)
    if tomb is None:
        return None
    if row.arm_type == "Microsoft.OperationalInsights/workspaces":
        return tomb  # Azure brings a log workspace back when it is created again at the same place
    properties = body.get("properties") or {}
    if properties.get("createMode") == "recover":
        return tomb
    if row.arm_type == "Microsoft.KeyVault/vaults":
        raise Conflict(
            "ConflictError",
            "A vault with the same name already exists in deleted state. You need to either recover or "
            f"purge existing key vault: POST /subscriptions/{arm_id.subscription}/providers/"
            "Microsoft.KeyVault/locations/"
            f"{tomb['body'].get('location', '')}/deletedVaults/{arm_id.name}/purge.",
        )
    raise Conflict(
        "SoftDeletedResourceExists",
        f"'{arm_id}' was deleted and can still be recovered, so its name is taken. Purge it (DELETE with "
        "forceToPurge=true) or wait until its time is over.",
    )


def _check_neighbours(row: ResourceType, arm_id: ArmId, twin: Twin, soon: dict[str, str]) -> None:
    """The parent is ready; and where writes are serialised per parent, none is in progress there."""
    parent = arm_id.parent
    holder = resource(twin, parent) if parent is not None and not row.is_extension else None
    if parent is None or holder is None:
        return
    if state_of(holder, twin) == "Creating":
        message = f"'{parent}' is still being created; wait for its operation to end and try again."
        raise Conflict("ParentResourceNotReady", message, headers=soon)
    if not row.locked_by_parent or row.provisioning_seconds <= 0:
        return
    for _, doc in twin.store.list(kind_of(row.arm_type), parent.key + "/"):
        if ArmId(doc["id"]) != arm_id and state_of(doc, twin) != "Succeeded":
            message = (
                f"Another operation on '{parent}' is in progress ('{doc['id']}'). Retry when it has ended."
            )
            raise Conflict("AnotherOperationInProgress", message, headers=soon)


def _get(row: ResourceType) -> Handler:
    def get(request: Request, twin: Twin) -> Reply:
        rules.check_api_version(row, request, twin)
        return Reply(200, render(require(twin, request.arm_id), twin, request.api_version))

    return get


def _list(row: ResourceType) -> Handler:
    def list_all(request: Request, twin: Twin) -> Reply:
        rules.check_api_version(row, request, twin)
        prefix, exact = _listed_below(row, request.arm_id, twin)
        action = (
            f"{row.arm_type}/read"
            if row.arm_type != RESOURCE_GROUP
            else "Microsoft.Resources/subscriptions/resourceGroups/read"
        )
        shown = [
            render(doc, twin, request.api_version)
            for key, doc in twin.store.list(kind_of(row.arm_type), prefix)
            if not (exact and "/" in key[len(prefix) :])
            and twin.authorization.allows(request.caller, action, doc["id"])
        ]
        return Reply(200, {"value": shown})

    return list_all


def _listed_below(row: ResourceType, path: ArmId, twin: Twin) -> tuple[str, bool]:
    """The key prefix of a list and whether only direct children count.

    Raises:
        ResourceGroupNotFound: the list is of a group that does not exist.
    """
    group = path.group_id
    if group is not None and resource(twin, group) is None:
        raise ResourceGroupNotFound(path.group)
    if row.arm_type == RESOURCE_GROUP:
        return path.key + "/", True
    if row.is_extension or row.arm_type.count("/") > 1:
        return path.key + "/", True
    provider = path.key.rindex("/providers/")
    return (path.key + "/", True) if group else (path.key[:provider] + "/resourcegroups/", False)


def generic_router(rows: Iterable[ResourceType]) -> Router:
    """The routes of all types of the catalogue."""
    router = Router()
    for row in rows:
        for route in routes_of(row):
            router.add(route)
    return router
