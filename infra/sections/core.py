"""The sections of the settings: each a part that can be read, checked and refused by itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from infra.sections.network import Entry, Nat, Peering, PrivateLinkScope
from infra.sections.shapes import (
    ClusterName,
    Email,
    EnvironmentName,
    GroupName,
    Guid,
    MonthStart,
    PrivateSpace,
    PublicNetwork,
    Region,
    RuleName,
    Section,
    VmSize,
    example,
)

Days = Annotated[int, Field(ge=1, le=3650), example(30)]
StorageSku = Literal["Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS"]


class Azure(Section):
    """Where resources are made: the provider's own keys, `azure-native:...`."""

    subscription_id: Guid
    tenant_id: Guid
    location: Region


class Groups(Section):
    """Entra groups by their part in the life of a model; object ids, because names are not unique."""

    data_scientists: Guid
    ml_engineers: Guid
    platform_admins: Guid
    auditors: Guid


class Access(Section):
    """Who the people are, and whether they work in this environment or only look at it."""

    people_may: Annotated[Literal["develop", "observe"], example("observe")]
    groups: Groups


class Logs(Section):
    """The log workspace."""

    retention_days: Annotated[int, Field(ge=30, le=730), example(30)]
    daily_cap_gb: Annotated[float, Field(gt=0, le=10_000), example(1)]
    categories: Annotated[Literal["essential", "all"], example("all")]  # of diagnostic logs


class Budget(Section):
    """What the stack may cost in a month, and at which shares of it somebody is told."""

    monthly_amount: Annotated[float, Field(gt=0), example(1500)]  # in the subscription's currency
    start: MonthStart
    contacts: Annotated[tuple[Email, ...], Field(min_length=1), example('["ml-platform@example.com"]')]
    actual_percent: Annotated[
        tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(min_length=1), example("[75, 100]")
    ]
    forecast_percent: tuple[Annotated[int, Field(ge=1, le=1000)], ...] = ()

    @model_validator(mode="after")
    def _at_most_five_notices(self) -> Budget:
        percents = [*self.actual_percent, *(-share for share in self.forecast_percent)]
        if len(percents) > 5 or len(set(percents)) < len(percents):  # noqa: PLR2004 - said in the message
            raise ValueError("at most five thresholds in all, each once: Azure's budgets take five notices")
        return self


class Quota(Section):
    """Cores that the subscription may use in a region, for one family of VM sizes."""

    family: Annotated[str, Field(min_length=3, max_length=64), example("standardDSv2Family")]
    limit: Annotated[int, Field(ge=0, le=1_000_000), example(24)]
    location: Region | None = None  # the stack's own unless given


class SharedStack(Section):
    """The stack of kind `shared` that this environment builds on: enough to compute its ids."""

    stack: Annotated[str, Field(min_length=1, max_length=100), example("shared")]
    environment: EnvironmentName
    location: Region | None = None  # the environment's own unless given
    subscription_id: Guid | None = None  # the environment's own unless given
    resource_group: GroupName | None = None  # where the shared stack took its group: that group's name
    ci_environment: EnvironmentName | None = None  # whose CI identities act here; none unless given


class Reachable(Section):
    """From where the environment's stores and workspace answer."""

    public_access: Annotated[Literal["Enabled", "Disabled"], example("Disabled")]
    allowed_networks: tuple[PublicNetwork, ...] = ()

    @model_validator(mode="after")
    def _an_open_door_has_a_guest_list(self) -> Reachable:
        if self.public_access == "Enabled" and not self.allowed_networks:
            raise ValueError("allowedNetworks when publicAccess is Enabled: open to all is never meant")
        if self.public_access == "Disabled" and self.allowed_networks:
            raise ValueError("no allowedNetworks when publicAccess is Disabled: they would have no effect")
        return self


