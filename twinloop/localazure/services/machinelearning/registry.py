"""Azure ML registries: the resource, its discovery, and the assets that it holds for other workspaces.

Azure keeps the files of a registry in a managed resource group of its own; so does the twin. Sharing an asset
of a workspace into a registry (`import`) is not emulated yet.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from twinloop.localazure.core.errors import Conflict, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    ResourceHooks,
    delete_resource,
    kind_of,
    on_type,
    put_resource,
    resource,
)
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.asset_routes import OPERATIONS
from twinloop.localazure.services.machinelearning.asset_store import Assets, assets, forget_owner
from twinloop.localazure.services.machinelearning.asset_types import ASSET_TYPES
from twinloop.localazure.services.machinelearning.uploads import blob_address
from twinloop.localazure.services.machinelearning.workspace_scope import GROUP, PROVIDER
from twinloop.localazure.storage import sas
from twinloop.localazure.storage.accounts import ensure_container
from twinloop.localazure.storage.datastore_uri import parse_blob_url

router = Router("machinelearning")
Doc = dict[str, Any]
REGISTRIES = f"{PROVIDER}/registries"
REGISTRY = f"{GROUP}/providers/{REGISTRIES}/{{registryName}}"
DATA_PLANE = f"/mferp/managementfrontend{REGISTRY}"
_SIGNED_FOR = timedelta(hours=24)


@on_type(REGISTRIES)
class RegistryHooks(ResourceHooks):
    """The addresses of a registry, and the managed group with its storage."""

    def created(self, doc: Doc, twin: Twin) -> None:
        """Make what Azure makes beside a registry."""
        arm_id, mark, location = ArmId(doc["id"]), str(uuid.uuid4()), doc["body"]["location"]
        group = ArmId(f"/subscriptions/{arm_id.subscription}/resourceGroups/azureml-rg-{arm_id.name}_{mark}")
        account = group.child(
            "providers/Microsoft.Storage/storageAccounts", f"st{mark.replace('-', '')[:20]}"
        )
        doc["managedGroup"], doc["managedAccount"] = group.text, account.text
        put_resource(twin, group, {"location": location, "managedBy": doc["id"]})
        properties = {"allowSharedKeyAccess": False, "allowBlobPublicAccess": False}
        body = {
            "location": location,
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "properties": properties,
        }
        put_resource(twin, account, body)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Addresses that the service gives."""
        del api_version
        base = twin.base.removeprefix("https://")
        shown = {
            "discoveryUrl": f"{twin.base}/registrymanagement/v1.0/registries/{doc['name']}/discovery",
            "mlFlowRegistryUri": f"azureml://{base}/mlflow/v1.0{doc['id']}",
            "managedResourceGroup": {"resourceId": doc["managedGroup"]},
        }
        return {"properties": shown}

    def purged(self, doc: Doc, twin: Twin) -> None:
        """The managed group and the assets go with the registry."""
        delete_resource(twin, ArmId(doc["managedGroup"]))
        forget_owner(twin, ArmId(doc["id"]))


@router.on("GET", "/registrymanagement/v1.0/registries/{registryName}/discovery")
def discovery(request: Request, twin: Twin) -> Reply:
    """Where a registry is, by its name alone: names are global."""
    arm_id = ArmId(_by_name(twin, request.params["registryName"])["id"])
    twin.authorize(request.caller, f"{REGISTRIES}/read", arm_id)
    return Reply(
        200,
        {
            "registryName": arm_id.name,
            "primaryRegionResourceProviderUri": f"{twin.base}/",
            "resourceGroup": arm_id.group,
            "subscriptionId": arm_id.subscription,
            "serviceType": "workspacediscovery",
        },
    )


@router.on("PUT", f"{DATA_PLANE}/tempdatarefs/{{name}}/versions/{{version}}",
           action=f"{REGISTRIES}/assets/stage/write", scope=REGISTRY)  # fmt: skip
def stage(request: Request, twin: Twin) -> Reply:
    """A fresh container for the files of an asset that is about to be registered."""
    doc = _registry(request, twin)
    parts = str(request.json().get("assetId", "")).split("/")
    collection = parts[4] if len(parts) > 4 else ""  # noqa: PLR2004 - azureml://registries/<name>/<collection>/...
    name, version = request.params["name"], request.params["version"]
    if collection in ASSET_TYPES and assets(twin, ArmId(doc["id"]), collection).find(name, version):
        raise Conflict(
            "UserError",
            f"{collection} '{name}:{version}' exists in registry '{doc['name']}' already; what is promoted "
            "stays as it is: give another version.",
        )
    container = base64.b32encode(secrets.token_bytes(20)).decode().lower()
    account = ArmId(doc["managedAccount"]).name
    ensure_container(twin, account, container)
    return Reply(200, _reference(twin, account, container, "racwl"))


@router.on("POST", f"{DATA_PLANE}/datarefs/{{name}}/versions/{{version}}",
           action=f"{REGISTRIES}/assets/read", scope=REGISTRY)  # fmt: skip
def open_files(request: Request, twin: Twin) -> Reply:
    """A signature with which the files of an asset are read."""
    own = ArmId(_registry(request, twin)["managedAccount"]).name
    uri = str(request.json().get("blobUri", ""))
    place = parse_blob_url(uri)
    if (
        place is None or place.account != own
    ):  # whoever reads the registry reads the registry's files, no others
        raise ResourceNotFound(uri, f"'{uri}' is no file of registry '{request.params['registryName']}'.")
    return Reply(200, _reference(twin, place.account, place.container, "rl", uri))


def _reference(twin: Twin, account: str, container: str, permissions: str, uri: str = "") -> Doc:
    token = sas.mint(twin, account, container, permissions=permissions, lifetime=_SIGNED_FOR)
    address = uri or blob_address(twin, account, container)
    credential = {"credentialType": "SAS", "sasUri": f"{address}?{token}"}
    return {"blobReferenceForConsumption": {"blobUri": address, "credential": credential}}


def _answer(
    collection: str, operation: Callable[[Assets, Request], Reply], request: Request, twin: Twin
) -> Reply:
    doc = _registry(request, twin)
    return operation(assets(twin, ArmId(doc["id"]), collection), request)


def _registry(request: Request, twin: Twin) -> Doc:
    arm_id = ArmId(REGISTRY.format(**request.params))
    doc = resource(twin, arm_id)
    if doc is None:
        raise ResourceNotFound(arm_id)
    return doc


def _by_name(twin: Twin, name: str) -> Doc:
    for _, doc in twin.store.list(kind_of(REGISTRIES)):
        if doc["name"].lower() == name.lower():
            return doc
    raise ResourceNotFound(
        name, f"The registry '{name}' does not exist in this twin. Bring up the stack that declares it."
    )


for _collection in ASSET_TYPES:
    for _verb, _tail, _operation, _action in OPERATIONS:
        router.on(
            _verb,
            f"{DATA_PLANE}/{_collection}{_tail}",
            action=f"{REGISTRIES}/assets/{_action.rpartition('/')[2]}",
            scope=REGISTRY,
        )(partial(_answer, _collection, _operation))
