"""Keys of the customer's own: what stores, image registries and workspaces demand before they use one.

Nothing is encrypted here. What Azure checks is checked: the key exists, its vault keeps what is deleted and
cannot be purged, and the identity that reads the key is the resource's own and may wrap and unwrap with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type, resource
from twinloop.localazure.core.twin import Twin

VAULTS = "Microsoft.KeyVault/vaults"
WRAP = f"{VAULTS}/keys/wrap/action"
_KEY = re.compile(r"https://(?P<vault>[A-Za-z0-9-]+)\.vault\.azure\.net/keys/(?P<key>[A-Za-z0-9-]+)(/\w+)?/?")


@on_type("Microsoft.Storage/storageAccounts")
class EncryptedAccountHooks(ResourceHooks):
    """A storage account names vault, key and identity apart."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The key can be used."""
        del old
        encryption = (body.get("properties") or {}).get("encryption") or {}
        if str(encryption.get("keySource", "")).lower() != "microsoft.keyvault":
            return
        key = encryption.get("keyvaultproperties") or {}
        uri = f"{str(key.get('keyvaulturi', '')).rstrip('/')}/keys/{key.get('keyname', '')}"
        identity = (encryption.get("identity") or {}).get("userAssignedIdentity")
        _check(uri, identity, body, request.arm_id, twin)


@on_type("Microsoft.ContainerRegistry/registries")
class EncryptedRegistryHooks(ResourceHooks):
    """An image registry names the identity by its client id, and has a key in the tier Premium only."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The key can be used."""
        del old
        encryption = (body.get("properties") or {}).get("encryption") or {}
        if str(encryption.get("status", "")).lower() != "enabled":
            return
        if str((body.get("sku") or {}).get("name", "")).lower() != "premium":
            message = f"{request.arm_id}: properties.encryption: a customer-managed key needs the SKU Premium"
            raise InvalidRequest("CmkNotSupportedForSku", message, target="properties.encryption")
        key = encryption.get("keyVaultProperties") or {}
        identity = next(
            (
                doc["id"]
                for _, doc in twin.store.list(kind_of("Microsoft.ManagedIdentity/userAssignedIdentities"))
                if doc["clientId"] == key.get("identity")
            ),
            None,
        )
        _check(str(key.get("keyIdentifier", "")), identity, body, request.arm_id, twin)


@on_type("Microsoft.MachineLearningServices/workspaces")
class EncryptedWorkspaceHooks(ResourceHooks):
    """A workspace names vault and key; once made, only the key of that vault can be another one."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The key can be used, by the identity that is named or the workspace's own."""
        del old
        properties = body.get("properties") or {}
        encryption = properties.get("encryption") or {}
        if str(encryption.get("status", "")).lower() != "enabled":
            return
        key = encryption.get("keyVaultProperties") or {}
        uri = str(key.get("keyIdentifier", ""))
        identity = (encryption.get("identity") or {}).get("userAssignedIdentity")
        vault = _check(
            uri, identity or properties.get("primaryUserAssignedIdentity"), body, request.arm_id, twin
        )
        if ArmId(str(key.get("keyVaultArmId"))) != vault:
            message = (
                f"{request.arm_id}: keyVaultArmId '{key.get('keyVaultArmId')}' is not the vault of '{uri}'"
            )
            raise InvalidRequest("InvalidKeyVault", message, target="properties.encryption")


def _check(uri: str, identity: object, body: dict[str, Any], arm_id: ArmId, twin: Twin) -> ArmId:
    """Refuse a key that Azure would not use; its vault."""
    found = _KEY.fullmatch(uri)
    vault = next(_vaults(found["vault"], twin), None) if found else None
    problem = ""
    if found is None or vault is None:
        problem = f"no vault has the key '{uri}'"
    elif resource(twin, f"{vault['id']}/keys/{found['key']}") is None:
        problem = f"vault '{vault['name']}' has no key '{found['key']}'"
    elif not vault["body"]["properties"].get("enablePurgeProtection"):
        problem = f"vault '{vault['name']}' has no purge protection: properties.enablePurgeProtection true"
    else:
        problem = _of_identity(identity, body, vault["id"], twin)
    if problem or vault is None:
        message = f"{arm_id}: the customer-managed key cannot be used: {problem}."
        raise InvalidRequest("KeyVaultKeyNotUsable", message, target="properties.encryption")
    return ArmId(vault["id"])


def _of_identity(identity: object, body: dict[str, Any], vault_id: str, twin: Twin) -> str:
    """What keeps an identity from using a key of a vault; nothing where it may."""
    own = {one.lower() for one in ((body.get("identity") or {}).get("userAssignedIdentities") or {})}
    if not isinstance(identity, str) or identity.lower() not in own:
        return f"identity '{identity}' is not among the resource's own"
    doc = resource(twin, identity)
    principal = twin.directory.find(doc["principalId"]) if doc else None
    if principal is None:
        return f"identity '{identity}' does not exist"
    if not twin.authorization.allows(principal, WRAP, vault_id, data=True):
        return (
            f"identity '{identity}' may not wrap with it: it needs Key Vault Crypto Service Encryption User "
            f"on '{vault_id}'"
        )
    return ""


def _vaults(name: str, twin: Twin) -> Iterator[Doc]:
    for _, doc in twin.store.list(kind_of(VAULTS)):
        if doc["name"].lower() == name.lower():
            yield doc
