"""Cores at the worst case, by subscription, location and family of VM sizes, against the quota.

The rule is the local Azure's: a cluster counts with its largest number of nodes, a compute instance with
one, and what is of low priority is counted together, whatever its family. Pools of Kubernetes clusters are
virtual machines, whose quota is not that of Azure ML: their families are told apart by `vm/`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.catalogue.vm_sizes import LOW_PRIORITY, VmSize, family_key, vm_sizes
from checks.findings import Finding, Severity
from checks.plan import Resource

COMPUTE = "azure-native:machinelearningservices:Compute"
KUBERNETES = "azure-native:containerservice:ManagedCluster"
POOL = "azure-native:containerservice:AgentPool"
VM = "vm/"
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
    prefix = VM if family.startswith(VM) else ""
    key = family_key(family.removeprefix(VM))
    key = family_key(LOW_PRIORITY) if key in _LOW else key
    return subscription.lower(), location.replace(" ", "").lower(), prefix + key


def _demands(resources: Iterable[Resource]) -> dict[Place, _Demand]:
    found: dict[Place, _Demand] = defaultdict(_Demand)
    for resource in resources:
        for machines in _machines(resource):
            size = size_named(machines.size)
            if size is None:
                continue
            name = machines.prefix + (LOW_PRIORITY if machines.low else size.family)
            location = str(resource.inputs.get("location") or "")
            demand = found[_place(_subscription(resource), location, name)]
            demand.cores += size.vcpus * machines.most
            demand.name = name
            if resource not in demand.users:
                demand.users.append(resource)
    return dict(found)


def size_named(name: str) -> VmSize | None:
    """A size of the catalogue, compared without case as Azure does."""
    return vm_sizes().get(name) or next(
        (size for size in vm_sizes().values() if size.name.lower() == name.lower()), None
    )


@dataclass(frozen=True, kw_only=True)
class _Machines:
    """Machines of one size that a resource may start."""

    size: str
    most: int
    low: bool = False
    prefix: str = ""


def _machines(resource: Resource) -> Iterator[_Machines]:
    if resource.taken:
        return
    if resource.type == COMPUTE:
        properties: Mapping[str, Any] = resource.inputs.get("properties") or {}
        inner: Mapping[str, Any] = properties.get("properties") or {}
        size = str(inner.get("vmSize") or "")
        if properties.get("computeType") == "AmlCompute":
            most = (inner.get("scaleSettings") or {}).get("maxNodeCount", 0)
            low = str(inner.get("vmPriority", "")).lower() == "lowpriority"
            yield _Machines(size=size, most=_number(most), low=low)
        elif properties.get("computeType") == "ComputeInstance":
            yield _Machines(size=size, most=1)
    elif resource.type == POOL:
        yield _pool(resource.inputs)
    elif resource.type == KUBERNETES:
        yield from map(_pool, resource.inputs.get("agentPoolProfiles") or ())


def _pool(pool: Mapping[str, Any]) -> _Machines:
    most = pool.get("maxCount") if pool.get("enableAutoScaling") else pool.get("count")
    low = str(pool.get("scaleSetPriority", "")).lower() == "spot"
    return _Machines(size=str(pool.get("vmSize") or ""), most=_number(most), low=low, prefix=VM)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _subscription(resource: Resource) -> str:
    parts = resource.id.split("/")
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""  # noqa: PLR2004


def findings(uses: Iterable[QuotaUse], resources: Iterable[Resource] = ()) -> tuple[Finding, ...]:
    """What does not fit into its quota, hardly fits, or cannot be counted.

    Args:
        uses: as `quota_use` returns them.
        resources: of all stacks, with the change: their names are told, and sizes that nobody knows.
    """
    by_urn = {resource.urn: resource for resource in resources}
    found = [finding for use in uses for finding in _fitting(use, by_urn)]
    return (*found, *(finding for resource in by_urn.values() for finding in _uncounted(resource)))


def _fitting(use: QuotaUse, by_urn: Mapping[str, Resource]) -> Iterator[Finding]:
    grows = use.before is None or use.after > use.before
    users = [by_urn[urn] for urn in use.resources if urn in by_urn]
    names = ", ".join(_name(user) for user in users) or f"{len(use.resources)} computes"
    cores = f"{names} may use {use.after:,} cores of {use.family} in {use.location} at their largest"
    if use.limit is None:
        if use.after and grows:
            yield from _each(
                use,
                "note",
                "quota-unknown",
                f"{cores}; no limit is given",
                "nobody knows whether Azure would give them",
                f"write the limit under twinloop:quotas, e.g. {{ family: {use.family}, limit: {use.after} }}",
            )
    elif use.after > use.limit:
        yield from _each(
            use,
            "refuse" if grows else "warn",
            "quota-exceeded",
            f"{cores}; the limit is {use.limit:,}",
            "Azure refuses the cluster, or a job waits for nodes that never come",
            f"lower maxNodes so that all together stay within {use.limit:,} cores, or ask Azure for "
            f"{use.after:,} and enter them under twinloop:quotas",
        )
    elif use.after and use.after >= NEAR * use.limit and use.after != use.before:
        yield from _each(
            use,
            "note",
            "quota-nearly-used",
            f"{cores}, which is {use.after / use.limit:.0%} of the limit of {use.limit:,}",
            "the next cluster or a second endpoint beside the first finds no room",
            "ask Azure for more before it is needed: it takes days",
        )


def _each(  # noqa: PLR0917 - the columns of a finding
    use: QuotaUse, severity: Severity, rule: str, what: str, why: str, fix: str
) -> Iterator[Finding]:
    """The finding for each stack that uses the family: they share what is left."""
    for stack in use.stacks:
        urn = next((urn for urn in use.resources if f":{stack}::" in urn), use.resources[0])
        yield Finding(
            severity=severity,
            rule=rule,
            stack=stack,
            resource=urn,
            what=what,
            why=why,
            fix=fix,
            source=SOURCE,
        )


def _uncounted(resource: Resource) -> Iterator[Finding]:
    for machines in _machines(resource):
        if size_named(machines.size) is None:
            given = f"size '{machines.size}', which is none" if machines.size else "none"
            yield Finding(
                severity="warn",
                rule="quota-unknown-size",
                stack=resource.stack,
                resource=resource.urn,
                what=f"{_name(resource)} has {given} of the catalogue's sizes: its cores are not counted",
                why="what is not counted may not fit",
                fix="add the size with its cores, family and source to checks/catalogue/vm_sizes.csv",
                source="checks/catalogue/vm_sizes.csv",
            )


def _name(resource: Resource) -> str:
    return f"{resource.id.rpartition('/')[2] or resource.name} of {resource.stack}"
