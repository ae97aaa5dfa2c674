"""Cores at the worst case, by subscription, location and family of VM sizes, against the quota.

The rule is the local Azure's: a cluster counts with its largest number of nodes, a compute instance with
one, and what is of low priority is counted together, whatever its family.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.catalogue.vm_sizes import LOW_PRIORITY, VmSize, family_key, vm_sizes
from checks.findings import Finding
from checks.plan import Resource

COMPUTE = "azure-native:machinelearningservices:Compute"
NEAR = 0.9  # from this share of the limit on, little room is left
SOURCE = "https://learn.microsoft.com/azure/machine-learning/how-to-manage-quotas"
_LOW = frozenset((family_key(LOW_PRIORITY), "lowpriority"))

Place = tuple[str, str, str]  # subscription, location, family: in the form that they are compared in


@dataclass(frozen=True, kw_only=True)
class QuotaUse:
    """Cores that one family of sizes may come to use in one place."""

    subscription: str
    location: str
    family: str
    before: int | None
    """None where nothing used the family before."""
    after: int
    limit: int | None
    """None where no limit is given."""
    resources: tuple[str, ...]
    """URNs of who uses it after the change, or used it before where nobody does after."""
    stacks: tuple[str, ...] = ()
    """Stacks of these resources: several may share a subscription."""


@dataclass
class _Demand:
    cores: int = 0
    name: str = ""
    users: list[Resource] = field(default_factory=list)


def quota_use(
    before: Iterable[Resource], after: Iterable[Resource], limits: Mapping[Place, int]
) -> tuple[QuotaUse, ...]:
    """Cores at the worst case before and after.

    Args:
        before: resources of all stacks that are looked at together: they may share a subscription.
        after: the same, with the change.
        limits: cores by subscription, location and family (lower case, no blanks).
    """
    limit_of = {_place(*place): limit for place, limit in limits.items()}
    old, new = _demands(before), _demands(after)
    return tuple(
        QuotaUse(
            subscription=place[0],
            location=place[1],
            family=(new.get(place) or old[place]).name,
            before=old[place].cores if place in old else None,
            after=new[place].cores if place in new else 0,
            limit=limit_of.get(place),
            resources=tuple(user.urn for user in (new.get(place) or old[place]).users),
            stacks=tuple(sorted({user.stack for user in (new.get(place) or old[place]).users})),
        )
        for place in sorted({*old, *new})
    )


def _place(subscription: str, location: str, family: str) -> Place:
    key = family_key(family)
    return (
        subscription.lower(),
        location.replace(" ", "").lower(),
        family_key(LOW_PRIORITY) if key in _LOW else key,
    )


def _demands(resources: Iterable[Resource]) -> dict[Place, _Demand]:
    found: dict[Place, _Demand] = defaultdict(_Demand)
    for resource in resources:
        for size_name, count, low in _machines(resource):
            size = size_named(size_name)
            if size is None:
                continue
            family = LOW_PRIORITY if low else size.family
            demand = found[
                _place(_subscription(resource), str(resource.inputs.get("location") or ""), family)
            ]
            demand.cores += size.vcpus * count
            demand.name = family
            demand.users.append(resource)
    return dict(found)


def size_named(name: str) -> VmSize | None:
    """A size of the catalogue, compared without case as Azure does."""
    return vm_sizes().get(name) or next(
        (size for size in vm_sizes().values() if size.name.lower() == name.lower()), None
    )


def _machines(resource: Resource) -> Iterator[tuple[str, int, bool]]:
    """Size, largest number and low priority of what a resource may start."""
    if resource.type == COMPUTE:
        properties = resource.inputs.get("properties") or {}
        inner: Mapping[str, Any] = properties.get("properties") or {}
        size = str(inner.get("vmSize") or "")
        if properties.get("computeType") == "AmlCompute":
            most = (inner.get("scaleSettings") or {}).get("maxNodeCount", 0)
            yield size, int(most), str(inner.get("vmPriority", "")).lower() == "lowpriority"
        elif properties.get("computeType") == "ComputeInstance":
            yield size, 1, False


def _subscription(resource: Resource) -> str:
    parts = resource.id.split("/")
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""  # noqa: PLR2004


def findings(uses: Iterable[QuotaUse], resources: Iterable[Resource] = ()) -> tuple[Finding, ...]:
    """What does not fit into its quota, hardly fits, or cannot be counted."""
    return ()
