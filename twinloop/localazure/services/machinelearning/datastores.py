"""Datastores: the names under which a workspace knows storage, and how a client gets into it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    ResourceHooks,
    on_type,
    put_resource,
    require,
    resource,
)
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.workspace_identity import delegate
from twinloop.localazure.services.machinelearning.workspace_scope import (
    WORKSPACE,
    WORKSPACES,
    shown_children,
    workspace,
    workspace_id,
)
from twinloop.localazure.storage import sas
from twinloop.localazure.storage.accounts import container_id, ensure_container, find_account
from twinloop.localazure.storage.errors import AccountNotFound, ContainerNotFound

router = Router("machinelearning")
Doc = dict[str, Any]
DATASTORES = f"{WORKSPACES}/datastores"
DEFAULT = "workspaceblobstore"
ARTIFACTS = "workspaceartifactstore"
_CONTAINER_KEY = {
    "azureblob": "containerName",
    "azuredatalakegen2": "filesystem",
    "azurefile": "fileShareName",
}
_SIGNED_FOR = timedelta(hours=1)
_MODES = {"identity": "None", "userdelegationsas": "Sas", "accesskey": "AccountKey"}


@on_type(DATASTORES)
class DatastoreHooks(ResourceHooks):
    """Rules of a datastore, and its two faces."""

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The storage that it names is there."""
        properties = body["properties"]
        kind = str(properties.get("datastoreType", "")).lower()
        if kind not in _CONTAINER_KEY:
            raise InvalidRequest(
                "UserError",
                f"properties.datastoreType: {properties.get('datastoreType')!r} is not emulated; "
                "allowed: AzureBlob, AzureDataLakeGen2, AzureFile.",
            )
        for key in ("accountName", _CONTAINER_KEY[kind]):
            if not properties.get(key):
                raise InvalidRequest(
                    "UserError",
                    f"properties.{key} is required for a datastore of type {properties['datastoreType']}.",
                )
        properties["accountName"] = real_account(properties["accountName"])
        if old is not None:
            properties["isDefault"] = old["body"]["properties"].get("isDefault", False)
        if kind != "azurefile" and request.query.get("skipValidation", "").lower() != "true":
            _check_there(twin, properties["accountName"], properties[_CONTAINER_KEY[kind]])

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """To Azure ML's client, the account's address on this twin; to everybody else its name."""
        properties = doc["body"]["properties"]
        shown: Doc = {"isDefault": bool(properties.get("isDefault")), "tags": properties.get("tags") or {}}
        if reads_as_client(api_version) and properties.get("accountName"):
            shown["accountName"] = client_account(twin, properties["accountName"])
        return {"properties": shown}

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """The default datastore stays while its workspace does."""
        del twin
        if doc["body"]["properties"].get("isDefault"):
            raise Conflict(
                "UserError",
                f"'{doc['name']}' is the default datastore of its workspace and cannot be deleted "
                "while the workspace is there.",
            )


@router.on("GET", f"{WORKSPACE}/datastores", action=f"{DATASTORES}/read")
def list_datastores(request: Request, twin: Twin) -> Reply:
    """All datastores, or the default one, or those named."""
    query = request.query
    shown = shown_children(request, twin, "datastores")
    if query.get("isDefault", "").lower() == "true":
        shown = [one for one in shown if one["properties"]["isDefault"]]
    if names := {name.strip().lower() for name in query.get("names", "").split(",") if name.strip()}:
        shown = [one for one in shown if one["name"].lower() in names]
    if text := query.get("searchText", "").lower():
        shown = [one for one in shown if text in one["name"].lower()]
    return Reply(200, {"value": shown})


@router.on("POST", f"{WORKSPACE}/datastores/{{name}}/listSecrets", action=f"{DATASTORES}/listSecrets/action")
def list_secrets(request: Request, twin: Twin) -> Reply:
    """A signature for the datastore's container; a datastore by identity has no secrets."""
    doc = require(twin, workspace_id(request).child("datastores", request.params["name"]))
    properties = doc["body"]["properties"]
    kind = str((properties.get("credentials") or {}).get("credentialsType", "None")).lower()
    account, container = (
        properties["accountName"],
        properties.get(_CONTAINER_KEY[properties["datastoreType"].lower()]),
    )
    if kind in {"none", ""}:
        raise InvalidRequest(
            "UserError",
            f"'{doc['name']}' is accessed by identity: it has no secrets. Use your own Entra token "
            "for the storage account.",
        )
    if kind == "accountkey" and not find_account(twin, account).shared_key_allowed:
        raise InvalidRequest(
            "UserError",
            f"'{doc['name']}' is accessed by account key, but allowSharedKeyAccess of '{account}' is false. "
            "Set systemDatastoresAuthMode of the workspace to Identity.",
        )
    owner = _signer(twin, workspace(request, twin), account, kind)
    token = sas.mint(twin, account, container, permissions="racwdl", lifetime=_SIGNED_FOR, owner=owner)
    return Reply(200, {"secretsType": "Sas", "sasToken": token})


def _signer(twin: Twin, owner: Doc, account: str, kind: str) -> str:
    """Who signs: the platform for the workspace's own account by key, else the workspace's identity.

    A key of another account would have to be given to the datastore; a name alone must not open it.
    """
    place = find_account(twin, account).id
    if kind == "accountkey" and place == ArmId(owner["body"]["properties"]["storageAccount"]):
        return sas.SERVICE
    return delegate(twin, owner, place)


def make_defaults(doc: Doc, twin: Twin) -> None:
    """Make, or bring up to date, the datastores that every workspace has, and their containers."""
    properties = doc["body"]["properties"]
    account = ArmId(properties["storageAccount"]).name.lower()
    mode = str(properties.get("systemDatastoresAuthMode") or "AccessKey").lower()
    for name, container, is_default in (
        (DEFAULT, f"azureml-blobstore-{doc['workspaceId']}", True),
        (ARTIFACTS, "azureml", False),
    ):
        ensure_container(twin, account, container)
        put_resource(
            twin,
            ArmId(doc["id"]).child("datastores", name),
            {
                "properties": {
                    "datastoreType": "AzureBlob",
                    "accountName": account,
                    "containerName": container,
                    "protocol": "https",
                    "credentials": {"credentialsType": _MODES[mode]},
                    "serviceDataAccessAuthIdentity": "None",
                    "isDefault": is_default,
                }
            },
        )


def find_datastore(twin: Twin, workspace_id: ArmId, name: str) -> Doc:
    """A datastore of a workspace.

    Raises:
        ResourceNotFound: there is none of that name.
    """
    doc = resource(twin, workspace_id.child("datastores", name))
    if doc is None:
        raise ResourceNotFound(workspace_id.child("datastores", name))
    return doc


def reads_as_client(api_version: str) -> bool:
    """Whether a request is Azure ML's client's: it asks for previews, infrastructure for stable versions."""
    return api_version.endswith("-preview")


def client_account(twin: Twin, account: str) -> str:
    """An account name with which the client's `https://<accountName>.blob.<suffix>` is the twin's address."""
    return f"{twin.base.removeprefix('https://')}/{account}"


def real_account(name: str) -> str:
    """The account's name, if it was given as an address of this twin."""
    return name.rpartition("/")[2].lower()


def _check_there(twin: Twin, account: str, container: str) -> None:
    try:
        container_id(twin, account, container)
    except (AccountNotFound, ContainerNotFound) as missing:
        raise InvalidRequest(
            "UserError", f"{missing.message} A datastore names storage that exists."
        ) from missing
