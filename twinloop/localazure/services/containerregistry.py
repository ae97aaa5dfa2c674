"""Container registries on the control plane: Microsoft.ContainerRegistry."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.names import availability
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin

router = Router("Microsoft.ContainerRegistry")
REGISTRIES = "Microsoft.ContainerRegistry/registries"
_PREMIUM_ONLY = {
    "publicNetworkAccess": "Disabled",
    "zoneRedundancy": "Enabled",
    "dataEndpointEnabled": True,
}
_SKUS = ("Basic", "Standard", "Premium")


@on_type(REGISTRIES)
class RegistryHooks(ResourceHooks):
    """A registry's size decides what it can do."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The size is one of Azure's and allows what is asked for."""
        del old, twin
        sku = body["sku"]["name"]
        if sku not in _SKUS:
            raise InvalidRequest(
                "SkuNotSupported", f"{request.arm_id}: sku.name: given '{sku}'; allowed: {', '.join(_SKUS)}"
            )
        properties = body.get("properties") or {}
        wanted = [key for key, value in _PREMIUM_ONLY.items() if properties.get(key) == value]
        if wanted and sku != "Premium":
            message = (
                f"{request.arm_id}: properties.{wanted[0]}: only a Premium registry can; sku.name is '{sku}'"
            )
            raise InvalidRequest("FeatureNotSupportedBySku", message)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its address and its age."""
        del twin, api_version
        sku = doc["body"]["sku"]["name"]
        host = f"{doc['name'].lower()}.azurecr.io"
        return {
            "sku": {"name": sku, "tier": sku},
            "properties": {"loginServer": host, "creationDate": doc["createdAt"]},
        }


@router.on(
    "POST", "/subscriptions/{subscriptionId}/providers/Microsoft.ContainerRegistry/checkNameAvailability"
)
def check_name(request: Request, twin: Twin) -> Reply:
    """Whether a registry name can be had."""
    return Reply(200, availability(REGISTRIES, request.json().get("name", ""), twin))
