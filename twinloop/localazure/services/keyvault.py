"""Key vaults on the control plane, their tombstones included: Microsoft.KeyVault."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twinloop.localazure.core.errors import ArmError, Conflict, InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.names import availability
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.tombstones import purge, tombstones
from twinloop.localazure.core.twin import Twin

router = Router("Microsoft.KeyVault")
VAULTS = "Microsoft.KeyVault/vaults"
_DELETED = (
    "/subscriptions/{subscriptionId}/providers/Microsoft.KeyVault/locations/{location}/deletedVaults/{name}"
)
_MIN_DAYS, _MAX_DAYS = 7, 90


@on_type(VAULTS)
class VaultHooks(ResourceHooks):
    """A vault is of this tenant, and what protects it cannot be taken off."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Tenant, retention, and one-way protections."""
        properties = body["properties"]
        if str(properties["tenantId"]).lower() != twin.seed.tenant:
            message = (
                f"{request.arm_id}: properties.tenantId: '{properties['tenantId']}' is not this tenant, "
                f"{twin.seed.tenant}"
            )
            raise InvalidRequest("InvalidTenantId", message)
        days = properties.get("softDeleteRetentionInDays")
        if not isinstance(days, int) or not _MIN_DAYS <= days <= _MAX_DAYS:
            message = (
                f"{request.arm_id}: properties.softDeleteRetentionInDays: given {days}; allowed: "
                f"{_MIN_DAYS} to {_MAX_DAYS}"
            )
            raise InvalidRequest("BadRequest", message)
        if properties.get("enablePurgeProtection") is False:
            message = "The property 'enablePurgeProtection' cannot be set to false. Leave it out."
            raise InvalidRequest("BadRequest", message)
        before = (old["body"]["properties"] if old else {}).get("softDeleteRetentionInDays")
        if before is not None and before != days:
            message = (
                f"{request.arm_id}: properties.softDeleteRetentionInDays is {before} and cannot become {days}"
            )
            raise InvalidRequest("BadRequest", message)
        if old is None and _named(request.arm_id.name, twin) and properties.get("createMode") != "recover":
            message = (
                f"A vault named '{request.arm_id.name}' exists in deleted state. Purge it or wait until "
                "its time is over."
            )
            raise Conflict("ConflictError", message)
        properties.pop("createMode", None)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its address."""
        del twin, api_version
        return {"properties": {"vaultUri": f"https://{doc['name'].lower()}.vault.azure.net/"}}


def _named(name: str, twin: Twin) -> bool:
    """Whether a tombstone of another place holds this global name."""
    return any(doc["name"].lower() == name.lower() for doc in tombstones(twin, VAULTS))


def _show(doc: Doc) -> dict[str, Any]:
    arm_id = ArmId(doc["id"])
    location = doc["body"].get("location", "")
    properties = {
        "vaultId": doc["id"],
        "location": location,
        "tags": doc["body"].get("tags") or {},
        "deletionDate": _iso(doc["deletedAt"]),
        "scheduledPurgeDate": _iso(doc["purgeAt"]),
        "purgeProtectionEnabled": doc["body"]["properties"].get("enablePurgeProtection"),
    }
    place = f"/subscriptions/{arm_id.subscription}/providers/Microsoft.KeyVault/locations/{location}"
    return {
        "id": f"{place}/deletedVaults/{doc['name']}",
        "name": doc["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@router.on(
    "GET",
    "/subscriptions/{subscriptionId}/providers/Microsoft.KeyVault/deletedVaults",
    action="Microsoft.KeyVault/deletedVaults/read",
    scope="/subscriptions/{subscriptionId}",
)
def list_deleted(request: Request, twin: Twin) -> Reply:
    """The tombstones of a subscription."""
    prefix = f"/subscriptions/{request.params['subscriptionId']}/"
    return Reply(200, {"value": [_show(doc) for doc in tombstones(twin, VAULTS, prefix)]})


@router.on(
    "GET",
    _DELETED,
    action="Microsoft.KeyVault/locations/deletedVaults/read",
    scope="/subscriptions/{subscriptionId}",
)
def get_deleted(request: Request, twin: Twin) -> Reply:
    """One tombstone."""
    return Reply(200, _show(_find(request, twin)))


@router.on(
    "POST",
    _DELETED + "/purge",
    action="Microsoft.KeyVault/locations/deletedVaults/purge/action",
    scope="/subscriptions/{subscriptionId}",
)
def purge_deleted(request: Request, twin: Twin) -> Reply:
    """End a tombstone before its time; refused for a vault that is protected against it."""
    doc = _find(request, twin)
    if doc["body"]["properties"].get("enablePurgeProtection"):
        message = (
            f"Operation 'purge' is not allowed: vault '{doc['name']}' has purge protection; it goes on "
            f"{_iso(doc['purgeAt'])}."
        )
        raise ArmError(403, "MethodNotAllowed", message)
    purge(twin, doc)
    return Reply(200)


@router.on("POST", "/subscriptions/{subscriptionId}/providers/Microsoft.KeyVault/checkNameAvailability")
def check_name(request: Request, twin: Twin) -> Reply:
    """Whether a vault name can be had."""
    return Reply(200, availability(VAULTS, request.json().get("name", ""), twin, "AccountNameInvalid"))


def _find(request: Request, twin: Twin) -> Doc:
    prefix = f"/subscriptions/{request.params['subscriptionId']}/"
    name = request.params["name"].lower()
    for doc in tombstones(twin, VAULTS, prefix):
        if doc["name"].lower() == name:
            return doc
    message = (
        f"The specified deleted vault '{request.params['name']}' does not exist. "
        "GET .../providers/Microsoft.KeyVault/deletedVaults lists those that do."
    )
    raise ResourceNotFound(name, message, code="DeletedVaultNotFound")
