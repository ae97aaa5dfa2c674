"""The key vault: the only place for secrets."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import keyvault

from infra.naming import Names
from infra.networks.reach import Reach
from infra.reading import id_of_read
from infra.sections.core import Vault as VaultSettings
from infra.sections.taken import TakenVault


@dataclass(frozen=True, kw_only=True)
class VaultArgs:
    """Settings of the vault, or the one that is taken."""

    resource_group: pulumi.Input[str]
    location: str
    tenant_id: str
    settings: VaultSettings | TakenVault
    reach: Reach
    protect: bool
    names: Names
    tags: dict[str, str]


class Vault(pulumi.ComponentResource):
    """A vault whose access is decided by roles, not by access policies of its own."""

    vault_id: pulumi.Output[str]

    def __init__(self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Vault", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        if isinstance(settings, TakenVault):
            taken = keyvault.Vault.get(f"{name}-taken", settings.existing, child)
            self.vault_id = id_of_read(taken, settings.existing)
        else:
            self.vault_id = self._made(name, args, settings).id
        self.register_outputs({"vault_id": self.vault_id})

    def _made(self, name: str, args: VaultArgs, settings: VaultSettings) -> keyvault.Vault:
        return keyvault.Vault(
            f"{name}-vault",
            vault_name=args.names.vault,
            resource_group_name=args.resource_group,
            location=args.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=args.tenant_id,
                sku=keyvault.SkuArgs(family=keyvault.SkuFamily.A, name=keyvault.SkuName(settings.sku)),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=settings.soft_delete_days,
                # Azure refuses `false`: purge protection is on or not mentioned.
                enable_purge_protection=True if settings.purge_protection else None,
                public_network_access=args.reach.public_access,
                network_acls=keyvault.NetworkRuleSetArgs(
                    default_action=keyvault.NetworkRuleAction.DENY,
                    bypass=keyvault.NetworkRuleBypassOptions.AZURE_SERVICES,
                    ip_rules=[keyvault.IPRuleArgs(value=network) for network in args.reach.allowed_networks],
                ),
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