class ReachableNetwork(Reachable):
    """What an environment's network says of who comes in, whether it is made or taken."""

    entry: tuple[Entry, ...] = ()  # how CI and people get in, where the public is kept out
    private_link_scope: PrivateLinkScope | None = None  # of Azure Monitor; public addresses unless given


class Network(ReachableNetwork):
    """The environment's own network, and reachability of its stores and workspace."""

    address_space: PrivateSpace
    peerings: tuple[Peering, ...] = ()
    nat: Nat | None = None  # without it, machines of the subnets have no way out

    @model_validator(mode="after")
    def _each_peering_once(self) -> Network:
        names = [peering.name for peering in self.peerings]
        others = [peering.network.lower() for peering in self.peerings]
        if len(set(names)) < len(names) or len(set(others)) < len(others):
            raise ValueError("each name and each network of peerings once")
        return self


class SharedZones(Section):
    """Private DNS zones: made by this stack, or by a policy of the company, so that nothing is declared."""

    mode: Annotated[Literal["made", "madeByPolicy"], example("made")]


class EnvironmentZones(Section):
    """Private DNS zones: those that the shared stack makes, or a policy's, so that nothing is declared.

    With `shared`, and where `network.publicAccess` is `Disabled`, the stack links its network to each zone.
    """

    mode: Annotated[Literal["shared", "madeByPolicy"], example("shared")]


class WorkspaceStorage(Section):
    """The workspace's own account: no hierarchical namespace and not premium, as Azure ML demands of it."""

    sku: Annotated[StorageSku, example("Standard_LRS")]
    soft_delete_days: Annotated[int, Field(ge=1, le=365), example(7)]
    versioning: bool


class Tiers(Section):
    """When blobs of a zone move on, in days after their last change; an absent step does not happen."""

    cool_after_days: Days | None = None
    archive_after_days: Days | None = None
    delete_after_days: Days | None = None

    @model_validator(mode="after")
    def _each_step_comes_after_the_one_before(self) -> Tiers:
        steps = [self.cool_after_days, self.archive_after_days, self.delete_after_days]
        given = [days for days in steps if days is not None]
        if sorted(set(given)) != given:
            raise ValueError("coolAfterDays < archiveAfterDays < deleteAfterDays, as far as they are given")
        return self


class Zones(Section):
    """The zones of the data lake."""

    landing: Tiers
    curated: Tiers
    monitoring: Tiers


class Lake(Section):
    """The data lake: an account with a hierarchical namespace, one container per zone."""

    sku: Annotated[StorageSku, example("Standard_LRS")]
    soft_delete_days: Annotated[int, Field(ge=1, le=365), example(7)]
    zones: Zones

    @model_validator(mode="after")
    def _archive_needs_a_redundancy_that_has_it(self) -> Lake:
        archived = [name for name, tiers in self.zones if tiers.archive_after_days is not None]
        if archived and self.sku == "Standard_ZRS":
            raise ValueError(
                f"no archiveAfterDays (zones.{archived[0]}) with Standard_ZRS: "
                "zone-redundant accounts have no archive tier"
            )
        return self


class Vault(Section):
    """The key vault."""

    sku: Annotated[Literal["standard", "premium"], example("standard")]
    soft_delete_days: Annotated[int, Field(ge=7, le=90), example(90)]
    purge_protection: bool


class Images(Section):
    """The registry of container images."""

    sku: Annotated[Literal["Standard", "Premium"], example("Premium")]
    zone_redundant: bool
    untagged_retention_days: Annotated[int, Field(ge=1, le=365), example(30)] | None = None

    @model_validator(mode="after")
    def _premium_features_need_premium(self) -> Images:
        if self.sku != "Premium" and (self.zone_redundant or self.untagged_retention_days is not None):
            raise ValueError("zoneRedundant and untaggedRetentionDays with sku Premium only")
        return self


