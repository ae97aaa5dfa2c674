"""The NoSQL source: a Cosmos DB account without keys."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import cosmosdb

from checks.catalogue.cosmos_roles import READER
from infra.estate.sources import Place
from infra.rights.access import Principal, assignment_name
from infra.sections.sources import Documents


class DocumentStore(pulumi.ComponentResource):
    """A Cosmos DB account without keys, its databases, and who reads them."""

    account_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        place: Place,
        settings: Documents,
        *,
        account_id: str,  # known before it is made
        readers: Mapping[str, Principal],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("twinloop:infra:DocumentStore", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        account = cosmosdb.DatabaseAccount(
            f"{name}-account",
            account_name=place.names.physical("documents"),
            resource_group_name=place.resource_group,
            location=place.location,
            kind="GlobalDocumentDB",
            database_account_offer_type=cosmosdb.DatabaseAccountOfferType.STANDARD,
            capabilities=[cosmosdb.CapabilityArgs(name="EnableServerless")],
            locations=[
                cosmosdb.LocationArgs(
                    location_name=place.location,
                    failover_priority=0,
                    is_zone_redundant=settings.zone_redundant,
                )
            ],
            consistency_policy=cosmosdb.ConsistencyPolicyArgs(
                default_consistency_level=cosmosdb.DefaultConsistencyLevel.SESSION
            ),
            disable_local_auth=True,
            disable_key_based_metadata_write_access=True,
            minimal_tls_version="Tls12",
            public_network_access="Disabled",
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect),
        )
        for database in settings.databases:
            cosmosdb.SqlResourceSqlDatabase(
                f"{name}-{database}",
                database_name=database,
                account_name=account.name,
                resource_group_name=place.resource_group,
                resource=cosmosdb.SqlDatabaseResourceArgs(id=database),
                tags=place.tags,
                opts=child,
            )
        for who, principal in readers.items():
            cosmosdb.SqlResourceSqlRoleAssignment(
                f"{name}-{who}-reads",
                role_assignment_id=assignment_name(account_id, principal.key, READER),
                account_name=account.name,
                resource_group_name=place.resource_group,
                principal_id=principal.object_id,
                role_definition_id=f"{account_id}/sqlRoleDefinitions/{READER}",
                scope=account_id,
                opts=child,
            )
        self.account_id = account.id
        self.register_outputs({"account_id": self.account_id})
