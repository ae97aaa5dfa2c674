"""What settings must hold together: rules over several keys, and over several stacks; no cloud is asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.catalogue.resource_types import resource_types
from checks.catalogue.vm_sizes import LOW_PRIORITY, family_key, vm_sizes
from checks.quota_limits import largest
from infra.naming import RULES
from infra.networks.addresses import next_free, overlapping
from infra.rules.governance import encryption_rules, policy_rules
from infra.rules.images import images_across, images_rule_rules
from infra.rules.kubernetes import kubernetes_quota_rules, kubernetes_rules
from infra.rules.network import (
    entry_rules,
    networks_across,
    peering_rules,
    records_rules,
    way_out_rules,
)
from infra.rules.serving import dashboard_rules, endpoint_rules, event_rules, schedule_rules
from infra.rules.taken import (
    apart_rules,
    place_rules,
    purpose_rules,
    role_rules,
    same_names,
    taken_twice,
)
from infra.rules.workbench import (
    batch_identity_rules,
    connection_rules,
    instance_quota_rules,
    instance_rules,
    labelling_rules,
    serverless_rules,
)
from infra.rules.zones import link_rules, own_group_rules, zones_across
from infra.sections.core import Cluster
from infra.sections.gate import gate_rules
from infra.sections.taken import TakenImages, TakenNetwork
from infra.settings import EnvironmentSettings, Settings, SharedSettings
from infra.stackfile.refusals import Problem, remove_command, set_command
from infra.tagging import REQUIRED


@dataclass(frozen=True)
class CrossRule:
    """A rule with the top-level fields that it reads; it is skipped where one of them is itself refused."""

    needs: frozenset[str]
    check: Callable[[Any, str], Iterator[Problem]]


def cluster_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Each cluster makes sense in itself, and beside the others."""
    builds = [cluster for cluster in settings.clusters if cluster.purpose == "build"]
    if len(builds) != 1:
        yield Problem(
            key="twinloop:clusters",
            given=f"{len(builds)} clusters with purpose build",
            allowed="exactly one: the workspace builds its images there (imageBuildCompute)",
            next_step=set_command("twinloop:clusters[0].purpose", "build", stack),
        )
    for name, times in Counter(cluster.name for cluster in settings.clusters).items():
        if times > 1:
            yield Problem(
                key="twinloop:clusters",
                given=f"{times} clusters named '{name}'",
                allowed="each name once: pipelines refer to a cluster by it",
                next_step=f"rename one of them under twinloop:clusters in Pulumi.{stack}.yaml",
            )
    for index, cluster in enumerate(settings.clusters):
        yield from _cluster(cluster, f"twinloop:clusters[{index}]", stack)


def _cluster(cluster: Cluster, key: str, stack: str) -> Iterator[Problem]:
    if cluster.min_nodes > cluster.max_nodes:
        yield Problem(
            key=f"{key}.minNodes",
            given=f"'{cluster.name}' has minNodes {cluster.min_nodes} above maxNodes {cluster.max_nodes}",
            allowed=f"0 to {cluster.max_nodes}; 0 lets an idle cluster cost nothing",
            next_step=set_command(f"{key}.minNodes", 0, stack),
        )
    has_gpu = vm_sizes()[cluster.vm_size].gpus > 0
    if cluster.gpu != has_gpu:
        fitting = [size.name for size in vm_sizes().values() if (size.gpus > 0) == cluster.gpu]
        yield Problem(
            key=f"{key}.vmSize",
            given=f"'{cluster.name}' has gpu: {str(cluster.gpu).lower()}, and {cluster.vm_size} has "
            + ("no GPU" if cluster.gpu else "one that would be paid for and not used"),
            allowed=f"for example {', '.join(fitting[:4])}",
            next_step=set_command(f"{key}.vmSize", fitting[0], stack),
        )


def worst_case_cores(clusters: tuple[Cluster, ...]) -> dict[str, int]:
    """Cores in use when every cluster has all its nodes, by quota family; low priority has its own."""
    cores: Counter[str] = Counter()
    for cluster in clusters:
        size = vm_sizes()[cluster.vm_size]
        cores[LOW_PRIORITY if cluster.priority == "LowPriority" else size.family] += (
            size.vcpus * cluster.max_nodes
        )
    return dict(cores)


