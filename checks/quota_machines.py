"""Machines that a resource may start at the worst, with what only a roll-out starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from checks.catalogue.vm_sizes import VmSize
from checks.plan import Resource

COMPUTE = "azure-native:machinelearningservices:Compute"
DEPLOYMENT = "azure-native:machinelearningservices:OnlineDeployment"
KUBERNETES = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"
VM = "vm/"
# Azure ML keeps a fifth more for upgrades of online deployments, except of the sizes named here: Microsoft,
# azure-docs, articles/machine-learning/includes/quota-allocation-online-deployment.md and
# reference-managed-online-endpoints-vm-sku-list.md.
RESERVE = 0.2
NO_RESERVE = frozenset(
    size.lower()
    for size in (
        "Standard_NC24ads_A100_v4",
        "Standard_NC48ads_A100_v4",
        "Standard_NC96ads_A100_v4",
        "Standard_ND96asr_v4",
        "Standard_ND96amsr_A100_v4",
        "Standard_ND40rs_v2",
    )
)
SURGE = "10%"  # of a pool's nodes, where it says nothing: docstring of AgentPoolUpgradeSettings.max_surge


@dataclass(frozen=True, kw_only=True)
class ExpectedDeployment:
    """A deployment that the outer loop makes, of a size that the settings name: it needs its cores too."""

    stack: str
    subscription: str
    location: str
    endpoint: str
    size: str
    instances: int
    colours: int = 2
    """Deployments of it that stand beside each other while one is rolled out."""


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Machines of one size that a resource may start."""

    name: str
    size: str
    nodes: int
    low: bool = False
    prefix: str = ""
    surge: str = ""
    """Extra nodes of an upgrade: a number, or a share of the nodes as `10%`; empty for none."""
    reserve: bool = False
    """Whether Azure ML keeps some for upgrades."""
    times: int = 1

    def most(self, size: VmSize) -> int:
        """How many there may be at once."""
        return self.times * (self._each(size) + self._surging())

    def shown(self, size: VmSize) -> str:
        """The multiplication in words: `(3 nodes + 1 for upgrades) x 4 cores`."""
        extra = self._each(size) - self.nodes + self._surging()
        nodes = f"{self.nodes:,} node{'' if self.nodes == 1 else 's'}"
        nodes = f"({nodes} + {extra:,} for upgrades)" if extra else nodes
        beside = f"{self.times} beside each other x " if self.times > 1 else ""
        return f"{beside}{nodes} x {size.vcpus} cores"

    def _each(self, size: VmSize) -> int:
        if self.reserve and size.name.lower() not in NO_RESERVE:
            return ceil(round((1 + RESERVE) * self.nodes, 6))
        return self.nodes

    def _surging(self) -> int:
        if self.surge.endswith("%"):
            share = self.surge.removesuffix("%")
            return ceil(round(self.nodes * float(share) / 100, 6)) if share.isdigit() else 0
        return int(self.surge) if self.surge.isdigit() else 0


def of_resource(resource: Resource) -> Iterator[Machines]:
    """What a resource may start; nothing of what is taken, which is another one's."""
    if resource.taken:
        return
    name = resource.id.rpartition("/")[2] or resource.name
    if resource.type == COMPUTE:
        yield from _compute(resource.inputs.get("properties") or {}, name)
    elif resource.type == POOL:
        above = resource.id.lower().partition("/agentpools/")[0].rpartition("/")[2]
        yield _pool(resource.inputs, f"{above}/{name}" if above else name)
    elif resource.type == KUBERNETES:
        for pool in resource.inputs.get("agentPoolProfiles") or ():
            yield _pool(pool, f"{name}/{pool.get('name', 'pool')}")
    elif resource.type == DEPLOYMENT:
        yield from _deployment(resource.inputs, name)


def of_expected(one: ExpectedDeployment) -> Machines:
    """What a deployment may start that the settings expect."""
    return Machines(name=one.endpoint, size=one.size, nodes=one.instances, reserve=True, times=one.colours)


def _compute(properties: Mapping[str, Any], name: str) -> Iterator[Machines]:
    inner: Mapping[str, Any] = properties.get("properties") or {}
    size = str(inner.get("vmSize") or "")
    if properties.get("computeType") == "AmlCompute":
        most = _number((inner.get("scaleSettings") or {}).get("maxNodeCount", 0))
        low = str(inner.get("vmPriority", "")).lower() == "lowpriority"
        yield Machines(name=name, size=size, nodes=most, low=low)
    elif properties.get("computeType") == "ComputeInstance":
        yield Machines(name=name, size=size, nodes=1)


def _pool(pool: Mapping[str, Any], name: str) -> Machines:
    most = pool.get("maxCount") if pool.get("enableAutoScaling") else pool.get("count")
    upgrade = pool.get("upgradeSettings") or {}
    # Where nodes are upgraded in place of each other, none is added.
    surge = str(upgrade.get("maxSurge") or ("0" if upgrade.get("maxUnavailable") else SURGE))
    return Machines(
        name=name,
        size=str(pool.get("vmSize") or ""),
        nodes=_number(most),
        low=str(pool.get("scaleSetPriority", "")).lower() == "spot",
        prefix=VM,
        surge=surge,
    )


def _deployment(inputs: Mapping[str, Any], name: str) -> Iterator[Machines]:
    properties = inputs.get("properties") or {}
    if str(properties.get("endpointComputeType", "")).lower() != "managed":
        return
    scale = properties.get("scaleSettings") or {}
    most = scale.get("maxInstances") or (inputs.get("sku") or {}).get("capacity") or 1
    yield Machines(
        name=name, size=str(properties.get("instanceType") or ""), nodes=_number(most), reserve=True
    )


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
