"""Subscriptions, regions, providers, resource groups: Microsoft.Resources."""

from __future__ import annotations

from typing import Any

from checks.catalogue.resource_types import resource_types
from twinloop.localazure.core import registration
from twinloop.localazure.core.errors import Conflict, ResourceGroupNotFound, ResourceNotFound
from twinloop.localazure.core.ids import RESOURCE_GROUP, ArmId
from twinloop.localazure.core.rendering import render, state_of
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import PREFIX, Doc, ResourceHooks, on_type, resource, row_of
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.rules import versions_of
from twinloop.localazure.core.twin import Twin

router = Router("Microsoft.Resources")
_GROUPS = "/subscriptions/{subscriptionId}/resourceGroups"
_GROUP_READ = "Microsoft.Resources/subscriptions/resourceGroups/read"


@on_type(RESOURCE_GROUP)
class ResourceGroupHooks(ResourceHooks):
    """A group's state is its only property."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its state."""
        del api_version
        return {"properties": {"provisioningState": state_of(doc, twin)}}


@router.on("HEAD", _GROUPS + "/{group}", action=_GROUP_READ)
def group_exists(request: Request, twin: Twin) -> Reply:
    """204 if there is a group of that name, 404 otherwise."""
    return Reply(204 if resource(twin, request.arm_id) is not None else 404)


@router.on("GET", "/tenants")
def tenants(_request: Request, twin: Twin) -> Reply:
    """The one tenant."""
    tenant = twin.seed.tenant
    row = {
        "id": f"/tenants/{tenant}",
        "tenantId": tenant,
        "displayName": "Twinloop",
        "countryCode": "",
        "domains": [],
    }
    return Reply(200, {"value": [row]})


@router.on("GET", "/subscriptions")
def subscriptions(request: Request, twin: Twin) -> Reply:
    """The subscriptions in which the caller has any role."""
    ids = set(twin.authorization.ids_of(request.caller))
    scopes = [ArmId(a.scope) for a in twin.authorization.assignments() if a.principal in ids]
    shown = [
        _subscription(key, twin)
        for key in twin.seed.subscriptions
        if any(not scope.segments or scope.subscription == key for scope in scopes)
    ]
    return Reply(200, {"value": shown})


@router.on("GET", "/subscriptions/{subscriptionId}", action="Microsoft.Resources/subscriptions/read")
def subscription(request: Request, twin: Twin) -> Reply:
    """One subscription."""
    return Reply(200, _subscription(_known(request, twin), twin))


@router.on(
    "GET",
    "/subscriptions/{subscriptionId}/locations",
    action="Microsoft.Resources/subscriptions/locations/read",
)
def locations(request: Request, twin: Twin) -> Reply:
    """The regions of the seed."""
    key = _known(request, twin)
    rows = [
        {
            "id": f"/subscriptions/{key}/locations/{name}",
            "name": name,
            "displayName": name,
            "regionalDisplayName": name,
            "type": "Region",
            "metadata": {"regionType": "Physical"},
        }
        for name in twin.seed.locations
    ]
    return Reply(200, {"value": rows})


@router.on(
    "GET",
    "/subscriptions/{subscriptionId}/providers",
    action="Microsoft.Resources/subscriptions/providers/read",
)
def providers(request: Request, twin: Twin) -> Reply:
    """The resource providers that are emulated, with their types and API versions."""
    key = _known(request, twin)
    return Reply(200, {"value": [_provider(name, key, twin) for name in _namespaces()]})


@router.on(
    "GET",
    "/subscriptions/{subscriptionId}/providers/{namespace}",
    action="Microsoft.Resources/subscriptions/providers/read",
)
def provider(request: Request, twin: Twin) -> Reply:
    """One resource provider."""
    return Reply(200, _provider(_namespace(request), _known(request, twin), twin))


@router.on(
    "POST",
    "/subscriptions/{subscriptionId}/providers/{namespace}/register",
    action="Microsoft.Resources/subscriptions/providers/register/action",
    scope="/subscriptions/{subscriptionId}",
)
def register(request: Request, twin: Twin) -> Reply:
    """Register a provider in a subscription; all are registered from the start, unless they were let go."""
    key, name = _known(request, twin), _namespace(request)
    registration.register(twin, key, name)
    return Reply(200, _provider(name, key, twin))