def quota_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Every cluster at its largest fits into the quota that the subscription has."""
    limits = _limits(settings)
    for family, cores in worst_case_cores(settings.clusters).items():
        limit = limits.get(family_key(family), 0)
        if cores > limit:
            users = [
                (index, cluster)
                for index, cluster in enumerate(settings.clusters)
                if family in worst_case_cores((cluster,))
            ]
            index, largest = max(users, key=lambda user: user[1].max_nodes)
            vcpus = vm_sizes()[largest.vm_size].vcpus
            fitting = max((limit - cores) // vcpus + largest.max_nodes, 0)
            key = f"twinloop:clusters[{index}].maxNodes"
            yield Problem(
                key=key,
                given=f"{', '.join(repr(user.name) for _, user in users)} may use {cores} cores of {family} "
                "at their largest",
                allowed=f"{limit} cores in {settings.azure.location} (twinloop:quotas)",
                next_step=set_command(key, fitting, stack)
                if fitting
                else f"ask Azure for {cores} cores of {family}, then enter them under twinloop:quotas",
            )


def quota_list_rules(settings: Settings, stack: str) -> Iterator[Problem]:
    """A quota is stated once."""
    places = Counter((family_key(q.family), q.location or settings.azure.location) for q in settings.quotas)
    for (family, location), times in places.items():
        if times > 1:
            yield Problem(
                key="twinloop:quotas",
                given=f"{times} limits for {family} in {location}",
                allowed="one: which of them would count?",
                next_step=f"remove one of them under twinloop:quotas in Pulumi.{stack}.yaml",
            )


def name_rules(settings: Settings, stack: str) -> Iterator[Problem]:
    """Azure accepts every name that the naming table would make."""
    names = settings.own_names
    for kind, rule in RULES.items():
        row = resource_types().get(rule.of)
        name = names.physical(kind)
        if row and row.name_pattern and not re.fullmatch(row.name_pattern, name):
            yield Problem(
                key="twinloop:environment",
                given=f"it makes the {kind.replace('_', ' ')} name '{name}'",
                allowed=row.name_rule,
                next_step=set_command("twinloop:environment", "dev", stack),
            )


def tag_rules(settings: Settings, stack: str) -> Iterator[Problem]:
    """The tags that every resource gets cannot be set by hand."""
    for name in settings.tags:
        if name.lower() in {required.lower() for required in REQUIRED}:
            key = f"twinloop:tags.{name}"
            yield Problem(
                key=key,
                given=f"'{name}' is one of the tags that the program sets itself",
                allowed=f"any other name than {', '.join(sorted(REQUIRED))}",
                next_step=remove_command(key, stack),
            )


def isolation_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """What is cut off from the internet needs the tiers that can be."""
    images = settings.images  # of a taken registry, only its owner knows the tier
    closed = settings.network.public_access == "Disabled"
    if closed and not isinstance(images, TakenImages) and images.sku != "Premium":
        yield Problem(
            key="twinloop:images.sku",
            given=f"'{images.sku}' with twinloop:network.publicAccess Disabled",
            allowed="Premium: no other tier of the image registry has private endpoints",
            next_step=set_command("twinloop:images.sku", "Premium", stack),
        )
    if closed and settings.managed_network.isolation_mode == "Disabled":
        yield Problem(
            key="twinloop:managedNetwork.isolationMode",
            given="'Disabled' with twinloop:network.publicAccess Disabled",
            allowed="AllowInternetOutbound or AllowOnlyApprovedOutbound: else jobs do not reach the stores",
            next_step=set_command("twinloop:managedNetwork.isolationMode", "AllowInternetOutbound", stack),
        )


def registry_rules(settings: SharedSettings, stack: str) -> Iterator[Problem]:
    """The registry is present where it is made."""
    if settings.azure.location not in settings.registry.regions:
        key = f"twinloop:registry.regions[{len(settings.registry.regions)}]"
        yield Problem(
            key="twinloop:registry.regions",
            given=f"{', '.join(settings.registry.regions)}",
            allowed=f"a list with the stack's own region {settings.azure.location}, which is the primary one",
            next_step=set_command(key, settings.azure.location, stack),
        )


COMMON_RULES = (
    CrossRule(frozenset({"azure", "workload", "environment"}), name_rules),
    CrossRule(frozenset({"tags"}), tag_rules),
    CrossRule(frozenset({"azure", "quotas"}), quota_list_rules),
    CrossRule(frozenset({"azure", "group"}), place_rules),
    CrossRule(frozenset({"gate", "protect", "environment"}), gate_rules),
)
TAKEN = frozenset({"azure", "workload", "environment", "group", "logs", "identities", "roles"})
RULES_BY_KIND: dict[str, tuple[CrossRule, ...]] = {
    "shared": (
        *COMMON_RULES,
        CrossRule(TAKEN, apart_rules),
        CrossRule(frozenset({"azure", "roles"}), role_rules),
        CrossRule(frozenset({"identities", "deployed_environments"}), purpose_rules),
        CrossRule(frozenset({"azure", "workload", "environment", "group", "dns"}), own_group_rules),
        CrossRule(frozenset({"azure", "registry"}), registry_rules),
    ),
    "environment": (
        *COMMON_RULES,
        CrossRule(TAKEN | {"network", "vault", "images"}, apart_rules),
        CrossRule(frozenset({"azure", "shared", "roles"}), role_rules),
        CrossRule(frozenset({"dns", "network"}), link_rules),
        CrossRule(frozenset({"clusters"}), cluster_rules),
        CrossRule(frozenset({"clusters", "quotas", "azure"}), quota_rules),
        CrossRule(frozenset({"network", "images", "managed_network"}), isolation_rules),
        CrossRule(frozenset({"images", "managed_network"}), images_rule_rules),
        CrossRule(frozenset({"policies", "network", "encryption"}), policy_rules),
        CrossRule(frozenset({"encryption", "vault", "images", "network"}), encryption_rules),
        CrossRule(frozenset({"network"}), entry_rules),
        CrossRule(frozenset({"network"}), peering_rules),
        CrossRule(frozenset({"network", "managed_network"}), way_out_rules),
        CrossRule(frozenset({"network", "dns"}), records_rules),
        CrossRule(
            frozenset({"kubernetes", "arc", "network", "clusters", "protect", "azure", "group"}),
            kubernetes_rules,
        ),
        CrossRule(frozenset({"instances", "access"}), instance_rules),
        CrossRule(frozenset({"instances", "clusters", "quotas", "azure"}), instance_quota_rules),
        CrossRule(frozenset({"serverless", "managed_network"}), serverless_rules),
        CrossRule(frozenset({"connections"}), connection_rules),
        CrossRule(frozenset({"labelling", "clusters"}), labelling_rules),
        CrossRule(frozenset({"identities", "clusters"}), batch_identity_rules),
        CrossRule(frozenset({"kubernetes", "quotas", "azure"}), kubernetes_quota_rules),
        CrossRule(frozenset({"endpoints", "network"}), endpoint_rules),
        CrossRule(frozenset({"endpoints", "schedules", "monitors", "clusters"}), schedule_rules),
        CrossRule(frozenset({"events", "clusters"}), event_rules),
        CrossRule(frozenset({"dashboards", "kubernetes"}), dashboard_rules),
    ),
}


def across_stacks(stacks: Mapping[str, Settings]) -> list[Problem]:
    """What the stacks of one organisation must hold together: apart in names and addresses, within quotas.

    Args:
        stacks: settings by the name of their stack.
    """
    environments = {name: s for name, s in stacks.items() if isinstance(s, EnvironmentSettings)}
    return [
        *same_names(stacks),
        *taken_twice(environments),
        *zones_across(stacks),
        *networks_across(stacks),
        *images_across(stacks),
        *_shared_addresses(stacks),
        *_shared_quotas(environments),
    ]


def _shared_addresses(stacks: Mapping[str, Settings]) -> Iterator[Problem]:
    spaces = {
        name: settings.network.address_space
        for name, settings in stacks.items()
        # the owner of a network that is taken keeps its addresses apart
        if settings.network is not None and not isinstance(settings.network, TakenNetwork)
    }
    for one, other in overlapping(spaces):
        yield Problem(
            key="twinloop:network.addressSpace",
            given=f"{spaces[one]} in Pulumi.{one}.yaml overlaps {spaces[other]} in Pulumi.{other}.yaml",
            allowed="address spaces that share no address: both networks meet in one hub",
            next_step="choose a free space for one of them: "
            + set_command("twinloop:network.addressSpace", next_free(spaces.values()), other)
            + f" (or --stack {one})",
        )


def _shared_quotas(environments: Mapping[str, EnvironmentSettings]) -> Iterator[Problem]:
    used: Counter[tuple[str, str, str]] = Counter()
    users: dict[tuple[str, str, str], list[str]] = {}
    for name, settings in environments.items():
        place = (settings.azure.subscription_id, settings.azure.location)
        for family, cores in worst_case_cores(settings.clusters).items():
            key = (*place, family_key(family))
            used[key] += cores
            users.setdefault(key, []).append(name)
    limits = largest(
        ((settings.azure.subscription_id, settings.azure.location, family), limit)
        for settings in environments.values()
        for family, limit in _limits(settings).items()
    )
    for key, cores in used.items():
        if cores > limits.get(key, 0) and len(users[key]) > 1:
            files = " and ".join(f"Pulumi.{name}.yaml" for name in users[key])
            yield Problem(
                key="twinloop:clusters",
                given=f"the clusters in {files} may use {cores} cores of {key[2]} in {key[1]} together",
                allowed=f"{limits.get(key, 0)} cores (twinloop:quotas): they share the subscription {key[0]}",
                next_step=f"lower maxNodes of a cluster in one of them, or ask Azure for {cores} cores",
            )


def _limits(settings: EnvironmentSettings) -> dict[str, int]:
    here = settings.azure.location
    return {family_key(q.family): q.limit for q in settings.quotas if (q.location or here) == here}
