"""Keys of a vault on the control plane: Microsoft.KeyVault/vaults/keys.

A key is declared and named here; its cryptography belongs to the vault's data plane, which is not emulated.
"""

from __future__ import annotations

import uuid
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type, resource
from twinloop.localazure.core.twin import Twin

_SIZES = (2048, 3072, 4096)  # bits of an RSA key; Key Vault: "About keys"
_KINDS = ("RSA", "EC", "RSA-HSM", "EC-HSM")


@on_type("Microsoft.KeyVault/vaults/keys")
class KeyHooks(ResourceHooks):
    """A key has one version from its creation on; making it again changes nothing."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Kind and size; keys in hardware need a premium vault."""
        del old
        properties = body["properties"]
        kind = properties["kty"]
        if kind not in _KINDS:
            raise InvalidRequest(
                "BadParameter",
                f"{request.arm_id}: properties.kty: given '{kind}'; allowed: {', '.join(_KINDS)}",
            )
        if kind.startswith("RSA"):
            size = properties.setdefault("keySize", _SIZES[0])
            if size not in _SIZES:
                allowed = ", ".join(map(str, _SIZES))
                message = f"{request.arm_id}: properties.keySize: given {size}; allowed: {allowed}"
                raise InvalidRequest("BadParameter", message)
        vault = resource(twin, _vault(request.arm_id))
        sku = vault["body"]["properties"]["sku"]["name"] if vault else ""
        if kind.endswith("-HSM") and sku != "premium":
            message = (
                f"{request.arm_id}: properties.kty '{kind}' needs a vault of sku premium; this one is {sku}"
            )
            raise InvalidRequest("BadParameter", message)

    def created(self, doc: Doc, twin: Twin) -> None:
        """Its first version."""
        del twin
        doc["version"] = uuid.uuid4().hex

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its addresses, as the data plane would have them."""
        del twin, api_version
        uri = f"https://{_vault(ArmId(doc['id'])).name.lower()}.vault.azure.net/keys/{doc['name']}"
        return {"properties": {"keyUri": uri, "keyUriWithVersion": f"{uri}/{doc['version']}"}}


def _vault(key: ArmId) -> ArmId:
    return ArmId(str(key.parent))
