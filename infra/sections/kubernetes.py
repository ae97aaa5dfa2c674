"""Settings of the Kubernetes cluster that Azure ML runs on: what people write under `kubernetes`.

What the pools may carry, and which taints Azure ML's pods pass, is in `infra.sections.pools`; what Azure ML
gets of the cluster is in `infra.sections.kubernetes_ml`.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from infra.arm_ids import spelled
from infra.sections.inside import Inside
from infra.sections.kubernetes_ml import Attach, Extension
from infra.sections.pools import Pool
from infra.sections.shapes import Guid, PublicNetwork, Section, example

ZONE_OF_API = "azure-native:privatedns:PrivateZone"
WORDS_FOR_ZONES = ("system", "none")
# Networks that AKS keeps for itself. Source: MicrosoftDocs/azure-aks-docs, articles/aks/azure-cni-overlay.md
RESERVED = ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
ROUTER_REPLICAS = 3  # MicrosoftDocs/azure-ai-docs, how-to-deploy-kubernetes-extension.md: inferenceRouterHA

_TWO_POOLS = (
    '[{"name": "system", "purpose": "system", "vmSize": "Standard_DS3_v2", "minNodes": 1, "maxNodes": 1}, '
    '{"name": "aml", "purpose": "inference", "vmSize": "Standard_DS3_v2", "minNodes": 1, "maxNodes": 1}]'
)

Weekday = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _minor(value: str) -> str:
    head, dot, tail = value.partition(".")
    if not dot or head != "1" or not tail.isdigit():
        raise ValueError('a minor version in quotes, e.g. "1.33": patches come by upgrades.channel')
    return value


def _inside_network(value: str) -> str:
    words = "a private IPv4 network of /12 to /20 that AKS does not keep for itself, e.g. 10.244.0.0/16"
    try:
        network = IPv4Network(value)
    except ValueError:
        raise ValueError(words) from None
    kept = any(network.overlaps(IPv4Network(other)) for other in RESERVED)
    if kept or not network.is_private or not 12 <= network.prefixlen <= 20:  # noqa: PLR2004 - said above
        raise ValueError(words)
    return str(network)


def _zone_of_api(value: str) -> str:
    return value if value in WORDS_FOR_ZONES else spelled(ZONE_OF_API, value)


KubernetesVersion = Annotated[str, AfterValidator(_minor), example("1.33")]
InsideNetwork = Annotated[str, AfterValidator(_inside_network), example("10.244.0.0/16")]
ZoneOfApi = Annotated[str, AfterValidator(_zone_of_api), example("system")]


class Window(Section):
    """A weekly window for changes that AKS makes by itself; at least four hours, as AKS demands."""

    day: Annotated[Weekday, example("Sunday")]
    start: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"), example("02:00")]
    hours: Annotated[int, Field(ge=4, le=24), example(4)] = 4
    utc_offset: Annotated[str, Field(pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$"), example("+00:00")] = "+00:00"


class Upgrades(Section):
    """How versions and node images move on, and when."""

    channel: Annotated[Literal["none", "patch", "stable", "rapid", "node-image"], example("stable")]
    node_images: Annotated[
        Literal["None", "Unmanaged", "SecurityPatch", "NodeImage"], example("NodeImage")
    ] = "NodeImage"
    window: Window  # for versions
    node_window: Window | None = None  # for node images; the same one unless given

    @model_validator(mode="after")
    def _one_channel_moves_node_images(self) -> Upgrades:
        if self.channel == "node-image" and self.node_images != "NodeImage":
            raise ValueError("nodeImages NodeImage with channel node-image: both say how node images move")
        return self


class Api(Section):
    """From where the API server answers."""

    access: Annotated[Literal["private", "public"], example("private")]
    # The zone that a private API server is named in: one that AKS makes, public DNS, or a zone by its id.
    zone: ZoneOfApi = "system"
    authorised_networks: tuple[PublicNetwork, ...] = ()

    @model_validator(mode="after")
    def _an_open_door_has_a_guest_list(self) -> Api:
        if self.access == "public" and not self.authorised_networks:
            raise ValueError("authorisedNetworks when access is public: open to all is never meant")
        if self.access == "private" and self.authorised_networks:
            raise ValueError("no authorisedNetworks when access is private: they would have no effect")
        if self.access == "public" and self.zone != "system":
            raise ValueError("zone for access private only: a public API server is named in public DNS")
        return self


class Spaces(Section):
    """Addresses of pods (an overlay) and of services: inside the cluster only, not in the network."""

    pods: InsideNetwork = "10.244.0.0/16"
    services: Annotated[InsideNetwork, example("10.0.0.0/16")] = "10.0.0.0/16"

    @model_validator(mode="after")
    def _apart(self) -> Spaces:
        if IPv4Network(self.pods).overlaps(IPv4Network(self.services)):
            raise ValueError("pods and services that share no address")
        return self


class Kubernetes(Section):
    """A managed cluster (AKS) with its pools, the Azure ML extension, and its attachment."""

    version: KubernetesVersion
    tier: Annotated[Literal["Free", "Standard"], example("Standard")]
    upgrades: Upgrades
    api: Api
    admin_groups: tuple[Guid, ...] = ()  # Entra groups; access.groups.platformAdmins unless given
    local_accounts: bool = False  # with false, Azure ML comes in by a trusted access binding
    defender: bool = False
    egress: Annotated[Literal["loadBalancer", "natGateway", "routes"], example("loadBalancer")] = (
        "loadBalancer"
    )
    spaces: Spaces = Spaces()
    pools: Annotated[tuple[Pool, ...], Field(min_length=2), example(_TWO_POOLS)]
    extension: Extension
    attach: Attach
    inside: Inside | None = None  # namespaces, quotas and rights in the cluster; not declared unless given

    @property
    def azureml_pools(self) -> tuple[Pool, ...]:
        """Pools that Azure ML's pods run on."""
        return tuple(pool for pool in self.pools if pool.for_azureml)

    @model_validator(mode="after")
    def _pools_fit_together(self) -> Kubernetes:
        twice = [name for name, times in Counter(pool.name for pool in self.pools).items() if times > 1]
        if twice:
            raise ValueError(f"each name of pools once, and not {twice[0]} again: it is the pool's label")
        if not any(pool.purpose == "system" for pool in self.pools):
            raise ValueError("a pool with purpose system: AKS refuses a cluster without one")
        if not any(pool.purpose == "inference" for pool in self.pools):
            raise ValueError("a pool with purpose inference: the services of the extension run on it")
        return self

    @model_validator(mode="after")
    def _router_replicas_have_nodes(self) -> Kubernetes:
        nodes = sum(pool.min_nodes for pool in self.pools if pool.purpose == "inference")
        if self.extension.inference and self.extension.router_ha and nodes < ROUTER_REPLICAS:
            raise ValueError(
                f"extension.routerHa with {ROUTER_REPLICAS} nodes at least in pools with purpose inference "
                f"(minNodes together are {nodes}), or routerHa: false"
            )
        return self

    @model_validator(mode="after")
    def _jobs_have_their_namespace(self) -> Kubernetes:
        if self.inside is not None:
            names = [one.name for one in self.inside.namespaces]
            if self.attach.namespace not in names:
                raise ValueError(
                    f"attach.namespace among inside.namespaces ({', '.join(names)}): Azure ML attaches to a "
                    f"namespace that is there; given {self.attach.namespace}"
                )
        return self

    @model_validator(mode="after")
    def _instance_types_name_pools(self) -> Kubernetes:
        pools = {pool.name: pool for pool in self.azureml_pools}
        for kind in self.attach.instance_types:
            if kind.pool not in pools:
                raise ValueError(
                    f"attach.instanceTypes on pools that Azure ML may use ({', '.join(pools)}); "
                    f"'{kind.name}' names {kind.pool}"
                )
            wrong = kind.misfit(pools[kind.pool].vm_size)
            if wrong:
                raise ValueError(f"attach.instanceTypes that fit on a node: '{kind.name}' {wrong}")
        return self


class Arc(Section):
    """A cluster elsewhere, connected by Azure Arc: the same extension and attachment as on AKS.

    Its agents are installed in it by its owner (`az connectedk8s connect`); the stack declares the ARM side.
    """

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$"), example("arc-factory")]
    agent_key: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9+/]{100,4000}={0,2}$"),
        Field(examples=["<public key of the agents, base64>", "A" * 100]),
    ]
    distribution: Annotated[str, Field(min_length=2, max_length=40), example("k3s")] = "generic"
    admin_groups: tuple[Guid, ...] = ()
    extension: Extension
    attach: Attach
