"""Cores: what the clusters of a region may use at most, by family, against the subscription's quota."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from checks.catalogue.vm_sizes import LOW_PRIORITY, VmSize, family_key, vm_sizes
from twinloop.localazure.core.errors import QuotaExceeded
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import kind_of
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.workspace_scope import PROVIDER, WORKSPACES

router = Router("machinelearning")
DEPLOYMENTS = f"{WORKSPACES}/onlineEndpoints/deployments"


@dataclass(frozen=True)
class Room:
    """The quota of a family in a region, and what clusters claim of it."""

    family: str
    limit: int | None  # None: nothing is held to one
    claims: tuple[tuple[str, int], ...]  # id and cores of each cluster

    @property
    def claimed(self) -> int:
        """Cores that clusters claim."""
        return sum(cores for _, cores in self.claims)

    @property
    def left(self) -> int | None:
        """Cores that no cluster claims; None without a quota."""
        return None if self.limit is None else self.limit - self.claimed

    @property
    def by(self) -> str:
        """The clusters, for messages."""
        return ", ".join(f"{ArmId(key).name} ({cores})" for key, cores in self.claims)


def room(twin: Twin, subscription: str, location: str, size: VmSize, *, low_priority: bool) -> Room:
    """The room for nodes of a size."""
    family = LOW_PRIORITY if low_priority else family_key(size.family)
    return family_room(twin, subscription, location, family)


def family_room(twin: Twin, subscription: str, location: str, family: str) -> Room:
    """The room of a family."""
    place = _plain(location)
    limit = _limit(twin, subscription, place, family)
    return Room(family, limit, tuple(_claims(twin, subscription, place, family)))


Doc = dict[str, Any]
_LOCATION = f"/subscriptions/{{subscriptionId}}/providers/{PROVIDER}/locations/{{location}}"
_LOW_PRIORITY_KEYS = ("lowpriority", family_key(LOW_PRIORITY))


def demand(twin: Twin, arm_id: ArmId, body: Doc, size: str, before: Doc | None) -> None:
    """Demand that the quota allows a cluster's largest case beside those of all others.

    A cluster at zero nodes counts with its maximum: the cores are spoken for. What does not grow is let be.

    Raises:
        QuotaExceeded: it does not; says what is used, by whom, and what is left.
    """
    cluster = body["properties"]["properties"]
    location = _plain(str(body.get("location") or ""))
    family = _family(cluster, vm_sizes()[size])
    limit = _limit(twin, arm_id.subscription, location, family)
    if limit is None:
        return
    most = _most_nodes(cluster)
    if before and most <= _most_nodes(before):
        return
    wanted = most * vm_sizes()[size].vcpus
    others = {
        name: cores
        for name, cores in _claims(twin, arm_id.subscription, location, family)
        if name != arm_id.key
    }
    used = sum(others.values())
    if used + wanted > limit:
        names = ", ".join(f"{ArmId(key).name} ({cores})" for key, cores in others.items()) or "none"
        raise QuotaExceeded(
            f"computes/{arm_id.name}: {most} nodes of {size} are {wanted} cores of "
            f"'{_name(cluster, vm_sizes()[size])}' in "
            f"{location}; the quota is {limit}, "
            f"of which other clusters claim {used}: {names}. Lower maxNodeCount to "
            f"{max(0, limit - used) // vm_sizes()[size].vcpus} "
            "or ask for a larger quota.",
            code="ClusterCoreQuotaReached",
        )


def demand_instances(twin: Twin, arm_id: ArmId, body: Doc, before: Doc | None) -> None:
    """Demand that the quota allows the instances of a deployment; fewer than before are let be.

    Raises:
        QuotaExceeded: it does not; says what is used, by whom, and what is left.
    """
    size, instances = vm_sizes()[body["properties"]["instanceType"]], int(body["sku"]["capacity"])
    if before and instances <= int(before["sku"]["capacity"]):
        return
    location = str(body["location"])
    found = room(twin, arm_id.subscription, location, size, low_priority=False)
    others = sum(cores for key, cores in found.claims if key != arm_id.key)
    wanted = instance_cores(size, instances)
    if found.limit is not None and others + wanted > found.limit:
        raise QuotaExceeded(
            f"deployments/{arm_id.name}: {instances} instances of {size.name} are {wanted} cores of "
            f"'{size.family}' in {location}, with what Azure ML keeps for upgrades; the quota is "
            f"{found.limit}, of which others claim {others}: {found.by}. Lower sku.capacity or "
            "ask for a larger quota.",
            code="OutOfQuota",
        )


@router.on("GET", f"{_LOCATION}/usages", action=f"{PROVIDER}/locations/usages/read")
def list_usages(request: Request, twin: Twin) -> Reply:
    """Cores by family: what is claimed and what the quota is."""
    subscription, location = request.params["subscriptionId"].lower(), _plain(request.params["location"])
    limits = {
        family: limit
        for (s, place, family), limit in twin.seed.quotas.items()
        if (s, place) == (subscription, location) and not family.startswith("vm/")  # of virtual machines
    }
    from twinloop.localazure.jobs.runner import runner  # which needs this module
    from twinloop.localazure.jobs.serverless import used as serverless

    clusters = runner(twin).executor.clusters
    rows = []
    for family, limit in sorted(limits.items()):
        used = sum(cores for _, cores in _claims(twin, subscription, location, _canonical(family)))
        used += serverless(clusters, subscription, location, _canonical(family))
        row_id = f"/subscriptions/{subscription}/providers/{PROVIDER}/locations/{location}/usages/{family}"
        name = {"value": family, "localizedValue": family}
        rows.append(
            {
                "id": row_id,
                "type": f"{PROVIDER}/locations/usages",
                "amlWorkspaceLocation": location,
                "unit": "Count",
                "currentValue": used,
                "limit": limit,
                "name": name,
            }
        )
    return Reply(200, {"value": rows})


@router.on("GET", f"{_LOCATION}/vmSizes", action=f"{PROVIDER}/locations/vmsizes/read")
def list_vm_sizes(_request: Request, _twin: Twin) -> Reply:
    """The sizes that are known, with their cores, memory and GPUs."""
    return Reply(200, {"value": [_size(one) for one in vm_sizes().values()]})


def _size(size: VmSize) -> Doc:
    return {
        "name": size.name,
        "family": size.family,
        "vCPUs": size.vcpus,
        "gpus": size.gpus,
        "memoryGB": size.memory_gib,
        "osVhdSizeMB": None,
        "maxResourceVolumeMB": None,
        "lowPriorityCapable": True,
        "premiumIO": None,
        "estimatedVMPrices": None,
        "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
    }


def _claims(twin: Twin, subscription: str, location: str, family: str) -> list[tuple[str, int]]:
    """Id and cores of every cluster and deployment of the region that is counted in a family."""
    claims = list(_deployed(twin, subscription, location, family))
    for key, doc in twin.store.list(kind_of(f"{WORKSPACES}/computes"), f"/subscriptions/{subscription}/"):
        cluster = doc["body"]["properties"].get("properties") or {}
        size = vm_sizes().get(cluster.get("vmSize", "")) or _by_name(cluster.get("vmSize", ""))
        if (
            size is None
            or _plain(str(doc["body"].get("location") or "")) != location
            or _family(cluster, size) != family
        ):
            continue
        claims.append((key, _most_nodes(cluster) * size.vcpus))
    return claims


def _deployed(twin: Twin, subscription: str, location: str, family: str) -> Iterator[tuple[str, int]]:
    for key, doc in twin.store.list(kind_of(DEPLOYMENTS), f"/subscriptions/{subscription}/"):
        size = vm_sizes().get(doc["body"]["properties"].get("instanceType") or "")
        if size and family_key(size.family) == family and _plain(str(doc["body"]["location"])) == location:
            yield key, instance_cores(size, int(doc["body"]["sku"]["capacity"]))


def instance_cores(size: VmSize, instances: int) -> int:
    """Cores that a deployment claims: a fifth more than it runs on is kept for upgrades, mostly."""
    from checks.quota_machines import Machines  # late: few twins have a deployment

    return Machines(name="", size=size.name, nodes=instances, reserve=True).most(size) * size.vcpus


def _most_nodes(compute: Doc) -> int:
    """Nodes that a compute may have: an instance is one, stopped or not, so that it can be started again.

    Source: learn.microsoft.com/azure/machine-learning/how-to-create-compute-instance ("Stopping the compute
    instance doesn't release quota").
    """
    scale = compute.get("scaleSettings")
    return int(scale["maxNodeCount"]) if scale else 1


def _by_name(name: str) -> VmSize | None:
    return next((size for size in vm_sizes().values() if size.name.lower() == name.lower()), None)


def _family(cluster: Doc, size: VmSize) -> str:
    """Low-priority nodes are counted together, whatever their family."""
    return LOW_PRIORITY if cluster.get("vmPriority") == "LowPriority" else family_key(size.family)


def _name(cluster: Doc, size: VmSize) -> str:
    """The family as its row has it, for messages: what people read and write into their settings."""
    return LOW_PRIORITY if cluster.get("vmPriority") == "LowPriority" else size.family


def _canonical(family: str) -> str:
    return LOW_PRIORITY if family_key(family) in _LOW_PRIORITY_KEYS else family_key(family)


def _limit(twin: Twin, subscription: str, location: str, family: str) -> int | None:
    """The quota of a family; None where the seed names none: then nothing is held to it."""
    for (owner, place, name), limit in twin.seed.quotas.items():
        if (owner, place) == (subscription, location) and _canonical(name) == family:
            return limit
    return None


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()
