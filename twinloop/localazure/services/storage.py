"""Storage accounts and their blob service on the control plane: Microsoft.Storage."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.names import availability
from twinloop.localazure.core.rendering import state_of
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type, put_resource, require
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin

router = Router("Microsoft.Storage")
ACCOUNTS = "Microsoft.Storage/storageAccounts"
_SERVICES = ("blob", "dfs", "file", "queue", "table", "web")
_KINDS = {"StorageV2", "Storage", "BlobStorage", "BlockBlobStorage", "FileStorage"}
_BLOCK_ONLY = {"BlockBlobStorage": ("blob", "dfs", "web"), "BlobStorage": ("blob",), "FileStorage": ("file",)}
_GEO = ("GRS", "RAGRS", "GZRS", "RAGZRS")


@on_type(ACCOUNTS)
class StorageAccountHooks(ResourceHooks):
    """An account has its real endpoints, and a blob service from birth."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The kind is one of Azure's, and a hierarchical namespace is asked of a kind that has one."""
        del old, twin
        properties = body.setdefault("properties", {})
        if body["kind"] not in _KINDS:
            allowed = ", ".join(sorted(_KINDS))
            raise InvalidRequest(
                "InvalidValue", f"{request.arm_id}: kind: given '{body['kind']}'; allowed: {allowed}"
            )
        if properties.get("isHnsEnabled") and body["kind"] not in {"StorageV2", "BlockBlobStorage"}:
            message = (
                f"{request.arm_id}: properties.isHnsEnabled: a {body['kind']} account has no hierarchical "
                "namespace; leave it out, or give kind StorageV2 or BlockBlobStorage"
            )
            raise InvalidRequest("HnsNotSupportedForKind", message)

    def created(self, doc: Doc, twin: Twin) -> None:
        """Its blob and queue services live and die with it."""
        put_resource(twin, ArmId(doc["id"]).child("blobServices", "default"), {"properties": {}})
        if "queue" in _BLOCK_ONLY.get(doc["body"]["kind"], _SERVICES):
            put_resource(twin, ArmId(doc["id"]).child("queueServices", "default"), {"properties": {}})

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Endpoints with the account's real public names, times, places."""
        del api_version
        body, name = doc["body"], doc["name"].lower()
        sku = str(body["sku"]["name"])
        services = _BLOCK_ONLY.get(body["kind"], _SERVICES)
        location = body["location"]
        properties: dict[str, Any] = {
            "primaryEndpoints": {one: f"https://{name}.{one}.core.windows.net/" for one in services},
            "primaryLocation": location,
            "statusOfPrimary": "available",
            "creationTime": doc["createdAt"],
            "keyCreationTime": {"key1": doc["createdAt"], "key2": doc["createdAt"]},
            "provisioningState": "ResolvingDNS" if state_of(doc, twin) == "Creating" else "Succeeded",
        }
        if sku.partition("_")[2].upper() in _GEO:
            properties |= {"secondaryLocation": f"{location} (pair)", "statusOfSecondary": "available"}
        return {"sku": {"name": sku, "tier": sku.partition("_")[0]}, "properties": properties}


@on_type(f"{ACCOUNTS}/blobServices")
class BlobServiceHooks(ResourceHooks):
    """The blob service shows its account's size."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """The account's sku, and the settings that Azure shows when nothing was set."""
        del api_version
        account = ArmId(doc["id"]).parent
        sku = str(require(twin, account)["body"]["sku"]["name"]) if account else ""
        unset: dict[str, Any] = {
            "cors": {"corsRules": []},
            "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
        }
        given = doc["body"].get("properties") or {}
        missing = {key: value for key, value in unset.items() if key not in given}
        return {"sku": {"name": sku, "tier": sku.partition("_")[0]}, "properties": missing}


@on_type(f"{ACCOUNTS}/managementPolicies")
class ManagementPolicyHooks(ResourceHooks):
    """Life-cycle rules say when they changed."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """The time of the last change."""
        del twin, api_version
        return {"name": "DefaultManagementPolicy", "properties": {"lastModifiedTime": doc["changedAt"]}}


@router.on("POST", "/subscriptions/{subscriptionId}/providers/Microsoft.Storage/checkNameAvailability")
def check_name(request: Request, twin: Twin) -> Reply:
    """Whether an account name can be had."""
    return Reply(200, availability(ACCOUNTS, request.json().get("name", ""), twin, "AccountNameInvalid"))


@on_type(f"{ACCOUNTS}/queueServices")
class QueueServiceHooks(ResourceHooks):
    """The queue service shows the settings that Azure shows when nothing was set."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """No rules for browsers unless given."""
        del twin, api_version
        given = doc["body"].get("properties") or {}
        return {"properties": {} if "cors" in given else {"cors": {"corsRules": []}}}


@on_type(f"{ACCOUNTS}/queueServices/queues")
class QueueHooks(ResourceHooks):
    """A queue as the control plane sees it; its messages are not emulated."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Nothing puts messages in here: Event Grid does not deliver on a twin."""
        del doc, twin, api_version
        return {"properties": {"approximateMessageCount": 0}}
