"""The settings of one stack: what people write in `Pulumi.<stack>.yaml`, as typed values.

`infra.stackfile.files` reads them. What the program does depends on these values, never on the stack's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from infra.naming import MONITOR_ZONES, Names
from infra.sections.alerting import Alerts, Receivers
from infra.sections.capacity import ExpectedDeployment
from infra.sections.ci import Ci
from infra.sections.core import (
    Access,
    Azure,
    Budget,
    Cluster,
    EnvironmentZones,
    Lake,
    ManagedNetwork,
    Quota,
    Registry,
    SharedStack,
    SharedZones,
    WorkspaceStorage,
)
from infra.sections.encryption import Encryption
from infra.sections.endpoints import Endpoints
from infra.sections.events import Events
from infra.sections.gate import Gate
from infra.sections.kubernetes import Arc, Kubernetes
from infra.sections.network import HubNetwork, PrivateLinkScope
from infra.sections.policies import Policies
from infra.sections.retention import Snapshots, Tombstones
from infra.sections.schedules import Monitor, Schedule
from infra.sections.shapes import (
    CostCentre,
    Email,
    EnvironmentName,
    Section,
    TagName,
    TagValue,
    Workload,
    example,
)
from infra.sections.sources import FeatureStore, Sources
from infra.sections.spending import CostExport
from infra.sections.taken import (
    DnsChoice,
    EnvironmentIdentities,
    ImagesChoice,
    LogsChoice,
    NetworkChoice,
    SharedDnsChoice,
    SharedIdentities,
    TakenGroup,
    TakenZones,
    VaultChoice,
    taken_ids,
)
from infra.sections.waivers import Waiver
from infra.sections.watching import Dashboards
from infra.sections.workbench import Connection, Instances, Labelling, Serverless
from infra.shared_images import SharedImages, with_computed_id
from infra.taken_roles import EnvironmentRoles, SharedRoles, taken_roles


class Common(Section):
    """What every stack says, whatever its kind."""

    azure: Azure
    workload: Workload
    environment: EnvironmentName
    owner: Email
    cost_centre: CostCentre
    tags: Annotated[dict[TagName, TagValue], Field(max_length=40, default_factory=dict)]
    protect: bool
    access: Access
    group: TakenGroup | None = None  # made unless given
    logs: LogsChoice
    budget: Budget
    quotas: tuple[Quota, ...]
    tombstones: Tombstones | None = None  # refuse unless given
    gate: Gate | None = None  # left out: what the stack is for decides how strictly it is judged
    waivers: tuple[Waiver, ...] = ()  # of rules of the checks, each for one resource and for a time

    @cached_property
    def names(self) -> Names:
        """Names and ids of everything that this stack makes or takes."""
        return replace(self.own_names, taken=taken_ids(self))

    @cached_property
    def own_names(self) -> Names:
        """Names and ids of what the stack would make, if it took nothing."""
        return Names(
            workload=self.workload,
            environment=self.environment,
            location=self.azure.location,
            subscription_id=self.azure.subscription_id,
        )


class SharedSettings(Common):
    """A stack that other stacks build on: registry, log hub, identities of CI."""

    kind: Literal["shared"]
    identities: SharedIdentities
    roles: SharedRoles
    registry: Registry
    alerts: Receivers | None = None
    images: SharedImages | None = None  # each environment has its own unless it takes this one
    ci: Ci | None = None  # none: nobody but a person with rights can act as CI's identities
    network: HubNetwork | None = None  # none: environments meet nothing, and the registry has no endpoint
    dns: SharedDnsChoice = SharedZones(mode="madeByPolicy")
    deployed_environments: Annotated[tuple[EnvironmentName, ...], Field(min_length=1), example('["dev"]')]


class EnvironmentSettings(Common):
    """A stack that models are made or served in."""

    kind: Literal["environment"]
    shared: SharedStack
    identities: EnvironmentIdentities
    roles: EnvironmentRoles
    network: NetworkChoice
    dns: DnsChoice = EnvironmentZones(mode="madeByPolicy")
    storage: WorkspaceStorage
    lake: Lake
    vault: VaultChoice
    images: ImagesChoice
    managed_network: ManagedNetwork
    clusters: Annotated[tuple[Cluster, ...], Field(min_length=1)]
    kubernetes: Kubernetes | None = None
    arc: Arc | None = None
    alerts: Alerts | None = None
    policies: Policies | None = None
    encryption: Encryption | None = None  # Microsoft's keys unless given; decided at birth
    snapshots: Snapshots | None = None
    cost_export: CostExport | None = None
    endpoints: Endpoints | None = None
    expected_deployments: tuple[ExpectedDeployment, ...] = ()  # made by the outer loop; the quota counts them
    schedules: tuple[Schedule, ...] = ()
    monitors: tuple[Monitor, ...] = ()
    events: Events | None = None
    dashboards: Dashboards | None = None
    sources: Sources | None = None  # streams, Spark, databases
    feature_store: FeatureStore | None = None
    instances: Instances | None = None  # compute instances, one for each person
    serverless: Serverless | None = None
    connections: tuple[Connection, ...] = ()
    labelling: Labelling | None = None

    @model_validator(mode="before")
    @classmethod
    def _images_of_the_shared_stack(cls, given: Any) -> Any:
        return with_computed_id(given)

    @cached_property
    def shared_names(self) -> Names:
        """Names and ids of what the shared stack makes, computed without asking it."""
        subscription = self.shared.subscription_id or self.azure.subscription_id
        group = self.shared.resource_group
        return Names(
            workload=self.workload,
            environment=self.shared.environment,
            location=self.shared.location or self.azure.location,
            subscription_id=subscription,
            taken=({"resource_group": group} if group else {}) | dict(taken_roles(self)),
        )

    @property
    def zone_ids(self) -> Mapping[str, str]:
        """Private DNS zones that this environment knows, by their words: the shared stack's, or taken."""
        if isinstance(self.dns, TakenZones):
            known = self.names.zone_ids
        else:
            known = self.shared_names.zone_ids if self.dns.mode == "shared" else {}
        # A scope of Azure Monitor answers for every network that sees its zones: others must not see them.
        return {word: zone for word, zone in known.items() if self.monitor_scope or word not in MONITOR_ZONES}

    @property
    def monitor_scope(self) -> PrivateLinkScope | None:
        """Azure Monitor by private link, where this environment has it."""
        return self.network.private_link_scope

    @property
    def linked_zone_ids(self) -> Mapping[str, str]:
        """Zones that the environment links its network to: where stores answer private endpoints only."""
        mine = not isinstance(self.dns, TakenZones) or self.dns.link
        return self.zone_ids if mine and self.network.public_access == "Disabled" else {}

    @property
    def build_cluster(self) -> Cluster:
        """The cluster that builds images."""
        return next(cluster for cluster in self.clusters if cluster.purpose == "build")


Settings = SharedSettings | EnvironmentSettings


def kinds() -> Mapping[str, type[Any]]:
    """The model of each `twinloop:kind`."""
    return {"shared": SharedSettings, "environment": EnvironmentSettings}
