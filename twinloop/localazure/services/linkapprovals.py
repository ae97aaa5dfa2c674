"""Connections as the owner of a target sees them: listed, approved, rejected, removed."""

from __future__ import annotations

import uuid
from typing import Any

from checks.catalogue.resource_types import by_arm_type
from twinloop.localazure.core.errors import InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type, require
from twinloop.localazure.core.router import Handler, Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.linktargets import TARGETS, LinkTarget, names_of
from twinloop.localazure.services.privateendpoints import (
    ENDPOINTS,
    STATE,
    connection_of,
    endpoints_to,
    state_of_connection,
)

router = Router("Microsoft.Network")
CONNECTIONS = "privateEndpointConnections"
_STATES = ("Approved", "Rejected")
_SHOWN_WHERE_ANY = ("microsoft.keyvault/vaults",)
_SHOWS_NONE = ("microsoft.machinelearningservices/registries",)  # under another name, which is an input


class TargetHooks(ResourceHooks):
    """A target shows who is connected to it."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its connections; a vault shows the list only where it holds some."""
        del api_version
        shown = [_shown(one, doc["id"], twin) for one in endpoints_to(ArmId(doc["id"]), twin)]
        empty = not shown and doc["type"].lower() in _SHOWN_WHERE_ANY
        return {} if empty else {"properties": {CONNECTIONS: shown}}


def _shown(endpoint: Doc, target: str, twin: Twin) -> dict[str, Any]:
    name = _name(endpoint)
    return {
        "id": f"{target}/{CONNECTIONS}/{name}",
        "name": name,
        "type": f"{ArmId(target).type}/{CONNECTIONS}",
        "properties": {
            "privateEndpoint": {"id": endpoint["id"]},
            STATE: state_of_connection(endpoint, twin),
            "groupIds": connection_of(endpoint)["properties"]["groupIds"],
            "provisioningState": "Succeeded",
        },
    }


def _name(endpoint: Doc) -> str:
    return f"{endpoint['name']}.{uuid.uuid5(uuid.NAMESPACE_URL, endpoint['id'] + endpoint['createdAt'])}"


def _found(request: Request, twin: Twin) -> tuple[str, Doc]:
    """The target's id and the endpoint behind a connection's name.

    Raises:
        ResourceNotFound: there is none of this name.
    """
    target = request.arm_id.parent
    there = require(twin, target) if target is not None else {}
    for endpoint in endpoints_to(ArmId(there["id"]), twin):
        if _name(endpoint).lower() == request.arm_id.name.lower():
            return str(there["id"]), endpoint
    raise ResourceNotFound(request.arm_id)


def _list(request: Request, twin: Twin) -> Reply:
    target = require(twin, ArmId(request.arm_id.text.rpartition("/")[0]))["id"]
    return Reply(200, {"value": [_shown(one, target, twin) for one in endpoints_to(ArmId(target), twin)]})


def _get(request: Request, twin: Twin) -> Reply:
    target, endpoint = _found(request, twin)
    return Reply(200, _shown(endpoint, target, twin))


def _decide(request: Request, twin: Twin) -> Reply:
    target, endpoint = _found(request, twin)
    state = ((request.json().get("properties") or {}).get(STATE)) or {}
    if state.get("status") not in _STATES:
        message = (
            f"{request.arm_id}: properties.{STATE}.status: given '{state.get('status')}'; allowed: "
            f"{', '.join(_STATES)}"
        )
        raise InvalidRequest("InvalidPrivateLinkServiceConnectionState", message)
    _set(endpoint, state["status"], str(state.get("description", "")), twin)
    return Reply(200, _shown(endpoint, target, twin))


def _remove(request: Request, twin: Twin) -> Reply:
    _, endpoint = _found(request, twin)
    _set(endpoint, "Disconnected", "Removed by the owner of the target", twin)
    return Reply(200)


def _set(endpoint: Doc, status: str, description: str, twin: Twin) -> None:
    connection_of(endpoint)["properties"][STATE] = {
        "status": status,
        "description": description,
        "actionsRequired": "None",
    }
    twin.store.put(kind_of(ENDPOINTS), ArmId(endpoint["id"]).key, endpoint)


def _link_resources(row: LinkTarget) -> Handler:
    def answer(request: Request, twin: Twin) -> Reply:
        target = require(twin, ArmId(request.arm_id.text.rpartition("/")[0]))
        listed = [
            {
                "id": f"{target['id']}/privateLinkResources/{group}",
                "name": group,
                "type": f"{row.arm_type}/privateLinkResources",
                "properties": {
                    "groupId": group,
                    "requiredMembers": [group],
                    "requiredZoneNames": sorted({name.zone for name in names_of(target, group, twin)}),
                },
            }
            for group in row.groups
        ]
        return Reply(200, {"value": listed})

    return answer


def _declare(row: LinkTarget) -> None:
    if row.arm_type.lower() not in _SHOWS_NONE:
        on_type(row.arm_type)(type("TargetHooks", (TargetHooks,), {}))
    path = by_arm_type()[row.arm_type.lower()].path
    one, action = f"{path}/{CONNECTIONS}/{{connectionName}}", f"{row.arm_type}/{CONNECTIONS}"
    router.on("GET", f"{path}/{CONNECTIONS}", action=f"{action}/read")(_list)
    router.on("GET", one, action=f"{action}/read")(_get)
    router.on("PUT", one, action=f"{action}/write")(_decide)
    router.on("DELETE", one, action=f"{action}/delete")(_remove)
    router.on("GET", f"{path}/privateLinkResources", action=f"{row.arm_type}/privateLinkResources/read")(
        _link_resources(row)
    )


for _row in TARGETS.values():
    _declare(_row)
