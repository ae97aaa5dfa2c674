"""Sources of data beside the lake, and a feature store, as far as an environment's settings have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from infra.estate.sources import Place
from infra.rights.access import Access, AccessArgs, Principal, ScopeTarget
from infra.rights.identities import Identities, IdentitiesArgs
from infra.rights.people import machines
from infra.rights.sources import CAPTURE, FEATURES, SPARK, stream_rows
from infra.rights.table import Grant, in_force
from infra.sections.workbench import Connection
from infra.watching.observability import Diagnostics, DiagnosticsArgs
from infra.workspaces.connections import Connections, ConnectionsArgs

if TYPE_CHECKING:
    from infra.environment import Environment
    from infra.settings import EnvironmentSettings

SUBNET = "private-links"  # of the address plan
CAPTURES, MATERIALISES = "capture", "materialisation"  # purposes of identities


class DataEstate:
    """A chapter of an environment. The types of each source are imported only where it is made."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.settings: EnvironmentSettings = environment.settings
        self.place = Place(
            resource_group=environment.group.name,
            location=environment.location,
            tenant_id=self.settings.azure.tenant_id,
            reach=environment.reach,
            protect=self.settings.protect,
            names=environment.names,
            tags=environment.tags,
        )
        self.below: list[pulumi.Resource] = []  # what goes before a lock on the workspace or the lake comes
        self.targets: dict[str, tuple[pulumi.Input[str], str]] = {}
        self.connections: list[Connection] = []
        sources = self.settings.sources
        purposes = (
            *((CAPTURES,) if sources and sources.stream else ()),
            *((MATERIALISES,) if self.settings.feature_store else ()),
        )
        if purposes:
            self._identities(purposes)
        if sources:
            self._stream()
            self._spark()
            self._relational()
            self._documents()
            self._reached()
        if self.settings.feature_store:
            self._features()

    def _identities(self, purposes: tuple[str, ...]) -> None:
        self.identities = Identities(
            "data-identity",
            IdentitiesArgs(
                resource_group=self.environment.group.name,
                location=self.environment.location,
                purposes=purposes,
                taken={},
                names=self.environment.names,
                tags=self.environment.tags,
            ),
        )

    def _access(
        self,
        name: str,
        rows: tuple[Grant, ...],
        principals: dict[str, Principal],
        scopes: dict[str, ScopeTarget],
    ) -> Access:
        known = {**self.environment.principals, **principals}
        access = Access(
            name,
            AccessArgs(
                grants=rows, principals=known, scopes=self.environment.scopes() | scopes, own_roles={}
            ),
        )
        self.below.append(access)
        return access

    def _own(self, purpose: str) -> dict[str, Principal]:
        ids = {purpose: self.identities.principal_ids[purpose]}
        return machines(self.environment.names, ids)

    def _stream(self) -> None:
        settings = self.settings.sources.stream if self.settings.sources else None
        if settings is None:
            return
        from infra.estate.event_stream import EventStream

        may = self._access("capture-access", CAPTURE, self._own(CAPTURES), {})
        stream = EventStream(
            "stream",
            self.place,
            settings,
            identity_id=self.identities.ids[CAPTURES],
            after=may.of(CAPTURES),
        )
        senders = {
            f"sender-{one.name}": Principal(
                key=one.object_id, object_id=one.object_id, kind="ServicePrincipal"
            )
            for one in settings.senders
        }
        names = self.environment.names
        hub = names.arm_id(
            "azure-native:eventhub:EventHub",
            namespaceName=names.physical("stream"),
            eventHubName=settings.hub,
        )
        scope = {"stream": ScopeTarget(id=hub, resource=stream.hub)}
        self._access("stream-access", stream_rows(self.settings), senders, scope)
        self.targets["stream"] = (stream.namespace_id, "namespace")
        self.below.append(stream)

    def _spark(self) -> None:
        settings = self.settings.sources.spark if self.settings.sources else None
        if settings is None:
            return
        from infra.estate.synapse import Spark, SparkArgs

        spark = Spark(
            "spark",
            SparkArgs(
                place=self.place,
                settings=settings,
                subscription_id=self.settings.azure.subscription_id,
                workspace_name=self.environment.workspace.workspace_name,
            ),
        )
        names = self.environment.names
        key = names.arm_id("azure-native:synapse:Workspace", workspaceName=names.physical("synapse"))
        who = {"spark": Principal(key=key, object_id=spark.principal_id, kind="ServicePrincipal")}
        self._access("spark-access", SPARK, who, {})
        self.targets["synapse"] = (spark.synapse_id, "Dev")
        self.below.append(spark)

    def _relational(self) -> None:
        settings = self.settings.sources.relational if self.settings.sources else None
        if settings is None:
            return
        from infra.estate.relational import Database

        database = Database("database", self.place, settings)
        host = f"{self.environment.names.physical('database')}.postgres.database.azure.com"
        self.connections.append(
            Connection.model_validate(
                {"name": "relational", "category": "AzurePostgresDb", "target": host, "auth": "AAD"}
            )
        )
        self.targets["database"] = (database.server_id, "postgresqlServer")
        self.below.append(database)

    def _documents(self) -> None:
        settings = self.settings.sources.documents if self.settings.sources else None
        if settings is None:
            return
        from infra.estate.documents import DocumentStore

        names = self.environment.names
        account = names.physical("documents")
        made = DocumentStore(
            "documents",
            self.place,
            settings,
            account_id=names.arm_id("azure-native:cosmosdb:DatabaseAccount", accountName=account),
            readers={"training": self.environment.principals["training"]},
        )
        self.connections.append(
            Connection.model_validate(
                {
                    "name": "documents",
                    "category": "CosmosDb",
                    "target": f"https://{account}.documents.azure.com",
                    "auth": "AAD",
                }
            )
        )
        self.targets["documents"] = (made.account_id, "Sql")
        self.below.append(made)

    def _reached(self) -> None:
        from infra.networks.source_endpoints import SourceEndpoints, SourceEndpointsArgs
        from infra.sections.taken import TakenZones

        environment = self.environment
        dns = self.settings.dns
        policy = not isinstance(dns, TakenZones) and dns.mode == "madeByPolicy"
        self.below.append(
            SourceEndpoints(
                "source",
                SourceEndpointsArgs(
                    place=self.place,
                    targets=self.targets,
                    network_id=environment.network.network_id,
                    subnet_id=environment.network.subnet_ids[SUBNET],
                    zones=not policy and not isinstance(dns, TakenZones),
                    workspace_name=environment.workspace.workspace_name,
                    managed=self.settings.managed_network.isolation_mode != "Disabled",
                ),
            )
        )
        if self.connections:
            self.below.append(
                Connections(
                    "source-connection",
                    ConnectionsArgs(
                        resource_group=environment.group.name,
                        workspace_name=environment.workspace.workspace_name,
                        connections=self.connections,
                    ),
                )
            )

    def _features(self) -> None:
        from infra.estate.feature_store import CONTAINER, FeatureStore, FeatureStoreArgs

        settings, environment = self.settings.feature_store, self.environment
        if settings is None:
            return
        store = FeatureStore(
            "features",
            FeatureStoreArgs(
                place=self.place,
                settings=settings,
                storage_id=environment.storage.account_id,
                vault_id=environment.vault.vault_id,
                images_id=environment.images.registry_id,
                insights_id=environment.traces.insights_id,
                identity_id=environment.identities.ids["workspace"],
                materialisation_id=self.identities.ids[MATERIALISES],
                materialisation_client=self.identities.client_ids[MATERIALISES],
                managed_network=self.settings.managed_network.isolation_mode,
                after=[environment.lake, *environment.access.of("workspace")],
            ),
        )
        names = environment.names
        store_id = names.arm_id(
            "azure-native:machinelearningservices:Workspace", workspaceName=names.physical("feature_store")
        )
        scopes = {
            "feature-store": ScopeTarget(id=store_id, resource=store.store),
            "offline-store": ScopeTarget(id=names.lake_zone_id(CONTAINER), resource=store.container),
        }
        rows = in_force(FEATURES, self.settings.access.people_may)
        self._access("features-access", rows, self._own(MATERIALISES), scopes)
        logs = Diagnostics(
            "features-diagnostics",
            DiagnosticsArgs(
                logs_id=environment.logs.logs_id,
                categories=self.settings.logs.categories,
                sources={"feature-store": ("workspace", store.store.id)},
            ),
        )
        self.below += [store, logs]
