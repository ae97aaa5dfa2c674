"""The key that the environment's stores are encrypted with, and the identity that they read it by.

The key lies in the environment's own vault, whose purge protection keeps it: whoever loses the key has lost
what it encrypts. Stores name it without a version, so that a rotation is taken up by itself; the workspace
names the version that there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault

from infra.naming import Names
from infra.sections.encryption import Encryption as EncryptionSettings

KEY = "platform"
ENCRYPTION = "encryption"  # the purpose of the identity that reads it


@dataclass(frozen=True, kw_only=True)
class KeyUse:
    """What a store has to be told to use the key."""

    vault_uri: str
    vault_id: str
    key_name: str
    key_uri: str
    versioned_uri: pulumi.Input[str]
    identity_id: pulumi.Input[str]
    identity_arm_id: str  # the same, known offline: where it is a key of a mapping
    client_id: pulumi.Input[str]
    after: tuple[pulumi.Resource, ...]  # the key, and the right to use it


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """The vault of the key, and who reads it."""

    resource_group: pulumi.Input[str]
    settings: EncryptionSettings
    vault: pulumi.Resource
    identity_id: pulumi.Input[str]
    client_id: pulumi.Input[str]
    grants: Sequence[pulumi.Resource]
    protect: bool
    names: Names
    tags: dict[str, str]


class Encryption(pulumi.ComponentResource):
    """One key for everything in the environment."""

    use: KeyUse

    def __init__(self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Encryption", name, None, opts)
        key = keyvault.Key(
            f"{name}-key",
            key_name=KEY,
            vault_name=args.names.vault,
            resource_group_name=args.resource_group,
            properties=keyvault.KeyPropertiesArgs(
                kty=keyvault.JsonWebKeyType.RSA,
                key_size=args.settings.key_bits,
                key_ops=["wrapKey", "unwrapKey"],
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.vault], protect=args.protect),
        )
        uri = f"https://{args.names.vault}.vault.azure.net"
        self.use = KeyUse(
            vault_uri=uri,
            vault_id=args.names.vault_id,
            key_name=KEY,
            key_uri=f"{uri}/keys/{KEY}",
            versioned_uri=key.key_uri_with_version,
            identity_id=args.identity_id,
            identity_arm_id=args.names.identity_id(ENCRYPTION),
            client_id=args.client_id,
            after=(key, *args.grants),
        )
        self.register_outputs({"key_uri": key.key_uri})
