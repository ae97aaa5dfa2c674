"""The registry of container images that jobs and endpoints run in.

Made here, not by Azure ML: a policy that demands tags makes the automatic registry fail.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerregistry

from infra.guarding.encryption import KeyUse
from infra.naming import Names
from infra.networks.reach import Reach
from infra.reading import id_of_read
from infra.sections.core import Images as ImagesSettings
from infra.sections.taken import TakenImages


@dataclass(frozen=True, kw_only=True)
class ImagesArgs:
    """Settings of the image registry, or the one that is taken."""

    resource_group: pulumi.Input[str]
    location: str
    settings: ImagesSettings | TakenImages
    reach: Reach
    names: Names
    key: KeyUse | None = None  # Microsoft's keys unless given
    protect: bool = False  # what one environment runs can be built again; what all of them run is kept
    tags: dict[str, str]


class Images(pulumi.ComponentResource):
    """A container registry without an administrator's password and without anonymous pull."""

    registry_id: pulumi.Output[str]
    login_server: pulumi.Output[str]

    def __init__(self, name: str, args: ImagesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Images", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        if isinstance(settings, TakenImages):
            registry = containerregistry.Registry.get(f"{name}-taken", settings.existing, child)
            self.registry_id = id_of_read(registry, settings.existing)
        else:
            registry = self._made(name, args, settings)
            self.registry_id = registry.id
        self.login_server = registry.login_server
        self.register_outputs({"registry_id": self.registry_id, "login_server": self.login_server})

    def _made(self, name: str, args: ImagesArgs, settings: ImagesSettings) -> containerregistry.Registry:
        premium = settings.sku == "Premium"
        return containerregistry.Registry(
            f"{name}-registry",
            registry_name=args.names.images,
            resource_group_name=args.resource_group,
            location=args.location,
            sku=containerregistry.SkuArgs(name=settings.sku),
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access=args.reach.public_access,
            network_rule_bypass_options=containerregistry.NetworkRuleBypassOptions.AZURE_SERVICES,
            network_rule_set=_rules(args.reach) if premium and args.reach.allowed_networks else None,
            zone_redundancy="Enabled" if settings.zone_redundant else "Disabled",
            policies=_policies(settings.untagged_retention_days),
            identity=containerregistry.IdentityPropertiesArgs(
                type=containerregistry.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities={
                    args.key.identity_arm_id: containerregistry.UserIdentityPropertiesArgs()
                },
            )
            if args.key
            else None,
            encryption=_encrypted(args.key) if args.key else None,
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect or None,
                depends_on=list(args.key.after) if args.key else None,
            ),
        )


def _encrypted(key: KeyUse) -> containerregistry.EncryptionPropertyArgs:
    return containerregistry.EncryptionPropertyArgs(
        status=containerregistry.EncryptionStatus.ENABLED,
        key_vault_properties=containerregistry.KeyVaultPropertiesArgs(
            identity=key.client_id, key_identifier=key.key_uri
        ),
    )


def _rules(reach: Reach) -> containerregistry.NetworkRuleSetArgs:
    return containerregistry.NetworkRuleSetArgs(
        default_action="Deny",
        ip_rules=[
            containerregistry.IPRuleArgs(action="Allow", i_p_address_or_range=network)
            for network in reach.allowed_networks
        ],
    )


def _policies(untagged_days: int | None) -> containerregistry.PoliciesArgs | None:
    if untagged_days is None:
        return None
    kept = containerregistry.RetentionPolicyArgs(days=untagged_days, status="enabled")
    return containerregistry.PoliciesArgs(retention_policy=kept)
