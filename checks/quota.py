"""Cores at the worst case, by subscription, location and family of VM sizes, against the quota.

The rule is the local Azure's: a cluster counts with its largest number of nodes, a compute instance with
one, and what is of low priority is counted together, whatever its family. What is in use only while
something is rolled out counts too: the extra nodes that an upgrade of a pool starts, and the reserve that
Azure ML keeps for online deployments. Pools of Kubernetes clusters are virtual machines, whose quota is not
that of Azure ML: their families are told apart by `vm/`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from checks.catalogue.vm_sizes import LOW_PRIORITY, VmSize, family_key, vm_sizes
from checks.findings import Finding, Severity
from checks.plan import Resource
from checks.quota_machines import VM, ExpectedDeployment, Machines, of_expected, of_resource

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
    terms: tuple[str, ...] = ()
    """The sum's terms, in words: `cpu of dev: 4 nodes x 4 cores = 16`."""


@dataclass
class _Demand:
    cores: int = 0
    name: str = ""
    users: list[str] = field(default_factory=list)
    stacks: set[str] = field(default_factory=set)
    terms: list[str] = field(default_factory=list)


def quota_use(
    before: Iterable[Resource],
    after: Iterable[Resource],
    limits: Mapping[Place, int],
    expected: Iterable[ExpectedDeployment] = (),
) -> tuple[QuotaUse, ...]:
    """Cores at the worst case before and after.

    Args:
        before: resources of all stacks that are looked at together: they may share a subscription.
        after: the same, with the change.
        limits: cores by subscription, location and family (lower case, no blanks).
        expected: deployments that the outer loop makes, by the settings; they count on both sides.
    """
    limit_of = {_place(*place): limit for place, limit in limits.items()}
    coming = tuple(expected)
    old, new = _demands(before, coming), _demands(after, coming)
    return tuple(
        QuotaUse(
            subscription=place[0],
            location=place[1],
            family=(new.get(place) or old[place]).name,
            before=old[place].cores if place in old else None,
            after=new[place].cores if place in new else 0,
            limit=limit_of.get(place),
            resources=tuple(sorted((new.get(place) or old[place]).users)),
            stacks=tuple(sorted((new.get(place) or old[place]).stacks)),
            terms=tuple(sorted((new.get(place) or old[place]).terms, key=_by_stack)),
        )
        for place in sorted({*old, *new})
    )


def _by_stack(term: str) -> tuple[str, str]:
    """Where a term of a sum stands: the stacks in their order, whatever was declared first."""
    name, _, rest = term.partition(" of ")
    return rest.partition(":")[0], name


def _place(subscription: str, location: str, family: str) -> Place:
    prefix = VM if family.startswith(VM) else ""
    key = family_key(family.removeprefix(VM))
    key = family_key(LOW_PRIORITY) if key in _LOW else key
    return subscription.lower(), location.replace(" ", "").lower(), prefix + key


def _demands(resources: Iterable[Resource], expected: Iterable[ExpectedDeployment]) -> dict[Place, _Demand]:
    found: dict[Place, _Demand] = defaultdict(_Demand)
    every = tuple(resources)
    locations = {one.id.lower(): str(one.inputs.get("location") or "") for one in every if one.id}
    for resource in every:
        # A pool is where its cluster is, and says nothing of it.
        above = resource.id.lower().partition("/agentpools/")[0]
        location = str(resource.inputs.get("location") or locations.get(above, ""))
        for machines in of_resource(resource):
            _count(found, machines, (_subscription(resource), location), resource.urn, resource.stack)
    for one in expected:
        _count(found, of_expected(one), (one.subscription, one.location), "", one.stack)
    return dict(found)


def _count(
    found: dict[Place, _Demand], machines: Machines, where: tuple[str, str], urn: str, stack: str
) -> None:
    size = size_named(machines.size)
    if size is None:
        return
    name = machines.prefix + (LOW_PRIORITY if machines.low else size.family)
    demand = found[_place(*where, name)]
    most = machines.most(size)
    demand.cores += size.vcpus * most
    demand.name = name
    demand.stacks.add(stack)
    demand.terms.append(f"{machines.name} of {stack}: {machines.shown(size)} = {size.vcpus * most:,}")
    if urn and urn not in demand.users:
        demand.users.append(urn)


def size_named(name: str) -> VmSize | None:
    """A size of the catalogue, compared without case as Azure does."""
    return vm_sizes().get(name) or next(
        (size for size in vm_sizes().values() if size.name.lower() == name.lower()), None
    )


def _subscription(resource: Resource) -> str:
    parts = resource.id.split("/")
    return parts[2] if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""  # noqa: PLR2004


def findings(uses: Iterable[QuotaUse], resources: Iterable[Resource] = ()) -> tuple[Finding, ...]:
    """What does not fit into its quota, hardly fits, or cannot be counted.

    Args:
        uses: as `quota_use` returns them.
        resources: of all stacks, with the change: sizes that nobody knows are told.
    """
    by_urn = {resource.urn: resource for resource in resources}
    found = [finding for use in uses for finding in _fitting(use)]
    return (*found, *(finding for resource in by_urn.values() for finding in _uncounted(resource)))


def _fitting(use: QuotaUse) -> Iterator[Finding]:
    grows = use.before is None or use.after > use.before
    who = " and ".join(use.stacks) or f"{len(use.resources)} computes"
    cores = f"{who} may use {use.after:,} cores of {use.family} in {use.location} at the largest"
    if use.after:
        cores += f" ({'; '.join(use.terms)})"
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
        urn = next((urn for urn in use.resources if f":{stack}::" in urn), "")
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
    for machines in of_resource(resource):
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
