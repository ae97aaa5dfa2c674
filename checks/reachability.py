"""Whether what is declared reaches what it needs: images, packages, stores, registry, vault, monitoring.

Each need of each client is followed through isolation mode, outbound rules, private endpoints, zones and
public doors. What the plan does not know (something taken, another company's network) is said to be unknown,
and is no finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from checks import reachability_endpoints, reachability_managed, reachability_network
from checks.access_scopes import words
from checks.catalogue.reach import Need, Service, indexes, needs, services
from checks.estate import (
    BATCH_ENDPOINT,
    KUBERNETES,
    ONLINE_ENDPOINT,
    REGISTRY,
    Estate,
    Workplace,
    container_of,
    estate,
)
from checks.exposure import ANYWHERE, let_in
from checks.findings import Finding
from checks.plan import Resource
from checks.reachability_managed import account_of
from checks.reachability_model import JobNeeds, Path, Way, WayIn

_JOBS = "https://learn.microsoft.com/azure/machine-learning/how-to-managed-network"
_ENTRY = "https://learn.microsoft.com/azure/machine-learning/how-to-secure-workspace-vnet"


def paths(
    resources: Iterable[Resource], *, jobs: Iterable[JobNeeds] = (), ways_in: Iterable[WayIn] = ()
) -> tuple[Path, ...]:
    """Every need of every client, followed.

    Args:
        resources: of all stacks that are looked at together.
        jobs: what pipelines need beyond what every job needs.
        ways_in: how CI and people get in, by the settings.
    """
    found = estate(resources)
    wanted, ways = tuple(jobs), tuple(ways_in)
    return tuple(
        path
        for place in found.workplaces
        for path in (
            *_of_jobs(place, found, wanted),
            *_of_pods(place, found),
            *_of_people(place, found, [one for one in ways if one.stack == place.resource.stack]),
        )
    )


def findings(
    resources: Iterable[Resource], *, jobs: Iterable[JobNeeds] = (), ways_in: Iterable[WayIn] = ()
) -> tuple[Finding, ...]:
    """Blocked paths, zones that lack, paid firewalls, and public doors of closed environments.

    Args:
        resources: as of `paths`.
        jobs: as of `paths`.
        ways_in: as of `paths`.
    """
    found = tuple(resources)
    blocked = (
        Finding(
            severity=path.severity,
            rule="path-blocked",
            stack=path.stack,
            resource=path.resource,
            what=f"{path.client} cannot reach {path.to}: {path.way.words}",
            why=path.why,
            fix=path.way.fix,
            copied=path.way.copied,
            source=path.source,
        )
        for path in paths(found, jobs=jobs, ways_in=ways_in)
        if path.way.verdict == "blocked"
    )
    return tuple(dict.fromkeys((*blocked, *reachability_endpoints.findings(estate(found)))))


def _of_jobs(place: Workplace, found: Estate, jobs: tuple[JobNeeds, ...]) -> Iterator[Path]:
    stack = place.resource.stack
    here = [one for one in jobs if _runs_in(one, place)]
    kinds = {"jobs"}
    if any(one.type == BATCH_ENDPOINT for one in place.endpoints) or any(one.parallel for one in here):
        kinds.add("batches")
    client = f"computes of {stack}"
    if any(one.type == ONLINE_ENDPOINT for one in place.endpoints):
        client += " (jobs and deployments)"
    for need in needs():
        if need.who in kinds:
            for target in _targets(place, need, found):
                way = reachability_managed.to_resource(place, account_of(target, found), need.group, found)
                yield _path(place, client, need, target, way)
    for service in services():
        yield Path(
            stack=stack,
            client=client,
            to=service.name,
            why="computes start, log in and are watched by it",
            way=reachability_managed.to_service(place, service),
            severity="refuse",
            resource=place.resource.urn,
            source=service.source,
        )
    for job in here:
        for name in job.indexes:
            yield Path(
                stack=stack,
                client=f"the image build of {job.name}",
                to=name,
                why=f"{job.file} has an environment that is built from packages",
                way=reachability_managed.to_index(place, indexes()[name]),
                severity="warn",
                resource=place.resource.urn,
                source=indexes()[name].source,
            )


def _runs_in(job: JobNeeds, place: Workplace) -> bool:
    names = {str(one.inputs.get("computeName") or "") for one in place.computes}
    return not job.computes or bool(names & set(job.computes))


def _targets(place: Workplace, need: Need, found: Estate) -> Iterator[str]:
    if need.on == "workspace":
        yield place.id
    elif need.on in place.parts:
        yield place.parts[need.on]
    elif need.on == "datastores":
        accounts = (account_of(container_of(store, found), found) for store in place.datastores)
        yield from dict.fromkeys(one for one in accounts if one)
    elif need.on == "registry":
        yield from (one.id.lower() for one in found.of(REGISTRY) if one.id)


def _path(place: Workplace, client: str, need: Need, target: str, way: Way) -> Path:
    return Path(
        stack=place.resource.stack,
        client=client,
        to=f"{words(target)} ({need.group})",
        why=need.why,
        way=way,
        severity="warn" if way.doubtful and need.severity == "refuse" else need.severity,
        resource=place.resource.urn,
        source=need.source,
    )


def _of_pods(place: Workplace, found: Estate) -> Iterator[Path]:
    for cluster in found.of(KUBERNETES):
        if cluster.stack != place.resource.stack or cluster.taken:
            continue
        for network in sorted(reachability_network.networks_of(cluster)):
            out = reachability_network.gets_out(network, found)
            client = f"pods of {cluster.id.rpartition('/')[2] or cluster.name}"
            yield from (_service(cluster, client, service, out=out) for service in services())
            for need in (one for one in needs() if one.who == "pods"):
                for target in _targets(place, need, found):
                    way = reachability_network.to_resource(network, target, need.group, found, egress=out)
                    yield replace(_path(place, client, need, target, way), resource=cluster.urn)


def _service(cluster: Resource, client: str, service: Service, *, out: bool) -> Path:
    """The way of a cluster's nodes to a public service: by whatever leads out of their network."""
    kind = (cluster.inputs.get("networkProfile") or {}).get("outboundType") or ""
    if out:
        way = Way(verdict="open", words="over the way out of its network")
    elif str(kind).lower() == "userdefinedrouting":
        way = Way(verdict="unknown", words="by routes that are not declared here: their owner knows")
    else:
        fix = "give its subnet a way out: nat under twinloop:network, with kubernetes among its subnets"
        way = Way(verdict="blocked", words="its network has no way out", fix=fix)
    return Path(
        stack=cluster.stack,
        client=client,
        to=service.name,
        why="nodes pull system images, log in and report by it",
        way=way,
        severity="refuse",
        resource=cluster.urn,
        source=service.source,
    )


