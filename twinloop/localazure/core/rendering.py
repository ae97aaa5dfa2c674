"""How a stored resource looks in an answer."""

from __future__ import annotations

import uuid
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.bodies import drop, overlay
from twinloop.localazure.core.hooks import hooks_of
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import Doc, resource, row_of

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin


def state_of(doc: Doc, twin: Twin) -> str:
    """The provisioning state, by the clock."""
    if "readyAt" in doc and twin.clock.time() < doc["readyAt"]:
        return str(doc["phase"])
    return "Failed" if doc.get("phase") == "Failed" else "Succeeded"


def render(doc: Doc, twin: Twin, api_version: str = "") -> dict[str, Any]:
    """A resource as ARM shows it: what was put, completed with what only the service knows."""
    row = row_of(doc["type"])
    body: dict[str, Any] = {
        "id": doc["id"],
        "name": doc["name"],
        "type": doc["type"],
        **deepcopy(doc["body"]),
    }
    body.setdefault("properties", {})
    if "identity" in body:
        body["identity"] = _identity(doc, body["identity"], twin)
    read_only = row.read_only if row else ()
    if row is not None:
        for path in row.secret:
            drop(body, path)
    if "properties.provisioningState" in read_only:
        body["properties"]["provisioningState"] = state_of(doc, twin)
    if "systemData" in read_only:
        body["systemData"] = _system_data(doc)
    if "etag" in read_only:
        body["etag"] = f'W/"{uuid.uuid5(uuid.NAMESPACE_URL, doc["id"] + str(doc["serial"]))}"'
    for hook in hooks_of(doc["type"]):
        overlay(body, hook.render(doc, twin, api_version))
    return body


def _identity(doc: Doc, identity: object, twin: Twin) -> object:
    """The identity block with the object ids that Azure fills in."""
    if not isinstance(identity, dict):
        return identity
    shown = {key: value for key, value in identity.items() if key != "userAssignedIdentities"}
    if own := doc.get("principalId"):
        shown |= {"principalId": own, "tenantId": twin.seed.tenant}
    assigned = identity.get("userAssignedIdentities")
    if assigned:
        shown["userAssignedIdentities"] = {}
        for text in assigned:
            there = resource(twin, ArmId(text))
            shown["userAssignedIdentities"][text] = (
                {"principalId": there["principalId"], "clientId": there["clientId"]} if there else {}
            )
    return shown


def _system_data(doc: Doc) -> dict[str, Any]:
    kinds = {"User": "User", "": "Application"}
    created, changed = doc["createdBy"], doc["changedBy"]
    return {
        "createdBy": created["name"],
        "createdByType": kinds.get(created["kind"], "Application"),
        "createdAt": doc["createdAt"],
        "lastModifiedBy": changed["name"],
        "lastModifiedByType": kinds.get(changed["kind"], "Application"),
        "lastModifiedAt": doc["changedAt"],
    }
