"""What settings must hold together about instances, serverless nodes, connections and labelling projects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from checks.catalogue.vm_sizes import family_key, vm_sizes
from infra.rights.purposes import BATCH
from infra.sections.core import Cluster
from infra.settings import EnvironmentSettings
from infra.stackfile.refusals import Problem, remove_command, set_command


def instance_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Instances are for where people develop; elsewhere somebody has said why."""
    instances = settings.instances
    if instances and settings.access.people_may == "observe" and not instances.reason:
        yield Problem(
            key="twinloop:instances.reason",
            given="is missing, and people only observe here (twinloop:access.peopleMay)",
            allowed="no instances; or the reason why somebody needs a machine beside production",
            next_step=remove_command("twinloop:instances", stack),
        )


def instance_cores(settings: EnvironmentSettings) -> Counter[str]:
    """Cores of all compute instances, by quota family."""
    cores: Counter[str] = Counter()
    if settings.instances is None:
        return cores
    for person in settings.instances.people:
        size = vm_sizes()[person.vm_size or settings.instances.vm_size]
        cores[size.family] += size.vcpus
    return cores


def instance_quota_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Instances fit into the quota beside the clusters: stopped ones count too, so that they can start."""
    cores = instance_cores(settings)
    here = settings.azure.location
    limits = {family_key(q.family): q.limit for q in settings.quotas if (q.location or here) == here}
    for family, wanted in cores.items():
        used = _dedicated(settings.clusters, family)
        limit = limits.get(family_key(family), 0)
        if used <= limit < used + wanted:
            yield Problem(
                key="twinloop:instances.people",
                given=f"instances are {wanted} cores of {family}, and clusters may use {used} beside them",
                allowed=f"{limit} cores in {here} (twinloop:quotas); a stopped instance counts too",
                next_step=f"give a smaller instances.vmSize in Pulumi.{stack}.yaml, or ask Azure for "
                f"{used + wanted} cores of {family} and enter them under twinloop:quotas",
            )


def _dedicated(clusters: tuple[Cluster, ...], family: str) -> int:
    sizes = [(vm_sizes()[one.vm_size], one.max_nodes) for one in clusters if one.priority == "Dedicated"]
    return sum(size.vcpus * nodes for size, nodes in sizes if family_key(size.family) == family_key(family))


def serverless_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """A subnet of one's own and the network that Azure ML manages exclude each other."""
    if settings.serverless and settings.serverless.subnet:
        mode = settings.managed_network.isolation_mode
        if mode != "Disabled":
            yield Problem(
                key="twinloop:serverless.subnet",
                given=f"with twinloop:managedNetwork.isolationMode {mode}",
                allowed="no subnet: serverless nodes are in the managed network, which has its own",
                next_step=remove_command("twinloop:serverless.subnet", stack),
            )


def connection_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """A name leads to one thing."""
    for name, times in Counter(one.name for one in settings.connections).items():
        if times > 1:
            yield Problem(
                key="twinloop:connections",
                given=f"{times} connections named '{name}'",
                allowed="each name once: jobs find a connection by it",
                next_step=f"rename one of them under twinloop:connections in Pulumi.{stack}.yaml",
            )


def labelling_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Who assists is a cluster that trains."""
    training = [one.name for one in settings.clusters if one.purpose == "training"]
    for index, project in enumerate(settings.labelling.projects if settings.labelling else ()):
        if project.assisted_by is not None and project.assisted_by not in training:
            key = f"twinloop:labelling.projects[{index}].assistedBy"
            yield Problem(
                key=key,
                given=f"'{project.assisted_by}' is no cluster that trains",
                allowed=f"{', '.join(training)}; or nothing, and nobody suggests labels",
                next_step=set_command(key, training[0], stack) if training else remove_command(key, stack),
            )


def batch_identity_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """An identity is taken for a purpose that a cluster has."""
    if BATCH in settings.identities and not any(one.purpose == BATCH for one in settings.clusters):
        yield Problem(
            key="twinloop:identities.batch",
            given="is for no cluster: none has purpose batch",
            allowed="an identity for a purpose that there is",
            next_step=remove_command("twinloop:identities.batch", stack),
        )