def _of_people(place: Workplace, found: Estate, ways_in: list[WayIn]) -> Iterator[Path]:
    """CI and people: from the networks that are let in, or by an entry where the public is kept out."""
    wanted = [one for one in needs() if one.who == "people"]
    if not place.closed:
        for need in wanted:
            for target in _targets(place, need, found):
                resource = found.by_id.get(target)
                networks = None if resource is None or resource.taken else let_in(resource)
                yield _path(place, f"people and CI of {place.resource.stack}", need, target, _front(networks))
        return
    if not ways_in:
        yield Path(
            stack=place.resource.stack,
            client=f"people and CI of {place.resource.stack}",
            to=words(place.id),
            why="whoever deploys or looks needs a way into the network",
            way=Way(
                verdict="blocked",
                words="it answers no public address, and no entry is declared",
                fix="add a runner pool, VPN or Bastion under entry of twinloop:network",
            ),
            severity="warn",
            resource=place.resource.urn,
            source=_ENTRY,
        )
    for one in ways_in:
        for need in wanted:
            for target in _targets(place, need, found):
                yield _path(
                    place, f"{one.kind} of {one.stack}", need, target, _entered(one, target, need, found)
                )


def _front(networks: tuple[str, ...] | None) -> Way:
    if networks is None:
        return Way(verdict="unknown", words="it is not declared here")
    if not networks:
        return Way(
            verdict="blocked",
            words="it answers no public address",
            fix="let allowedNetworks in (twinloop:network), or close the workspace too and declare an entry",
        )
    return Way(
        verdict="open", words="everybody" if networks == (ANYWHERE,) else f"from {', '.join(networks)}"
    )


def _entered(entry: WayIn, target: str, need: Need, found: Estate) -> Way:
    """The way of an entry's clients: from the network that holds their addresses."""
    mine = [
        one.id.lower()
        for one in found.of(reachability_network.NETWORK)
        if one.stack == entry.stack and one.id
    ]
    for network in mine:
        for part in entry.networks:
            home = reachability_network.home_of(part, network, found)
            if home:
                return reachability_network.to_resource(home, target, need.group, found, egress=False)
    return Way(
        verdict="unknown",
        words=f"{', '.join(entry.networks)} lies in no network that is declared here: its owner leads it",
    )
