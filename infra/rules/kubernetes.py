"""Rules between the Kubernetes cluster and the rest of an environment's settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network

from checks.catalogue.vm_sizes import LOW_PRIORITY, family_key, vm_sizes
from infra.sections.kubernetes import Kubernetes
from infra.sections.pools import SCOPED, Pool
from infra.sections.taken import TakenNetwork
from infra.settings import EnvironmentSettings
from infra.stackfile.refusals import Problem, remove_command, set_command

KEY = "twinloop:kubernetes"
VM = "vm/"  # families of virtual machines: their quota is not that of Azure ML's clusters


def kubernetes_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """The cluster fits into its environment; nothing to say where there is none."""
    if settings.kubernetes is None:
        return
    for rule in (_reach_rules, _guard_rules, _network_rules, _name_rules, _taint_rules):
        yield from rule(settings, settings.kubernetes, stack)


def kubernetes_quota_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """All pools at their largest, and the extra nodes of an upgrade, fit into the quota for machines."""
    if settings.kubernetes is None:
        return
    here = settings.azure.location
    limits = {family_key(one.family): one.limit for one in settings.quotas if (one.location or here) == here}
    pools = settings.kubernetes.pools
    for family, cores in pool_cores(pools).items():
        limit = limits.get(family_key(family), 0)
        if cores <= limit:
            continue
        users = [(index, pool) for index, pool in enumerate(pools) if family in pool_cores((pool,))]
        index, largest = max(users, key=lambda user: user[1].max_nodes)
        fitting = largest.max_nodes - -(-(cores - limit) // vm_sizes()[largest.vm_size].vcpus)
        key = f"{KEY}.pools[{index}].maxNodes"
        yield Problem(
            key=key,
            given=f"{', '.join(repr(pool.name) for _, pool in users)} may use {cores} cores of {family} at "
            "their largest, with the extra nodes of an upgrade",
            allowed=f"{limit} cores in {here} (twinloop:quotas); machines have another quota than the "
            "clusters of Azure ML",
            next_step=set_command(key, fitting, stack)
            if fitting >= max(largest.min_nodes, 1)
            else f"ask Azure for {cores} cores of {family.removeprefix(VM)} for virtual machines, then add "
            f"{{ family: {family}, limit: {cores} }} under twinloop:quotas",
        )


def pool_cores(pools: tuple[Pool, ...]) -> dict[str, int]:
    """Cores in use when every pool is at its largest and one upgrade runs in each; by quota family."""
    cores: Counter[str] = Counter()
    for pool in pools:
        size = vm_sizes()[pool.vm_size]
        extra = 0 if pool.spot else pool.surge
        cores[VM + (LOW_PRIORITY if pool.spot else size.family)] += size.vcpus * (pool.max_nodes + extra)
    return dict(cores)


def _reach_rules(settings: EnvironmentSettings, kubernetes: Kubernetes, stack: str) -> Iterator[Problem]:
    if settings.network.public_access == "Enabled":
        return
    if kubernetes.api.access == "public":
        yield Problem(
            key=f"{KEY}.api.access",
            given="'public' with twinloop:network.publicAccess Disabled",
            allowed="private: the API server is the door to everything in the cluster",
            next_step=set_command(f"{KEY}.api.access", "private", stack),
        )
    if kubernetes.extension.insecure:
        yield Problem(
            key=f"{KEY}.extension.insecure",
            given="true with twinloop:network.publicAccess Disabled",
            allowed="false, with tls: plain http is for development",
            next_step=set_command(f"{KEY}.extension.insecure", "false", stack),
        )
    if kubernetes.extension.router == "LoadBalancer" and not kubernetes.extension.internal:
        yield Problem(
            key=f"{KEY}.extension.internal",
            given="false with twinloop:network.publicAccess Disabled",
            allowed="true: a load balancer with a public address opens the endpoints to the internet",
            next_step=set_command(f"{KEY}.extension.internal", "true", stack),
        )


def _guard_rules(settings: EnvironmentSettings, kubernetes: Kubernetes, stack: str) -> Iterator[Problem]:
    if not settings.protect:
        return
    if kubernetes.tier != "Standard":
        yield Problem(
            key=f"{KEY}.tier",
            given=f"'{kubernetes.tier}' with twinloop:protect true",
            allowed="Standard: the Free tier promises nothing about the API server",
            next_step=set_command(f"{KEY}.tier", "Standard", stack),
        )
    if kubernetes.local_accounts:
        yield Problem(
            key=f"{KEY}.localAccounts",
            given="true with twinloop:protect true",
            allowed="false: a local account is a certificate that no role or group of Entra ends",
            next_step=remove_command(f"{KEY}.localAccounts", stack),
        )


def _network_rules(settings: EnvironmentSettings, kubernetes: Kubernetes, stack: str) -> Iterator[Problem]:
    network = settings.network
    if isinstance(network, TakenNetwork):
        if network.subnets.kubernetes is None:
            yield Problem(
                key="twinloop:network.subnets.kubernetes",
                given="is missing, and twinloop:kubernetes needs it",
                allowed="the ARM id of the subnet for the nodes, in the network that is taken",
                next_step=set_command(
                    "twinloop:network.subnets.kubernetes", f"{network.existing}/subnets/kubernetes", stack
                ),
            )
        return
    space = IPv4Network(network.address_space)
    for word, inside in (("pods", kubernetes.spaces.pods), ("services", kubernetes.spaces.services)):
        if IPv4Network(inside).overlaps(space):
            yield Problem(
                key=f"{KEY}.spaces.{word}",
                given=f"{inside} overlaps {space} of twinloop:network.addressSpace",
                allowed="addresses that the network does not have: pods would never reach them",
                next_step=set_command(f"{KEY}.spaces.{word}", "192.168.0.0/16", stack),
            )
    ways_out = network.nat.subnets if network.nat is not None else ()
    if kubernetes.egress == "natGateway" and "kubernetes" not in ways_out:
        yield Problem(
            key=f"{KEY}.egress",
            given="'natGateway', and twinloop:network.nat does not serve the subnet kubernetes",
            allowed="natGateway with kubernetes under twinloop:network.nat.subnets; loadBalancer; routes",
            next_step=set_command(f"{KEY}.egress", "loadBalancer", stack),
        )


def _name_rules(settings: EnvironmentSettings, kubernetes: Kubernetes, stack: str) -> Iterator[Problem]:
    taken = {cluster.name for cluster in settings.clusters}
    attached = [(KEY, kubernetes.attach.name)]
    if settings.arc is not None:
        attached.append(("twinloop:arc", settings.arc.attach.name))
    for key, name in attached:
        if name in taken:
            yield Problem(
                key=f"{key}.attach.name",
                given=f"'{name}' is the name of another compute of the workspace",
                allowed="a name of its own: jobs choose their compute by it",
                next_step=set_command(f"{key}.attach.name", "kubernetes", stack),
            )
        taken.add(name)


def _taint_rules(settings: EnvironmentSettings, kubernetes: Kubernetes, stack: str) -> Iterator[Problem]:
    """Taints that let in the jobs of one group, workspace or compute name ours."""
    names = (settings.names.resource_group, settings.names.workspace, kubernetes.attach.name)
    ours = dict(zip(SCOPED, names, strict=True))
    for index, pool in enumerate(kubernetes.pools):
        for place, text in enumerate(pool.taints):
            key, _, rest = text.partition("=")
            value = rest.partition(":")[0]
            if key in ours and value != ours[key]:
                at = f"{KEY}.pools[{index}].taints[{place}]"
                yield Problem(
                    key=at,
                    given=f"'{text}' on '{pool.name}'",
                    allowed=f"{key}={ours[key]}: the jobs of this environment tolerate no other value",
                    next_step=set_command(at, text.replace(f"={value}:", f"={ours[key]}:"), stack),
                )
