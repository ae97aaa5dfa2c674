"""Whether the clusters that a pipeline runs on may read the data that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from checks.access_grants import Holdings
from checks.access_needs import READ_BLOBS, ROWS, row
from checks.access_scopes import words
from checks.estate import Estate, Holder, container_of, estate
from checks.findings import Finding
from checks.permissions import RoleDefinition, allows
from checks.plan import Resource
from checks.reachability_model import JobNeeds

_SOURCE = "https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication"
_ROLE = "Storage Blob Data Reader"


def findings(
    resources: Iterable[Resource],
    jobs: Iterable[JobNeeds],
    *,
    people: Mapping[str, str],
    roles: Mapping[str, RoleDefinition] | None = None,
) -> tuple[Finding, ...]:
    """Datastores that a pipeline names and its clusters may not read, where the workspace has both.

    Args:
        resources: of all stacks that are looked at together.
        jobs: as their files say.
        people: names of groups by object id.
        roles: built-in roles by GUID; those of the catalogue unless given.
    """
    found = estate(resources)
    holdings = Holdings(found.resources, people, roles)
    clusters = [one for one in found.holders() if one.kind == "cluster"]
    wanted = tuple(jobs)
    told: list[Finding] = []
    for holder in clusters:
        for store, container in _stores(holder, found):
            for job in wanted:
                if _cluster(holder) in job.computes and store in job.datastores:
                    told += _unread(holder, holdings, job, (store, container))
    return tuple(dict.fromkeys(told))


def _stores(holder: Holder, found: Estate) -> Iterator[tuple[str, str]]:
    for store in holder.workplace.datastores if holder.workplace else ():
        container = container_of(store, found)
        if container:
            yield store.id.rpartition("/")[2], container


def _cluster(holder: Holder) -> str:
    return str(holder.resource.inputs.get("computeName") or holder.resource.id.rpartition("/")[2])


def _unread(holder: Holder, holdings: Holdings, job: JobNeeds, where: tuple[str, str]) -> Iterator[Finding]:
    store, container = where
    given = holdings.on(container, holder.identity)
    if any(one.role is None or allows(one.role, READ_BLOBS, data=True) for one in given):
        return
    purpose = str(holder.resource.inputs.get("tags", {}).get("purpose") or "training")
    yield Finding(
        severity="warn",
        rule="access-data-missing",
        stack=holder.resource.stack,
        resource=holder.resource.urn,
        what=f"{job.name} reads datastore {store}, and {_cluster(holder)}, which it runs on, may not read "
        f"{words(container)}",
        why=f"the job of {job.file} fails when its node mounts the data",
        fix=f"a row in {ROWS}: {row(purpose, _ROLE, f'lake-{store}')}",
        source=_SOURCE,
    )
