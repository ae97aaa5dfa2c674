"""Private DNS: the zones that private endpoints of the platform are named in, and who looks them up there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_azure_native as azure
from pulumi_azure_native import privatedns

from infra.arm_ids import group_name_of, name_of, subscription_of
from infra.naming import Names
from infra.reading import id_of_read
from infra.sections.taken import TakenZones
from infra.settings import EnvironmentSettings
from infra.tagging import tags

WORLD = "global"  # zones are of no region


@dataclass(frozen=True, kw_only=True)
class ZonesArgs:
    """Where zones are made, or which ones are taken."""

    zone_ids: Mapping[str, str]  # by the words of naming.ALL_ZONES
    resource_group: pulumi.Input[str] | None = None  # to make them in; none where they are taken
    protect: bool = False
    tags: dict[str, str] = field(default_factory=dict)


class Zones(pulumi.ComponentResource):
    """One zone per kind of store, made or read.

    They carry no lock: environments link their networks to them, and a lock would keep the links for ever.
    """

    zone_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ZonesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Zones", name, None, opts)
        self.zone_ids = {}
        for word, arm_id in args.zone_ids.items():
            if args.resource_group is None:
                read = privatedns.PrivateZone.get(
                    f"{name}-{word}-taken", arm_id, pulumi.ResourceOptions(parent=self)
                )
                self.zone_ids[word] = id_of_read(read, arm_id)
                continue
            made = privatedns.PrivateZone(
                f"{name}-{word}",
                private_zone_name=name_of(arm_id),
                resource_group_name=args.resource_group,
                location=WORLD,
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
            )
            self.zone_ids[word] = made.id
        self.register_outputs({"zone_ids": self.zone_ids})


@dataclass(frozen=True, kw_only=True)
class LinksArgs:
    """Which network looks names up in which zones."""

    zone_ids: Mapping[str, str]
    network_id: pulumi.Input[str]
    subscription_id: str
    tenant_id: str
    names: Names
    tags: dict[str, str]
    after: list[pulumi.Resource]


class Links(pulumi.ComponentResource):
    """A link per zone to one network; it resolves names and registers no machines."""

    def __init__(self, name: str, args: LinksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Links", name, None, opts)
        provider = self._own_provider(name, args)
        for word, zone_id in args.zone_ids.items():
            privatedns.VirtualNetworkLink(
                f"{name}-{word}",
                virtual_network_link_name=args.names.physical("dns_link"),
                private_zone_name=name_of(zone_id),
                resource_group_name=group_name_of(zone_id),
                location=WORLD,
                registration_enabled=False,
                virtual_network=privatedns.SubResourceArgs(id=args.network_id),
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self, provider=provider, depends_on=args.after),
            )
        self.register_outputs({})

    def _own_provider(self, name: str, args: LinksArgs) -> azure.Provider | None:
        """A link lies in its zone's subscription: another one than the stack's needs its own provider."""
        (subscription,) = {subscription_of(zone_id) for zone_id in args.zone_ids.values()}
        if subscription == args.subscription_id:
            return None
        return azure.Provider(
            f"{name}-subscription",
            subscription_id=subscription,
            tenant_id=args.tenant_id,
            opts=pulumi.ResourceOptions(parent=self),
        )


def look_up(settings: EnvironmentSettings, network_id: pulumi.Input[str]) -> Mapping[str, pulumi.Input[str]]:
    """Read the zones that are taken, link the network where that is this stack's to do; ids of the zones."""
    zone_ids: Mapping[str, pulumi.Input[str]] = settings.zone_ids
    after: list[pulumi.Resource] = []
    if isinstance(settings.dns, TakenZones):
        zones = Zones("dns", ZonesArgs(zone_ids=settings.zone_ids))
        zone_ids, after = zones.zone_ids, [zones]
    if settings.linked_zone_ids:
        Links(
            "dns-link",
            LinksArgs(
                zone_ids=settings.linked_zone_ids,
                network_id=network_id,
                subscription_id=settings.azure.subscription_id,
                tenant_id=settings.azure.tenant_id,
                names=settings.names,
                tags=tags(settings),
                after=after,
            ),
        )
    return zone_ids
