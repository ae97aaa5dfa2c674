"""Clusters of a new environment: those of another one, as far as the quotas have cores left for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from checks.catalogue.vm_sizes import LOW_PRIORITY, family_key, vm_sizes
from infra.rules.together import worst_case_cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra.sections.core import Cluster
    from infra.settings import EnvironmentSettings


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """One cluster as the new environment can have it; without nodes it is left out."""

    index: int  # in the settings that it comes from
    name: str
    nodes: int
    priority: str
    reason: str = ""  # why it has not as many nodes as before, or none
    priority_reason: str = ""  # why it has another priority


def limits_of(settings: Iterable[EnvironmentSettings], subscription: str, location: str) -> dict[str, int]:
    """Cores by family that stack files say a subscription has in a region; the least where they differ."""
    found: dict[str, int] = {}
    for one in settings:
        for quota in one.quotas:
            here = (one.azure.subscription_id, quota.location or one.azure.location)
            if here == (subscription, location):
                key = family_key(quota.family)
                found[key] = min(found.get(key, quota.limit), quota.limit)
    return found


def used_in(settings: Iterable[EnvironmentSettings], subscription: str, location: str) -> Counter[str]:
    """Cores by family that the environments of a subscription and region may use at their largest."""
    cores: Counter[str] = Counter()
    for one in settings:
        if (one.azure.subscription_id, one.azure.location) == (subscription, location):
            for family, used in worst_case_cores(one.clusters).items():
                cores[family_key(family)] += used
    return cores


def fit(
    clusters: tuple[Cluster, ...],
    free: Mapping[str, int] | None,
    *,
    at_most: int | None,
    gpus: bool,
) -> list[Fitted]:
    """Each cluster with as many nodes as there are cores for: the build cluster first, GPUs last.

    Args:
        clusters: of the environment that is copied.
        free: cores left by family; None where nothing is known of the subscription.
        at_most: nodes that a training cluster may have, None for as many as before.
        gpus: whether clusters with GPUs are wanted.
    """
    left = None if free is None else Counter(dict(free))
    order = sorted(enumerate(clusters), key=lambda pair: (pair[1].purpose != "build", pair[1].gpu, pair[0]))
    return sorted(
        (_fit_one(index, cluster, left, at_most, gpus=gpus) for index, cluster in order),
        key=lambda fitted: fitted.index,
    )


def _fit_one(
    index: int, cluster: Cluster, left: Counter[str] | None, at_most: int | None, *, gpus: bool
) -> Fitted:
    out = Fitted(index=index, name=cluster.name, nodes=0, priority=cluster.priority, reason="without GPUs")
    if cluster.gpu and not gpus:
        return out
    small = at_most is not None and cluster.purpose == "training"
    wanted = min(cluster.max_nodes, at_most) if small and at_most else cluster.max_nodes
    other = "Dedicated" if cluster.priority == "LowPriority" else "LowPriority"
    # a preempted build blocks every job that waits for it, so it never becomes low priority
    choices = [cluster.priority] if cluster.purpose == "build" else [cluster.priority, other]
    for priority in choices:
        family = family_key(_family(cluster, priority))
        nodes = wanted if left is None else min(wanted, left[family] // _cores(cluster))
        if nodes > 0:
            if left is not None:
                left[family] -= nodes * _cores(cluster)
            return replace(
                out,
                nodes=nodes,
                priority=priority,
                reason="all that there are cores left for"
                if nodes < wanted
                else "kept small; raise it when a job needs more",
                priority_reason=f"other stacks may use all {_family(cluster, cluster.priority)} here",
            )
    return replace(out, reason="no cores are left for it")


def _family(cluster: Cluster, priority: str) -> str:
    return LOW_PRIORITY if priority == "LowPriority" else vm_sizes()[cluster.vm_size].family


def _cores(cluster: Cluster) -> int:
    return vm_sizes()[cluster.vm_size].vcpus