@router.on(
    "POST",
    "/subscriptions/{subscriptionId}/providers/{namespace}/unregister",
    action="Microsoft.Resources/subscriptions/providers/unregister/action",
    scope="/subscriptions/{subscriptionId}",
)
def unregister(request: Request, twin: Twin) -> Reply:
    """Let a provider go, as a subscription that is new would have it; refused while it has resources."""
    key, name = _known(request, twin), _namespace(request)
    prefix = f"{PREFIX}{name.lower()}/"
    held = [kind for kind in twin.store.kinds(PREFIX) if kind.startswith(prefix)]
    if any(twin.store.list(kind, f"/subscriptions/{key}/") for kind in held):
        raise Conflict(
            "CannotUnregisterProvider",
            f"Subscription '{key}' still holds resources of the provider '{name}'. Delete them first.",
        )
    registration.unregister(twin, key, name)
    return Reply(200, _provider(name, key, twin))


def _namespace(request: Request) -> str:
    wanted = request.params["namespace"].lower()
    for name in _namespaces():
        if name.lower() == wanted:
            return name
    message = (
        f"The resource namespace '{request.params['namespace']}' is invalid. "
        f"Namespaces that this twin knows: {', '.join(_namespaces())}."
    )
    raise ResourceNotFound(wanted, message, code="InvalidResourceNamespace")


@router.on("GET", "/subscriptions/{subscriptionId}/resources")
@router.on("GET", _GROUPS + "/{group}/resources")
def resources(request: Request, twin: Twin) -> Reply:
    """All tracked resources of a group or subscription that the caller may read."""
    group = request.params.get("group")
    scope = ArmId(
        f"/subscriptions/{request.params['subscriptionId']}" + (f"/resourceGroups/{group}" if group else "")
    )
    if group and resource(twin, scope) is None:
        raise ResourceGroupNotFound(group)
    wanted = _filtered_type(request.query.get("$filter", ""))
    shown = []
    for kind in twin.store.kinds(PREFIX):
        row = row_of(kind.removeprefix(PREFIX))
        if (
            row is None
            or row.is_extension
            or row.arm_type == RESOURCE_GROUP
            or "location" not in row.envelope
        ):
            continue
        if wanted and row.arm_type.lower() != wanted:
            continue
        shown += [
            _short(doc, twin)
            for _, doc in twin.store.list(kind, scope.key + "/")
            if twin.authorization.allows(request.caller, f"{row.arm_type}/read", doc["id"])
        ]
    return Reply(200, {"value": sorted(shown, key=lambda one: one["id"].lower())})


def _filtered_type(text: str) -> str:
    """The type of `$filter=resourceType eq '...'`, lower case; empty if the filter names none."""
    import re

    found = re.search(r"resourceType eq '([^']+)'", text, re.IGNORECASE)
    return found[1].lower() if found else ""


def _short(doc: Doc, twin: Twin) -> dict[str, Any]:
    whole = render(doc, twin)
    return {
        key: whole[key]
        for key in ("id", "name", "type", "location", "tags", "kind", "sku", "identity")
        if key in whole
    }


def _known(request: Request, twin: Twin) -> str:
    key = request.params["subscriptionId"].lower()
    if key not in twin.seed.subscriptions:
        there = ", ".join(twin.seed.subscriptions)
        message = f"The subscription '{key}' could not be found. Subscriptions of this twin: {there}."
        raise ResourceNotFound(key, message, code="SubscriptionNotFound")
    return key


def _subscription(key: str, twin: Twin) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{key}",
        "subscriptionId": key,
        "tenantId": twin.seed.tenant,
        "displayName": twin.seed.subscriptions[key],
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "", "quotaId": "", "spendingLimit": "Off"},
        "authorizationSource": "RoleBased",
    }


def _namespaces() -> list[str]:
    return sorted({row.arm_type.partition("/")[0] for row in resource_types().values()})


def _provider(namespace: str, subscription_id: str, twin: Twin) -> dict[str, Any]:
    kinds = [
        {
            "resourceType": row.arm_type.partition("/")[2],
            "locations": list(twin.seed.locations),
            "apiVersions": sorted(versions_of(row), reverse=True),
            "defaultApiVersion": row.api_version,
        }
        for row in resource_types().values()
        if row.arm_type.partition("/")[0] == namespace
    ]
    registered = registration.is_registered(twin, subscription_id, namespace)
    state = "Registered" if registered else "NotRegistered"
    return {
        "id": f"/subscriptions/{subscription_id}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": state,
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": kinds,
    }