class FqdnRule(Section):
    """A host name that jobs may reach on ports 80 and 443; one such rule brings a paid firewall."""

    type: Literal["fqdn"]
    name: RuleName
    destination: Annotated[
        str, Field(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$"), example("packages.example.com")
    ]
    reason: Annotated[str, Field(min_length=10)]


class ServiceTagRule(Section):
    """An Azure service that jobs may reach."""

    type: Literal["serviceTag"]
    name: RuleName
    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]+$"), example("AzureMonitor")]
    protocol: Annotated[Literal["TCP", "UDP"], example("TCP")]
    ports: Annotated[str, Field(pattern=r"^[0-9,\- ]+$"), example("443")]
    reason: Annotated[str, Field(min_length=10)]


_ONLY_OF = {"amlregistry": "registry", "azuremonitor": "monitor", "registry": "images", "vault": "vault"}


class PrivateEndpointRule(Section):
    """A store of ours that jobs reach over a private endpoint."""

    type: Literal["privateEndpoint"]
    name: RuleName
    target: Annotated[Literal["storage", "lake", "vault", "images", "registry", "monitor"], example("lake")]
    subresource: Annotated[
        Literal["blob", "dfs", "file", "queue", "table", "vault", "registry", "amlregistry", "azuremonitor"],
        example("blob"),
    ]
    spark: bool = False
    reason: Annotated[str, Field(min_length=10)]

    @model_validator(mode="after")
    def _the_target_has_the_subresource(self) -> PrivateEndpointRule:
        for subresource, target in _ONLY_OF.items():
            if (self.subresource == subresource) != (self.target == target):
                raise ValueError(f"subresource {subresource} for target {target}, and for no other target")
        return self


OutboundRule = Annotated[FqdnRule | ServiceTagRule | PrivateEndpointRule, Field(discriminator="type")]


class ManagedNetwork(Section):
    """The network that Azure ML manages for the workspace's computes."""

    isolation_mode: Annotated[
        Literal["Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"],
        example("AllowInternetOutbound"),
    ]
    firewall_sku: Annotated[Literal["Basic", "Standard"], example("Standard")] | None = None
    outbound_rules: tuple[OutboundRule, ...] = ()

    @model_validator(mode="after")
    def _rules_fit_the_mode(self) -> ManagedNetwork:
        kinds = [rule.type for rule in self.outbound_rules]
        if len({rule.name for rule in self.outbound_rules}) < len(kinds):
            raise ValueError("each name of outboundRules once")
        if self.isolation_mode == "Disabled" and kinds:
            raise ValueError("no outboundRules when isolationMode is Disabled: nothing would hold them")
        if self.isolation_mode != "AllowOnlyApprovedOutbound" and set(kinds) - {"privateEndpoint"}:
            raise ValueError("fqdn and serviceTag rules with isolationMode AllowOnlyApprovedOutbound only")
        if ("fqdn" in kinds) != (self.firewall_sku is not None):
            raise ValueError(
                "firewallSku if and only if there is an fqdn rule: such rules bring a paid firewall"
            )
        return self


class Cluster(Section):
    """A cluster of the workspace. Size, priority and purpose cannot change once it exists."""

    name: ClusterName
    purpose: Annotated[
        Literal["training", "build", "batch"], example("training")
    ]  # decides which identity its jobs have
    gpu: bool = False
    vm_size: VmSize
    priority: Annotated[Literal["Dedicated", "LowPriority"], example("LowPriority")]
    min_nodes: Annotated[int, Field(ge=0, le=1000), example(0)] = 0
    max_nodes: Annotated[int, Field(ge=1, le=1000), example(4)]
    idle_seconds: Annotated[int, Field(ge=60, le=86_400), example(120)]


class Registry(Section):
    """The Azure ML registry that models, environments and components are promoted to."""

    regions: Annotated[tuple[Region, ...], Field(min_length=1), example('["westeurope"]')]
    public_access: Annotated[Literal["Enabled", "Disabled"], example("Disabled")]
