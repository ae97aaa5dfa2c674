"""Azure ML workspaces: what they are made of, what the service adds, and where their data plane is."""

from __future__ import annotations

import uuid
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import ResourceHooks, on_type, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning import datastores, networks
from twinloop.localazure.services.machinelearning.asset_store import forget_owner
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace

router = Router("machinelearning")
Doc = dict[str, Any]
_AUTH_MODES = ("accesskey", "identity", "userdelegationsas")
_ISOLATION = ("disabled", "allowinternetoutbound", "allowonlyapprovedoutbound")  # each step is one way
_KINDS = ("default", "featurestore")


@on_type(WORKSPACES)
class WorkspaceHooks(ResourceHooks):
    """Rules of a workspace, its default datastores, and what only the service knows of it."""

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """Refuse what Azure refuses, or what this twin does not have."""
        del request
        properties = body.setdefault("properties", {})
        _check_kind(body)
        _check_identity(body, properties)
        _check_storage(twin, properties)
        mode = properties.get("systemDatastoresAuthMode")
        if mode is not None and str(mode).lower() not in _AUTH_MODES:
            raise InvalidRequest(
                "ValidationError",
                f"properties.systemDatastoresAuthMode: {mode!r} is not valid; "
                "allowed: AccessKey, Identity, UserDelegationSAS.",
            )
        _check_isolation(properties, old["body"].get("properties", {}) if old else {})

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Ids and addresses that the service gives."""
        base = twin.base.removeprefix("https://")
        shown: Doc = {
            "workspaceId": doc["workspaceId"],
            "discoveryUrl": f"{twin.base}/discovery/workspaces/{doc['workspaceId']}",
            "mlFlowTrackingUri": f"azureml://{base}/mlflow/v1.0{doc['id']}",
            "notebookInfo": None,
            "privateLinkCount": 0,
            "storageHnsEnabled": False,
            "tenantId": twin.seed.tenant,
            "friendlyName": doc["body"]["properties"].get("friendlyName") or doc["name"],
        }
        if network := networks.rendered(doc, twin, api_version):
            shown["managedNetwork"] = network
        return {"kind": doc["body"].get("kind", "Default"), "properties": shown}

    def created(self, doc: Doc, twin: Twin) -> None:
        """Give the workspace its id, its containers and its default datastores."""
        doc["workspaceId"] = doc.get("workspaceId") or str(uuid.uuid4())
        datastores.make_defaults(doc, twin)
        networks.follow(doc, twin)

    def updated(self, doc: Doc, twin: Twin) -> None:
        """Let service-made outbound rules follow the isolation mode, datastores the way they are reached."""
        datastores.make_defaults(doc, twin)
        networks.follow(doc, twin)

    def purged(self, doc: Doc, twin: Twin) -> None:
        """Forget the assets; the blobs stay in the storage account, as on Azure."""
        forget_owner(twin, ArmId(doc["id"]))


@router.on("GET", "/discovery/workspaces/{workspaceId}", auth="none")
def discovery(_request: Request, twin: Twin) -> Reply:
    """Where the data plane is; everything is at one address here."""
    names = ("api", "experimentation", "history", "hyperdrive", "modelmanagement", "notebooks", "pipelines")
    return Reply(200, dict.fromkeys(names, twin.base))


@router.on("POST", f"{WORKSPACE}/listKeys", action=f"{WORKSPACES}/listKeys/action")
def list_keys(request: Request, twin: Twin) -> Reply:
    """The ids of what the workspace keeps its keys for; the twin hands out no keys."""
    properties = workspace(request, twin)["body"]["properties"]
    storage = properties.get("storageAccount")
    return Reply(200, {"userStorageResourceId": storage, "userStorageKey": None, "notebookAccessKeys": None})


def _check_kind(body: Doc) -> None:
    kind = str(body.get("kind") or "Default")
    if kind.lower() not in _KINDS:
        raise InvalidRequest(
            "ValidationError", f"kind: {kind!r} is not emulated by this twin; allowed: Default, FeatureStore."
        )


def _check_identity(body: Doc, properties: Doc) -> None:
    identity = body.get("identity") or {}
    assigned = {text.lower() for text in identity.get("userAssignedIdentities") or {}}
    primary = properties.get("primaryUserAssignedIdentity")
    if primary and primary.lower() not in assigned:
        raise InvalidRequest(
            "ValidationError",
            f"properties.primaryUserAssignedIdentity: '{primary}' is not among "
            "identity.userAssignedIdentities; add it there.",
        )
    if str(identity.get("type", "")).replace(" ", "").lower() == "userassigned" and not primary:
        raise InvalidRequest(
            "ValidationError",
            "properties.primaryUserAssignedIdentity is required for a workspace with "
            "user-assigned identities only.",
        )


def _check_storage(twin: Twin, properties: Doc) -> None:
    account = resource(twin, ArmId(properties.get("storageAccount") or "/"))
    if account is None:
        return
    if (account["body"].get("properties") or {}).get("isHnsEnabled"):
        raise InvalidRequest(
            "ValidationError",
            f"properties.storageAccount: '{account['name']}' has a hierarchical namespace, which "
            "the default account of a "
            "workspace must not have; use it as a datastore instead.",
        )
    sku = str((account["body"].get("sku") or {}).get("name", ""))
    if sku.lower().startswith("premium"):
        raise InvalidRequest(
            "ValidationError",
            f"properties.storageAccount: '{account['name']}' is {sku}; the default account of a "
            "workspace must be Standard.",
        )


def _check_isolation(properties: Doc, before: Doc) -> None:
    new = str((properties.get("managedNetwork") or {}).get("isolationMode") or "Disabled")
    old = str((before.get("managedNetwork") or {}).get("isolationMode") or "Disabled")
    if new.lower() not in _ISOLATION:
        raise InvalidRequest(
            "ValidationError",
            f"properties.managedNetwork.isolationMode: {new!r} is not valid; "
            "allowed: Disabled, AllowInternetOutbound, AllowOnlyApprovedOutbound.",
        )
    if before and _ISOLATION.index(new.lower()) < _ISOLATION.index(old.lower()):
        raise InvalidRequest(
            "ValidationError",
            f"properties.managedNetwork.isolationMode: {old} cannot go back to {new}; make a new workspace.",
        )
