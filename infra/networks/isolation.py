"""How an environment that answers no public address is reached: its endpoints, its scope of Azure Monitor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi

from infra.networks.private_endpoints import EndpointsArgs, PrivateEndpoints, Target
from infra.networks.private_link_scope import MonitorScope, MonitorScopeArgs
from infra.sections.taken import TakenImages, TakenLogs, TakenNetwork, TakenVault, TakenZones
from infra.settings import EnvironmentSettings
from infra.tagging import tags

SUBNET = "private-links"  # of the address plan

# Which groups of what each environment makes are reached one by one, by what it is.
WORKSPACE, STORAGE, LAKE = ("amlworkspace",), ("blob", "file", "queue", "table"), ("blob", "dfs")
VAULT, IMAGES, MONITOR = ("vault",), ("registry",), ("azuremonitor",)


def monitor_scope(
    settings: EnvironmentSettings,
    resource_group: pulumi.Input[str],
    logs_id: pulumi.Input[str],
    insights_id: pulumi.Input[str],
) -> MonitorScope | None:
    """The private link scope, where settings ask for one; a log workspace that is taken stays its owner's."""
    if settings.monitor_scope is None:
        return None
    logs = {} if isinstance(settings.logs, TakenLogs) else {"logs": logs_id}
    return MonitorScope(
        "monitor",
        MonitorScopeArgs(
            resource_group=resource_group,
            settings=settings.monitor_scope,
            resources={**logs, "insights": insights_id},
            names=settings.names,
            tags=tags(settings),
        ),
    )


def private_endpoints(
    settings: EnvironmentSettings,
    resource_group: pulumi.Input[str],
    subnet_ids: Mapping[str, pulumi.Input[str]],
    zone_ids: Mapping[str, pulumi.Input[str]],
    ids: Mapping[str, pulumi.Input[str]],
) -> PrivateEndpoints | None:
    """Endpoints to everything that answers nobody else; none where the public network is let in.

    Args:
        settings: of the environment.
        resource_group: where endpoints are made.
        subnet_ids: by the words of the address plan.
        zone_ids: by the words of the naming table; empty where a policy writes the records.
        ids: what there is to reach: `workspace`, `storage`, `lake`, `vault`, `images` and perhaps `monitor`.
    """
    if settings.network.public_access == "Enabled":
        return None
    if isinstance(settings.network, TakenNetwork) and not settings.network.endpoints:
        return None
    ours = not isinstance(settings.dns, TakenZones) or settings.dns.records
    return PrivateEndpoints(
        "private",
        EndpointsArgs(
            resource_group=resource_group,
            location=settings.azure.location,
            subnet_id=subnet_ids[SUBNET],
            zone_ids=zone_ids if ours else {},
            targets=[Target(name=name, id=ids[name], groups=groups) for name, groups in _targets(settings)],
            names=settings.names,
            tags=tags(settings),
        ),
    )


def _targets(settings: EnvironmentSettings) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "workspace", WORKSPACE
    yield "storage", STORAGE
    yield "lake", LAKE
    if not isinstance(settings.vault, TakenVault) or settings.vault.endpoint:
        yield "vault", VAULT
    if not isinstance(settings.images, TakenImages) or settings.images.endpoint:
        yield "images", IMAGES
    if settings.monitor_scope is not None:
        yield "monitor", MONITOR
