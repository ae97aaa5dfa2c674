"""The relational source: a PostgreSQL server that takes tokens of Entra, and no passwords."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import dbforpostgresql as postgres

from infra.estate.sources import Place
from infra.sections.sources import Relational

OFF = "Disabled"


class Database(pulumi.ComponentResource):
    """A PostgreSQL server that takes tokens of Entra and no passwords, and its administrators."""

    server_id: pulumi.Output[str]
    server_name: pulumi.Output[str]

    def __init__(
        self, name: str, place: Place, settings: Relational, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("twinloop:infra:Database", name, None, opts)
        server = postgres.Server(
            f"{name}-server",
            server_name=place.names.physical("database"),
            resource_group_name=place.resource_group,
            location=place.location,
            version=settings.version,
            sku=postgres.SkuArgs(name=settings.sku, tier=settings.tier),
            storage=postgres.StorageArgs(storage_size_gb=settings.storage_gb, auto_grow="Enabled"),
            backup=postgres.BackupArgs(backup_retention_days=settings.backup_days),
            high_availability=postgres.HighAvailabilityArgs(mode="ZoneRedundant")
            if settings.zone_redundant
            else None,
            auth_config=postgres.AuthConfigArgs(
                active_directory_auth="Enabled", password_auth=OFF, tenant_id=place.tenant_id
            ),
            network=postgres.NetworkArgs(public_network_access=OFF),
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        postgres.Administrator(
            f"{name}-administrators",
            object_id=settings.administrators.object_id,
            principal_name=settings.administrators.name,
            principal_type="Group",
            tenant_id=place.tenant_id,
            server_name=server.name,
            resource_group_name=place.resource_group,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.server_id, self.server_name = server.id, server.name
        self.register_outputs({"server_id": self.server_id})
