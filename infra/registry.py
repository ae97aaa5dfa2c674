"""The Azure ML registry: what is promoted to it, other workspaces may use."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.naming import Names
from infra.sections.core import Registry as RegistrySettings


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """Settings of the registry."""

    resource_group: pulumi.Input[str]
    location: str
    settings: RegistrySettings
    protect: bool
    names: Names
    tags: dict[str, str]


class Registry(pulumi.ComponentResource):
    """A registry with a copy of all in each of its regions; Azure makes and manages the stores behind it."""

    registry: ml.Registry
    registry_id: pulumi.Output[str]
    registry_name: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Registry", name, None, opts)
        self.registry = ml.Registry(
            f"{name}-registry",
            registry_name=args.names.registry,
            resource_group_name=args.resource_group,
            location=args.location,
            identity=ml.ManagedServiceIdentityArgs(type=ml.ManagedServiceIdentityType.SYSTEM_ASSIGNED),
            public_network_access=args.settings.public_access,
            region_details=[_region(region) for region in args.settings.regions],
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        self.registry_id, self.registry_name = self.registry.id, self.registry.name
        self.register_outputs({"registry_id": self.registry_id, "registry_name": self.registry_name})


def _region(location: str) -> ml.RegistryRegionArmDetailsArgs:
    return ml.RegistryRegionArmDetailsArgs(
        location=location,
        acr_details=[
            ml.AcrDetailsArgs(
                system_created_acr_account=ml.SystemCreatedAcrAccountArgs(acr_account_sku="Premium")
            )
        ],
        storage_account_details=[
            ml.StorageAccountDetailsArgs(
                system_created_storage_account=ml.SystemCreatedStorageAccountArgs(
                    storage_account_type="Standard_LRS",
                    storage_account_hns_enabled=False,
                    allow_blob_public_access=False,
                )
            )
        ],
    )
