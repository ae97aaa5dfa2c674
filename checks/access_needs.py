"""Whether identities have what the things that run as them need, and not more.

Needs and what is enough are rows of a table; who runs as which identity, and on what, is read from the plan.
So it holds before any principal's id is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from checks import access_ci, access_excess
from checks.access_grants import Given, Holdings
from checks.access_principals import IDENTITY
from checks.access_scopes import arm_kinds, words
from checks.catalogue.access_needs import Need, needs
from checks.estate import (
    REGISTRY,
    Estate,
    Holder,
    Workplace,
    attached,
    container_of,
    estate,
    key,
)
from checks.findings import Finding, Severity
from checks.permissions import RoleDefinition, allows
from checks.plan import UNKNOWN, Resource

ROWS = "infra/rights/table.py"
READ_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
_DATASTORES = (
    "https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication"
)
_LEAST = "https://learn.microsoft.com/azure/role-based-access-control/best-practices"


@dataclass(frozen=True, kw_only=True)
class _Target:
    """Something that a holder acts on."""

    kind: str
    id: str
    taken: bool


def findings(
    resources: Iterable[Resource],
    *,
    people: Mapping[str, str] | None = None,
    roles: Mapping[str, RoleDefinition] | None = None,
) -> tuple[Finding, ...]:
    """Rights that are missing for what is declared, and rights beyond what it needs.

    Args:
        resources: of all stacks that are looked at together.
        people: names of groups by object id.
        roles: built-in roles by GUID; those of the catalogue unless given.
    """
    found = estate(resources)
    holdings = Holdings(found.resources, people or {}, roles)
    holders = tuple(found.holders())
    return tuple(
        dict.fromkeys(
            (
                *_missing(found, holdings, holders),
                *_unread(found, holdings, holders),
                *access_excess.findings(found, holdings, holders),
                *access_ci.findings(found, holdings),
            )
        )
    )


def _missing(estate_: Estate, holdings: Holdings, holders: Iterable[Holder]) -> Iterator[Finding]:
    told = set()
    for holder in holders:
        identity = estate_.by_id.get(holder.identity)
        own = holder.identity == key(holder.resource.id)
        managed = holder.workplace is not None and holder.workplace.isolation != "Disabled"
        for need in (row for row in needs() if row.who == holder.kind and (managed or not row.managed)):
            for target in _targets(holder, need.on, estate_):
                if need.only and need.only != "/".join(arm_kinds(target.id)):
                    continue
                mark = (holder.identity, need.action, target.id, holder.kind)
                if mark in told or _gives(holdings.on(target.id, holder.identity), need):
                    continue
                told.add(mark)
                doubt = ""
                if target.taken or (identity is None and not own) or _is_taken(identity):
                    doubt = "identity or target are taken, so their owner may have given it elsewhere"
                elif _gives(holdings.perhaps_on(target.id, holder.identity), need):
                    doubt = "an assignment may, of which only the cloud can say to whom or on what"
                yield _lack(holder, identity, need, target, doubt)


def _gives(assignments: Iterable[Given], need: Need) -> bool:
    # A role that nobody knows may give it: that it is unknown is told for itself.
    return any(
        given.standing and (given.role is None or allows(given.role, need.action, data=need.data))
        for given in assignments
    )


def _lack(holder: Holder, identity: Resource | None, need: Need, target: _Target, doubt: str) -> Finding:
    who = _named(identity, holder.identity)
    does = {"workspace": "is the workspace", "kubelet": "runs the nodes"}.get(
        holder.kind, f"runs {holder.resource.id.rpartition('/')[2] or holder.resource.name}"
    )
    severity: Severity = "note" if doubt else need.severity
    what = f"{who} {does} and may not {need.what}: nothing declared gives it that on {words(target.id)}"
    if doubt:
        what += f"; {doubt}"
    return Finding(
        severity=severity,
        rule="access-missing",
        stack=holder.resource.stack,
        resource=holder.resource.urn,
        what=what,
        why=f"without it {_broken(holder.kind)}",
        fix=f"give {need.role} on {words(target.id)}: a row in {ROWS}, "
        f"such as {row(who.partition(' (')[0], need.role, target.kind)}",
        source=need.source,
    )


def row(who: str, role: str, on: str) -> str:
    """The row of the table of grants that would give a role."""
    return f'row("{who}", Role("{role}"), "{on}", "say what needs it")'


def _broken(kind: str) -> str:
    return {
        "workspace": "the workspace does not come up, or fails at the first job",
        "cluster": "its jobs fail when they start, after they waited for a node",
        "build": "no image is built, and every job waits for one",
        "instance": "it starts and can run nothing",
        "endpoint": "its deployments fail, and an endpoint cannot be given another identity",
        "kubelet": "pods stay at ImagePullBackOff",
    }[kind]


def _unread(estate_: Estate, holdings: Holdings, holders: Iterable[Holder]) -> Iterator[Finding]:
    """Datastores that no cluster of their workspace may read."""
    found = tuple(holders)
    for place in estate_.workplaces:
        mine = {one.identity for one in found if one.workplace is place and one.kind == "cluster"}
        for store in place.datastores:
            container = container_of(store, estate_)
            if not mine or not container:
                continue
            readers = (
                given
                for identity in mine
                for given in holdings.on(container, identity)
                if given.role is not None and allows(given.role, READ_BLOBS, data=True)
            )
            if not any(readers):
                yield Finding(
                    severity="note",
                    rule="access-datastore-unread",
                    stack=store.stack,
                    resource=store.urn,
                    what=f"no cluster may read datastore {store.id.rpartition('/')[2] or store.name}",
                    why="a job that names it fails when its node mounts it",
                    fix="where jobs read it, give Storage Blob Data Reader on its container: a row in "
                    f"{ROWS}; where only the service or people do, nothing",
                    source=_DATASTORES,
                )


def _targets(holder: Holder, on: str, estate_: Estate) -> Iterator[_Target]:
    place = holder.workplace
    if place is None:  # a cluster of Kubernetes pulls from the registries of its own stack's workspaces
        for other in estate_.workplaces:
            if other.resource.stack == holder.resource.stack and on in other.parts:
                yield _target(on, other.parts[on], estate_)
    elif on == "workspace":
        yield _target(on, place.id, estate_)
    elif on in place.parts:
        yield _target(on, place.parts[on], estate_)
    elif on == "attached":
        for named in attached(place):
            yield _target("cluster", named, estate_)
    elif on == "registry":
        ruled = [one for one in _ruled(place) if _kind_of(one) == "registry"]
        for named in ruled or [one.id for one in estate_.of(REGISTRY) if one.id]:
            yield _target("registry", key(named), estate_)
    elif on == "private targets" and place.isolation != "Disabled":
        for named in _ruled(place):
            yield _target(_kind_of(named), key(named), estate_)


def _ruled(place: Workplace) -> Iterator[str]:
    """ARM ids that the rules of a managed network have private endpoints to."""
    for rule in place.rules:
        destination = (rule.inputs.get("properties") or {}).get("destination")
        named = destination.get("serviceResourceId") if isinstance(destination, Mapping) else None
        if isinstance(named, str) and named != UNKNOWN:
            yield named


def _target(kind: str, arm_id: str, estate_: Estate) -> _Target:
    return _Target(kind=kind, id=arm_id, taken=_is_taken(estate_.by_id.get(arm_id)))


def _kind_of(arm_id: str) -> str:
    kinds = "/".join(arm_kinds(arm_id))
    return "registry" if kinds.startswith("microsoft.machinelearningservices/registries") else "group"


def _is_taken(resource: Resource | None) -> bool:
    return resource is not None and resource.taken


def _named(identity: Resource | None, arm_id: str) -> str:
    physical = arm_id.rpartition("/")[2]
    if identity is None or identity.type != IDENTITY:
        return f"the identity of {physical}"
    component = identity.parent.rpartition("::")[2]
    purpose = identity.name.removeprefix(f"{component}-" if component else "")
    return f"{purpose} ({physical})" if purpose != physical else physical


__all__ = ["findings", "row"]
