"""What computes: clusters, compute instances, deployments of online endpoints, Kubernetes and its pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from checks.catalogue.prices import Meter
from checks.cost.desk import ONE, OPEN, ZERO, Desk
from checks.cost.model import Item
from checks.cost.reading import count, text, value

MACHINES = "Microsoft.Compute/virtualMachines"
COMPUTES = "Microsoft.MachineLearningServices/workspaces/computes"
BALANCER = Meter(arm_type=COMPUTES, sku="", meter="load balancer")
DISK = Meter(arm_type="Microsoft.Compute/disks", sku="P10 LRS", meter="disk")
CLUSTERS = "Microsoft.ContainerService/managedClusters"
UPTIME = Meter(arm_type=CLUSTERS, sku="Standard", meter="uptime agreement")
NODES_PER_BALANCER = 50  # concept-plan-manage-cost.md: every 50 nodes of a cluster have one
UPTIME_SOURCE = "infracost/infracost@95ba4f4 internal/resources/azure/kubernetes_cluster.go: no fee if Free"
METERS = {"dedicated": "dedicated", "lowpriority": "low priority", "spot": "spot", "regular": "dedicated"}


def compute(desk: Desk) -> Iterator[Item]:
    """A workspace's compute: a cluster, an instance, or one that is attached and charged where it is."""
    inputs = desk.resource.inputs
    kind = text(inputs, "properties.computeType")
    if kind == "AmlCompute":
        yield from _cluster(desk)
    elif kind == "ComputeInstance":
        yield from _instance(desk)
    elif kind == "Kubernetes":
        yield desk.included("attached Kubernetes cluster", "charged as the cluster that it is", "")
    elif kind == "SynapseSpark":
        yield desk.included("attached Spark pool", "charged as the pool that it is", "")
    else:
        yield desk.unknown(f"compute of type {kind or 'unknown'}", f"no price rule for computeType '{kind}'")


def _cluster(desk: Desk) -> Iterator[Item]:
    settings = value(desk.resource.inputs, "properties.properties")
    scale = value(settings, "scaleSettings")
    least, most = count(scale, "minNodeCount"), count(scale, "maxNodeCount")
    if isinstance(scale, Mapping) and "minNodeCount" not in scale:
        least = ZERO  # what Azure takes where none is given
    size, priority = text(settings, "vmSize"), text(settings, "vmPriority")
    yield machines(desk, size=size, priority=priority, least=least, most=most)
    balancers = None if most is None else Decimal(-(-int(most) // NODES_PER_BALANCER))
    yield desk.charge(
        "load balancers of the cluster",
        BALANCER,
        None if balancers is None else min(balancers, ONE),
        balancers,
        hidden=True,
        note="one per 50 nodes; charged as long as the cluster exists",
    )


def machines(desk: Desk, *, size: str, priority: str, least: Decimal | None, most: Decimal | None) -> Item:
    """So many virtual machines of one size.

    A low-priority node without a sourced price counts as a dedicated one: that is the most it can cost.
    """
    meter = METERS.get((priority or "dedicated").lower())
    if least is None or most is None:
        return desk.unknown(f"nodes {size}".strip(), OPEN)
    most = max(least, most)
    if not size or meter is None:
        reason = OPEN if meter else f"no price rule for priority '{priority}'"
        return desk.unknown(f"nodes {size or 'of a size'} that the plan leaves open", reason)
    priced = Meter(arm_type=MACHINES, sku=size, meter=meter)
    what = f"{_span(least, most)} nodes {size}, {meter}"
    if meter == "low priority" and desk.find(priced) is None:
        ceiling = Meter(arm_type=MACHINES, sku=size, meter="dedicated")
        note = "the dedicated price, which is the most it can be: no low-priority price is sourced"
        return replace(desk.charge(what, ceiling, least, most, of="nodes", note=note), ceiling=True)
    return desk.charge(what, priced, least, most, of="nodes")


def _instance(desk: Desk) -> Iterator[Item]:
    settings = value(desk.resource.inputs, "properties.properties")
    size = text(settings, "vmSize")
    stops = bool(value(settings, "idleTimeBeforeShutdown") or value(settings, "schedules"))
    what = f"compute instance {size}, {'stops by itself' if stops else 'runs until somebody stops it'}"
    if not size:
        yield desk.unknown("compute instance", OPEN)
        return
    yield desk.charge(
        what, Meter(arm_type=MACHINES, sku=size, meter="dedicated"), ZERO if stops else ONE, ONE
    )
    yield desk.charge(
        "disk of the compute instance", DISK, ONE, ONE, hidden=True, note="charged while it is stopped, too"
    )
    yield desk.charge("load balancer of the compute instance", BALANCER, ONE, ONE, hidden=True)


def deployment(desk: Desk) -> Iterator[Item]:
    """A deployment of a managed online endpoint: its instances run all month."""
    inputs = desk.resource.inputs
    if text(inputs, "properties.endpointComputeType") == "Kubernetes":
        yield desk.included("deployment on Kubernetes", "charged as the cluster's nodes", "")
        return
    size, instances = text(inputs, "properties.instanceType"), count(inputs, "sku.capacity")
    yield machines(desk, size=size, priority="", least=instances, most=instances)


def kubernetes(desk: Desk) -> Iterator[Item]:
    """An AKS cluster: its tier, and the pools that are written in it."""
    inputs = desk.resource.inputs
    tier = text(inputs, "sku.tier") or "Free"
    if tier == "Free":
        yield desk.included("control plane, Free tier", "the Free tier has no fee", UPTIME_SOURCE)
    elif tier == "Standard":
        yield desk.charge("control plane, Standard tier", UPTIME, ONE, ONE)
    else:
        yield desk.unknown(f"control plane, {tier} tier", f"no sourced price of the {tier} tier")
    pools = value(inputs, "agentPoolProfiles")
    for pool in pools if isinstance(pools, list) else ():
        yield _pool(desk, pool)


def agent_pool(desk: Desk) -> Iterator[Item]:
    """A pool of an AKS cluster that is a resource of its own."""
    yield _pool(desk, desk.resource.inputs)


def _pool(desk: Desk, pool: object) -> Item:
    low, high = ("minCount", "maxCount") if value(pool, "enableAutoScaling") else ("count", "count")
    least, most = count(pool, low), count(pool, high)
    priority = text(pool, "scaleSetPriority")
    return machines(desk, size=text(pool, "vmSize"), priority=priority, least=least, most=most)


def _span(least: Decimal, most: Decimal) -> str:
    return f"{most:f}" if least == most else f"{least:f} to {most:f}"
