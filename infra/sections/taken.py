"""What a stack takes instead of making it: resources of somebody else, by their ARM ids.

A taken resource is read and never written: it gets none of our tags, locks, diagnostic settings or
protection, and a destroy leaves it as it was. What may be put on it is role assignments, and `grants` says
which: those that our machines cannot work without (`machines`), all rows of the table (`all`), or `none`,
where its owner makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from infra.arm_ids import example_id, id_of
from infra.naming import ALL_ZONES
from infra.sections.core import EnvironmentZones, Images, Logs, Network, ReachableNetwork, SharedZones, Vault
from infra.sections.shapes import Section, example
from infra.taken_roles import taken_roles

MADE, TAKEN = "<made>", "<taken>"  # members of the unions below; a refusal leaves them out of its keys
GROUP = "azure-native:resources:ResourceGroup"
NETWORK = "azure-native:network:VirtualNetwork"
SUBNET = "azure-native:network:Subnet"
LOGS = "azure-native:operationalinsights:Workspace"
VAULT = "azure-native:keyvault:Vault"
IMAGES = "azure-native:containerregistry:Registry"
ZONE = "azure-native:privatedns:PrivateZone"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"

Grants = Annotated[Literal["machines", "all", "none"], example("machines")]

GroupId = Annotated[str, id_of(GROUP), example(example_id(GROUP))]
NetworkId = Annotated[str, id_of(NETWORK), example(example_id(NETWORK))]
SubnetId = Annotated[str, id_of(SUBNET), example(example_id(SUBNET))]
LogsId = Annotated[str, id_of(LOGS), example(example_id(LOGS))]
VaultId = Annotated[str, id_of(VAULT), example(example_id(VAULT))]
ImagesId = Annotated[str, id_of(IMAGES), example(example_id(IMAGES))]
IdentityId = Annotated[str, id_of(IDENTITY), example(example_id(IDENTITY))]


class TakenGroup(Section):
    """The resource group that the stack is given: everything that it makes goes there."""

    existing: GroupId
    grants: Grants = "machines"
    budget: bool = False  # whether the stack's budget is made on this group


class TakenSubnets(Section):
    """Subnets of the taken network, by the words of the address plan."""

    kubernetes: SubnetId | None = None
    private_links: SubnetId | None = None
    runners: SubnetId | None = None


class TakenNetwork(ReachableNetwork):
    """The network that the environment is given, with its subnets; its addresses are its owner's."""

    existing: NetworkId
    subnets: TakenSubnets
    endpoints: bool = False  # whether the stack puts private endpoints into subnets.privateLinks

    @model_validator(mode="after")
    def _subnets_lie_in_the_network(self) -> TakenNetwork:
        given = {name: subnet for name, subnet in self.subnets if subnet is not None}
        if not given:
            raise ValueError("at least one of subnets.kubernetes, .privateLinks, .runners, by its ARM id")
        if self.endpoints and (self.public_access == "Enabled" or self.subnets.private_links is None):
            raise ValueError("endpoints: true only with publicAccess Disabled and subnets.privateLinks")
        for name, subnet in given.items():
            if not subnet.lower().startswith(f"{self.existing.lower()}/subnets/"):
                raise ValueError(f"subnets of {self.existing} only; {name} is not in it")
        return self


class TakenLogs(Section):
    """The log workspace that logs are sent to; retention and cap are its owner's."""

    existing: LogsId
    grants: Grants = "machines"
    categories: Annotated[Literal["essential", "all"], example("all")]  # of diagnostic logs


class TakenVault(Section):
    """The key vault for the workspace's own secrets; the workspace's identity administers it."""

    existing: VaultId
    grants: Grants = "machines"
    endpoint: bool = False  # whether the stack makes a private endpoint to it; by default its owner does


class TakenImages(Section):
    """A registry of container images that is taken: by its id, or as `shared` that of the shared stack."""

    existing: ImagesId
    grants: Grants = "machines"
    endpoint: bool = False  # whether the stack makes a private endpoint to it; by default its owner does


class TakenSharedZones(Section):
    """The resource group of the company's private DNS zones, usually in the hub."""

    existing: GroupId


class TakenZones(Section):
    """The resource group of the company's private DNS zones, and who links this network to them."""

    existing: GroupId
    link: bool = False  # whether the stack writes links into them; by default their owner does
    records: bool = False  # whether its private endpoints write records into them; by default a policy does


class TakenIdentity(Section):
    """An identity that somebody else made for one purpose."""

    existing: IdentityId


def is_taken(thing: object) -> bool:
    """Whether a model, one of its values, or what was written for it names something that exists."""
    if isinstance(thing, type) and issubclass(thing, Section):
        return "existing" in thing.model_fields
    return "existing" in thing if isinstance(thing, Mapping) else hasattr(thing, "existing")


def _which(value: object) -> str:
    """A mapping with `existing` is taken; anything else is judged as something to make."""
    return TAKEN if is_taken(value) else MADE


_Choice = Discriminator(_which)
LogsChoice = Annotated[Annotated[Logs, Tag(MADE)] | Annotated[TakenLogs, Tag(TAKEN)], _Choice]
VaultChoice = Annotated[Annotated[Vault, Tag(MADE)] | Annotated[TakenVault, Tag(TAKEN)], _Choice]
ImagesChoice = Annotated[Annotated[Images, Tag(MADE)] | Annotated[TakenImages, Tag(TAKEN)], _Choice]
NetworkChoice = Annotated[Annotated[Network, Tag(MADE)] | Annotated[TakenNetwork, Tag(TAKEN)], _Choice]
SharedDnsChoice = Annotated[
    Annotated[SharedZones, Tag(MADE)] | Annotated[TakenSharedZones, Tag(TAKEN)], _Choice
]
DnsChoice = Annotated[Annotated[EnvironmentZones, Tag(MADE)] | Annotated[TakenZones, Tag(TAKEN)], _Choice]
EnvironmentIdentities = Annotated[
    dict[Literal["workspace", "training", "build", "batch", "aks", "kubelet"], TakenIdentity],
    Field(default_factory=dict),
]
SharedIdentities = Annotated[dict[str, TakenIdentity], Field(default_factory=dict)]


def taken_ids(settings: Any) -> dict[str, str]:
    """What a stack takes: ARM ids by the words that the naming table has for them."""
    fields = ("group", "network", "logs", "vault", "images")
    sections = {name: getattr(settings, name, None) for name in fields}
    found = {
        {"group": "resource_group"}.get(name, name): str(section.existing)
        for name, section in sections.items()
        if section and is_taken(section)
    }
    if is_taken(settings.dns):
        zones = f"{settings.dns.existing}/providers/Microsoft.Network/privateDnsZones"
        found |= {f"zone/{word}": f"{zones}/{name}" for word, name in ALL_ZONES.items()}
    found |= {f"identity/{purpose}": one.existing for purpose, one in settings.identities.items()}
    return found | dict(taken_roles(settings))


def taken_grants(settings: Any) -> dict[str, str]:
    """Which rows of the table of grants each taken resource gets, by the table's word for the scope."""
    sections = {scope: getattr(settings, scope, None) for scope in ("group", "logs", "vault", "images")}
    return {
        scope: str(section.grants) for scope, section in sections.items() if section and is_taken(section)
    }
