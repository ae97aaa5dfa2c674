"""What settings must hold about private DNS zones, in a stack and between it and its shared one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.sections.taken import TakenNetwork, TakenSharedZones, TakenZones
from infra.settings import EnvironmentSettings, Settings, SharedSettings
from infra.stackfile.refusals import Problem, remove_command, set_command


def own_group_rules(settings: SharedSettings, stack: str) -> Iterator[Problem]:
    """Zones that are taken are not those that the stack makes, or has made: the next up would delete them."""
    if not isinstance(settings.dns, TakenSharedZones):
        return
    given = settings.group.existing if settings.group else settings.own_names.resource_group_id
    if settings.dns.existing.lower() == given.lower():
        yield Problem(
            key="twinloop:dns.existing",
            given=f"'{settings.dns.existing}' is the group that this stack makes its own zones in",
            allowed="a group of zones that somebody else makes, e.g. in the hub; or mode: made",
            next_step=remove_command("twinloop:dns", stack),
        )


def link_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """Links are asked for only where they have an effect."""
    dns = settings.dns
    if isinstance(dns, TakenZones) and dns.link and settings.network.public_access == "Enabled":
        yield Problem(
            key="twinloop:dns.link",
            given="true with twinloop:network.publicAccess Enabled",
            allowed="false: stores are found under their public names, so no link is made",
            next_step=set_command("twinloop:dns.link", "false", stack),
        )


def zones_across(stacks: Mapping[str, Settings]) -> Iterator[Problem]:
    """Zones that an environment links to are made, and a network is linked to a zone once."""
    first: dict[tuple[str, str], str] = {}
    for stack, settings in stacks.items():
        if not isinstance(settings, EnvironmentSettings) or not settings.linked_zone_ids:
            continue
        yield from _made(settings, stacks.get(settings.shared.stack), stack)
        if isinstance(settings.network, TakenNetwork):
            network = settings.network.existing
            zone = next(iter(settings.linked_zone_ids.values()))
            other = first.setdefault((network.lower(), zone.lower()), stack)
            if other != stack:
                yield Problem(
                    key="twinloop:dns",
                    given=f"would link '{network}' to zones that Pulumi.{other}.yaml links it to",
                    allowed="one link between a network and a zone",
                    next_step=f"write `mode: madeByPolicy` under twinloop:dns in Pulumi.{stack}.yaml",
                )


def _made(settings: EnvironmentSettings, shared: Settings | None, stack: str) -> Iterator[Problem]:
    if isinstance(settings.dns, TakenZones) or not isinstance(shared, SharedSettings):
        return
    file = f"Pulumi.{settings.shared.stack}.yaml"
    if isinstance(shared.dns, TakenSharedZones):
        yield Problem(
            key="twinloop:dns.mode",
            given=f"'shared', and {file} makes no zones: it takes those in '{shared.dns.existing}'",
            allowed="existing, with the id of the zones' group, in place of mode",
            next_step=f"write `existing: {shared.dns.existing}` under twinloop:dns in Pulumi.{stack}.yaml",
        )
    elif shared.dns.mode != "made":
        yield Problem(
            key="twinloop:dns.mode",
            given=f"'shared', and {file} makes no zones",
            allowed="madeByPolicy; or existing, with the id of the zones' group; or mode: made over there",
            next_step=set_command("twinloop:dns.mode", "madeByPolicy", stack),
        )
