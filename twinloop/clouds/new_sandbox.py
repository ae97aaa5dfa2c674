"""The profile `sandbox`: an environment that fits a fresh subscription and costs least while nobody works.

It has one cluster to train and one to build images, both without GPUs and without nodes at rest; what runs,
or is paid for, while nobody asks for it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from checks.catalogue.default_quotas import default_quota
from checks.catalogue.vm_sizes import LOW_PRIORITY, family_key, vm_sizes
from infra.sections.core import PrivateEndpointRule
from infra.settings import EnvironmentSettings

if TYPE_CHECKING:
    from twinloop.clouds.new_clusters import Fitted

PROFILE = "sandbox"
# Optional sections that stay: they cost nothing, or next to nothing, and keep what is made in bounds.
KEPT = {"alerts", "dns", "group", "policies", "serverless", "tombstones", "waivers"}
ONE_OF_A_KIND = "a sandbox has one cluster to train and one to build"
NOT_HERE = "nothing runs in a sandbox while nobody works"
PAID_BY_THE_HOUR = "a private endpoint is paid by the hour; a sandbox has no batch endpoints"
BATCH_ONLY = {"queue", "table"}  # sub-services that only batch endpoints and parallel jobs use


def left_out(source: EnvironmentSettings) -> Iterator[tuple[str, str]]:
    """Keys of the source that a sandbox does not have, with the reason; of a list, the last first."""
    for field, info in type(source).model_fields.items():
        optional = not info.is_required() and info.default in (None, ())
        if optional and field not in KEPT and getattr(source, field):
            yield f"twinloop:{info.alias}", NOT_HERE
    rules = source.managed_network.outbound_rules
    for index in reversed(range(len(rules))):
        rule = rules[index]
        if isinstance(rule, PrivateEndpointRule) and rule.subresource in BATCH_ONLY:
            yield f"twinloop:managedNetwork.outboundRules[{index}]", PAID_BY_THE_HOUR


def reduced(fitted: list[Fitted], source: EnvironmentSettings) -> list[Fitted]:
    """The clusters that are left: the first that trains on CPUs, and the one that builds."""
    kept: set[str] = set()
    result = []
    for one in fitted:
        cluster = source.clusters[one.index]
        wanted = cluster.purpose in {"training", "build"} and cluster.purpose not in kept and not cluster.gpu
        if wanted and one.nodes:
            kept.add(cluster.purpose)
            result.append(one)
        else:
            result.append(replace(one, nodes=0, reason=one.reason if not one.nodes else ONE_OF_A_KIND))
    return result


def fresh_limits() -> dict[str, int]:
    """Cores by family of a subscription that nobody has asked more for."""
    quota = default_quota()
    families = {size.family: quota.gpu if size.gpus else quota.dedicated for size in vm_sizes().values()}
    return {family_key(LOW_PRIORITY): quota.low_priority} | {
        family_key(family): limit for family, limit in families.items()
    }
