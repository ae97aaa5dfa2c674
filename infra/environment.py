"""What a stack of kind `environment` is made of; read it as a table of contents."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from infra.clusters.chapter import clusters
from infra.estate.datastores import Datastores, DatastoresArgs
from infra.foundation import Foundation
from infra.group import group_id
from infra.guarding.chapter import guard
from infra.guarding.locks import Locks, LocksArgs
from infra.networks.isolation import private_endpoints
from infra.outputs import EnvironmentOutputs
from infra.own_roles import own_role_guid, own_role_guids
from infra.rights.access import Access, AccessArgs, Principal, ScopeTarget
from infra.rights.people import machines, people
from infra.rights.table import Grant, Role
from infra.rights.tables import environment_grants, environment_roles
from infra.serving.chapter import Serving
from infra.settings import EnvironmentSettings
from infra.shared_stack import ci_principals
from infra.watching.observability import Diagnostics, DiagnosticsArgs
from infra.watching.spending import Spending, SpendingArgs
from infra.workspaces.compute import Clusters, ClustersArgs
from infra.workspaces.workbench import Workbench, data_estate, labellers
from infra.workspaces.workspace import Workspace, WorkspaceArgs


class Environment(Foundation):
    """One environment, declared step by step; each method is a chapter, in the order of the dependencies."""

    def __init__(self, settings: EnvironmentSettings) -> None:
        super().__init__(settings)
        self.principals = self._principals()
        self.grants = environment_grants(settings)
        self.access = self._access("access", tuple(g for g in self.grants if g.on != "workspace"))
        self.platform()
        self.attached: list[pulumi.Resource] = []  # clusters of ours that are computes of the workspace
        self.aks = clusters(self)
        self.workbench = Workbench(self)
        self.data = data_estate(self)
        self.serving = Serving(self)
        self.governance()

    def platform(self) -> None:
        """The workspace, who may use it, and what it computes on."""
        encryption = self.settings.encryption
        self.workspace = Workspace(
            "ml",
            WorkspaceArgs(
                resource_group=self.group.name,
                location=self.location,
                storage_id=self.storage.account_id,
                vault_id=self.vault.vault_id,
                images_id=self.images.registry_id,
                insights_id=self.traces.insights_id,
                identity_id=self.identities.ids["workspace"],
                build_cluster=self.settings.build_cluster.name,
                public_access=self.settings.network.public_access,
                managed_network=self.settings.managed_network,
                serverless=self.settings.serverless,
                targets={
                    "storage": self.storage.account_id,
                    "lake": self.lake.account_id,
                    "vault": self.vault.vault_id,
                    "images": self.images.registry_id,
                    "registry": self.settings.shared_names.registry_id,
                    **({"monitor": self.monitor_scope.scope_id} if self.monitor_scope else {}),
                },
                after=self.access.of("workspace"),
                protect=self.settings.protect,
                names=self.names,
                tags=self.tags,
                key=self.key if encryption and "workspace" in encryption.of else None,
                service_side=bool(encryption and encryption.mode == "serviceSide"),
            ),
        )
        self.endpoints = private_endpoints(
            self.settings,
            self.group.name,
            self.network.subnet_ids,
            self.zone_ids,
            {
                "workspace": self.workspace.workspace_id,
                "storage": self.storage.account_id,
                "lake": self.lake.account_id,
                "vault": self.vault.vault_id,
                "images": self.images.registry_id,
                **({"monitor": self.monitor_scope.scope_id} if self.monitor_scope else {}),
            },
        )
        self.ml_access = self._access("ml-access", tuple(g for g in self.grants if g.on == "workspace"))
        self.clusters = Clusters(
            "cluster",
            ClustersArgs(
                resource_group=self.group.name,
                location=self.location,
                workspace_name=self.workspace.workspace_name,
                clusters=self.settings.clusters,
                identity_ids=self.identities.ids,
                after={
                    purpose: self.access.of(purpose)
                    for purpose in {cluster.purpose for cluster in self.settings.clusters}
                },
                tags=self.tags,
            ),
        )
        self.datastores = Datastores(
            "datastore",
            DatastoresArgs(
                resource_group=self.group.name,
                subscription_id=self.settings.azure.subscription_id,
                workspace_name=self.workspace.workspace_name,
                account_name=self.names.lake,
                zones=self.lake.zones,
                tags=self.tags,
            ),
        )

    def governance(self) -> None:
        """Logs, money, and what must not be deleted."""
        taken = self.names.taken  # gets neither diagnostic settings nor locks of ours
        diagnostics = Diagnostics(
            "diagnostics",
            DiagnosticsArgs(
                logs_id=self.logs.logs_id,
                categories=self.settings.logs.categories,
                sources={
                    "workspace": ("workspace", self.workspace.workspace_id),
                    "storage": ("blobs", self.storage.blobs_id),
                    "lake": ("blobs", self.lake.blobs_id),
                    **({} if "vault" in taken else {"vault": ("vault", self.vault.vault_id)}),
                    **({} if "images" in taken else {"images": ("images", self.images.registry_id)}),
                    **({"cluster": ("cluster", self.aks.cluster.cluster_id)} if self.aks else {}),
                },
            ),
        )
        guarded = guard(self)
        if self.settings.group is None or self.settings.group.budget:
            Spending(
                "spending",
                SpendingArgs(
                    scope=group_id(self.group, self.settings),
                    settings=self.settings.budget,
                    names=self.names,
                    told=self.alerting,
                ),
            )
        if self.settings.protect:
            kept = {
                "workspace": self.workspace.workspace_id,
                "storage": self.storage.account_id,
                "lake": self.lake.account_id,
                **({} if "vault" in taken else {"vault": self.vault.vault_id}),
            }
            below = [
                self.access,
                self.ml_access,
                self.workspace,
                self.clusters,
                self.datastores,
                self.lake,
                self.storage,
                *([self.endpoints] if self.endpoints else []),
                *self.attached,
                *guarded,
                *self.serving.below,
                *self.workbench.below,
                *(self.data.below if self.data else []),
            ]
            Locks("locks", LocksArgs(resources=kept, after=[*below, diagnostics]))

    def outputs(self) -> EnvironmentOutputs:
        """The contract."""
        return EnvironmentOutputs(
            kind=self.settings.kind,
            environment=self.settings.environment,
            subscription_id=self.settings.azure.subscription_id,
            location=self.location,
            resource_group=self.group.name,
            workspace_name=self.workspace.workspace_name,
            workspace_id=self.workspace.workspace_id,
            storage_account_id=self.storage.account_id,
            lake_account_id=self.lake.account_id,
            vault_id=self.vault.vault_id,
            images_login_server=self.images.login_server,
            log_workspace_id=self.logs.logs_id,
            network_id=self.network.network_id,
            private_zone_ids=self.zone_ids,
            subnet_ids=self.network.subnet_ids,
            cluster_names=self.clusters.names,
            kubernetes=self.aks.published if self.aks else {},
            online_endpoint_names=self.serving.online_names,
            batch_endpoint_names=self.serving.batch_names,
            datastore_names=self.datastores.names,
            instance_names=self.workbench.instance_names,
            connection_names=self.workbench.connection_names,
            labelling_project_names=self.workbench.project_names,
            identity_client_ids=self.identities.client_ids,
            identity_principal_ids=self.identities.principal_ids,
            registry_name=self.settings.shared_names.registry,
            registry_id=self.settings.shared_names.registry_id,
        )

    def _principals(self) -> Mapping[str, Principal]:
        return (
            people(self.settings.access.groups)
            | labellers(self.settings)
            | machines(self.names, self.identities.principal_ids)
            | ci_principals(self.settings)
        )

    def scopes(self) -> dict[str, ScopeTarget]:
        """What stands before the workspace does, for grants on it."""
        return {
            "group": ScopeTarget(id=self.names.resource_group_id, resource=self.group),
            "storage": ScopeTarget(id=self.names.storage_id, resource=self.storage),
            "vault": ScopeTarget(id=self.names.vault_id, resource=self.vault),
            "images": ScopeTarget(id=self.names.images_id, resource=self.images),
            "logs": ScopeTarget(id=self.names.logs_id, resource=self.logs),
            "insights": ScopeTarget(id=self.names.insights_id, resource=self.traces),
            "registry": ScopeTarget(id=self.settings.shared_names.registry_id),  # of another stack
            **{
                f"lake-{zone}": ScopeTarget(id=self.names.lake_zone_id(zone), resource=container)
                for zone, container in self.lake.zones.items()
            },
        }

    def _access(self, name: str, grants: tuple[Grant, ...]) -> Access:
        inside = self.scopes()
        if name != "access":
            inside["workspace"] = ScopeTarget(id=self.names.workspace_id, resource=self.workspace)
        return Access(
            name,
            AccessArgs(
                grants=grants,
                principals=self.principals,
                scopes=inside,
                own_roles={
                    Role.RETRAIN_SUBMITTER: (own_role_guid(self.names, Role.RETRAIN_SUBMITTER), None),
                    **{
                        role: (guid, None)
                        for role, guid in own_role_guids(self.settings.shared_names).items()
                    },
                },
                assignable=environment_roles(self.settings) - {Role.RBAC_ADMINISTRATOR},
            ),
        )


def build_environment(settings: EnvironmentSettings) -> EnvironmentOutputs:
    """Declare one environment."""
    return Environment(settings).outputs()
