"""The hub: the network of the shared stack, where environments meet the registry and CI's runners.

The registry has one private endpoint, here, and not one per environment: all of them would write the same
record into the same zone, and the last one would win for everybody (docs/decisions/private-network.md). So
has the registry of images, where environments share one.
"""

from __future__ import annotations

import pulumi

from infra.naming import ZONES
from infra.networks.addresses import HUB_PLAN
from infra.networks.network import Network, NetworkArgs
from infra.networks.private_dns import Links, LinksArgs, Zones
from infra.networks.private_endpoints import EndpointsArgs, PrivateEndpoints, Target
from infra.settings import SharedSettings
from infra.tagging import tags


def hub(
    settings: SharedSettings,
    resource_group: pulumi.Input[str],
    registry_id: pulumi.Input[str],
    images_id: pulumi.Input[str] | None,
    zones: Zones | None,
) -> Network | None:
    """The network with its runners' subnet, the registries' endpoints, and links to the zones made here.

    Args:
        settings: of the shared stack; without a section for a network there is none.
        resource_group: where all of it is made.
        registry_id: what is reached privately.
        images_id: the registry of images, where it is reached privately too.
        zones: those made here; none where somebody else makes them and links networks to them.
    """
    if settings.network is None:
        return None
    names, location = settings.names, settings.azure.location
    network = Network(
        "network",
        NetworkArgs(
            resource_group=resource_group,
            location=location,
            settings=settings.network,
            names=names,
            tags=tags(settings),
            plan=HUB_PLAN,
        ),
    )
    if zones is not None:
        Links(
            "dns-link",
            LinksArgs(
                zone_ids={word: names.zone_ids[word] for word in ZONES},
                network_id=network.network_id,
                subscription_id=settings.azure.subscription_id,
                tenant_id=settings.azure.tenant_id,
                names=names,
                tags=tags(settings),
                after=[zones],
            ),
        )
    PrivateEndpoints(
        "private",
        EndpointsArgs(
            resource_group=resource_group,
            location=location,
            subnet_id=network.subnet_ids["private-links"],
            zone_ids=zones.zone_ids if zones is not None else {},
            targets=[
                Target(name="registry", id=registry_id, groups=("amlregistry",)),
                *([Target(name="images", id=images_id, groups=("registry",))] if images_id else []),
            ],
            names=names,
            tags=tags(settings),
        ),
    )
    return network
