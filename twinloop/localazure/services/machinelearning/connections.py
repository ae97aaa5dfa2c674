"""Connections of a workspace: where something is, and how one gets in; secrets only by `listsecrets`."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from checks.catalogue.resource_types import by_arm_type
from twinloop.localazure.core import rules
from twinloop.localazure.core.bodies import MISSING, at, put
from twinloop.localazure.core.errors import InvalidRequest, ResourceNotFound
from twinloop.localazure.core.rendering import render
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    ResourceHooks,
    on_type,
    require,
)
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.sealing import seal, unseal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.workspace_scope import (
    WORKSPACE,
    WORKSPACES,
    shown_children,
    workspace_id,
)

router = Router("machinelearning.connections")
Doc = dict[str, Any]
CONNECTIONS = f"{WORKSPACES}/connections"
SECRETS = "mlconnectionsecrets"  # sealed, by the key of the connection
# What each way in needs; the shapes of WorkspaceConnection* in pulumi_azure_native 3.29.0.
_NEEDS = {
    "None": (),
    "AAD": (),
    "ManagedIdentity": (),
    "PAT": ("pat",),
    "SAS": ("sas",),
    "ApiKey": ("key",),
    "AccountKey": ("key",),
    "CustomKeys": ("keys",),
    "UsernamePassword": ("username", "password"),
    "AccessKey": ("accessKeyId", "secretAccessKey"),
    "ServicePrincipal": ("clientId", "clientSecret", "tenantId"),
    "OAuth2": (),
}
_NO_TARGET = {"AppInsights", "CustomKeys", "Serp"}  # a target is elsewhere in them, or there is none
_HELD = tuple(path for path in by_arm_type()[CONNECTIONS.lower()].secret)


@on_type(CONNECTIONS)
class ConnectionHooks(ResourceHooks):
    """What Azure demands of a connection; its secrets are sealed away before the rest is stored."""

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The way in is complete."""
        properties = body["properties"]
        auth = str(properties["authType"])
        if auth not in _NEEDS:
            raise InvalidRequest(
                "ValidationError", f"properties.authType: given '{auth}'; allowed: {', '.join(_NEEDS)}."
            )
        if not properties.get("target") and properties.get("category") not in _NO_TARGET:
            raise InvalidRequest("ValidationError", "properties.target is missing: an address, or an ARM id.")
        properties.setdefault("metadata", {})
        properties.setdefault("isSharedToAll", False)
        given = _secrets(body)
        kept = twin.store.get(SECRETS, request.arm_id.key) if old and not given else None
        known = set((properties.get("credentials") or {}).keys()) | set((kept or {}).get("names", ()))
        if missing := [name for name in _NEEDS[auth] if name not in known]:
            raise InvalidRequest(
                "ValidationError",
                f"properties.credentials.{missing[0]} is missing: authType {auth} has it.",
            )
        if given:
            names = sorted(name.rpartition(".")[2] for name in given)
            sealed = seal(twin.home, request.arm_id.key, given)
            twin.store.put(SECRETS, request.arm_id.key, {"names": names, "sealed": sealed})
        elif not _NEEDS[auth]:
            twin.store.delete(SECRETS, request.arm_id.key)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """The workspace that made it; never a secret."""
        del twin, api_version
        shown: Doc = {"createdByWorkspaceArmId": doc["id"].rpartition("/connections/")[0]}
        properties = doc["body"]["properties"]
        if _NEEDS[properties["authType"]] and not properties.get("credentials"):
            shown["credentials"] = None
        return {"properties": shown}

    def deleted(self, doc: Doc, twin: Twin) -> None:
        """Its secrets go with it."""
        twin.store.delete(SECRETS, doc["id"].lower())


def _secrets(body: Doc) -> Doc:
    found = {path: at(body, path) for path in _HELD}
    return {path: value for path, value in found.items() if value is not MISSING and value is not None}


@router.on("GET", f"{WORKSPACE}/connections", action=f"{CONNECTIONS}/read")
def list_connections(request: Request, twin: Twin) -> Reply:
    """All connections of a workspace, or those of one category, or to one target."""
    rules.check_api_version(by_arm_type()[CONNECTIONS.lower()], request, twin)
    shown = shown_children(request, twin, "connections")
    for key in ("category", "target"):
        if wanted := request.query.get(key, "").lower():
            shown = [one for one in shown if str(one["properties"].get(key, "")).lower() == wanted]
    return Reply(200, {"value": shown})


@router.on(
    "POST",
    f"{WORKSPACE}/connections/{{connectionName}}/listsecrets",
    action=f"{CONNECTIONS}/listsecrets/action",
)
def list_secrets(request: Request, twin: Twin) -> Reply:
    """A connection with its secrets, for those who may have them.

    Raises:
        ResourceNotFound: there is no such connection.
    """
    doc = require(twin, workspace_id(request).child("connections", request.params["connectionName"]))
    shown = deepcopy(render(doc, twin, request.api_version))
    kept = twin.store.get(SECRETS, doc["id"].lower())
    if kept is not None:
        if not shown["properties"].get("credentials"):
            shown["properties"]["credentials"] = {}
        try:
            held = unseal(twin.home, doc["id"].lower(), kept["sealed"])
        except ValueError as error:
            raise ResourceNotFound(doc["id"], f"{error}; set them again") from None
        for path, value in held.items():
            put(shown, path, value)
    return Reply(200, shown)
