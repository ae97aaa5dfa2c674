"""What settings must hold about the registry of images: that it is there, and can be reached as they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.sections.core import PrivateEndpointRule
from infra.sections.taken import TakenImages, TakenZones
from infra.settings import EnvironmentSettings, Settings, SharedSettings
from infra.shared_images import has_endpoint
from infra.stackfile.refusals import Problem, set_command

KEY = "twinloop:images"


def images_rule_rules(settings: EnvironmentSettings, stack: str) -> Iterator[Problem]:
    """A rule of the managed network to the registry asks for the tier that has private endpoints."""
    images = settings.images  # of a taken registry, only its owner knows the tier
    if isinstance(images, TakenImages) or images.sku == "Premium":
        return
    for index, rule in enumerate(settings.managed_network.outbound_rules):
        if isinstance(rule, PrivateEndpointRule) and rule.target == "images":
            yield Problem(
                key=f"twinloop:managedNetwork.outboundRules[{index}].target",
                given=f"'images' with {KEY}.sku '{images.sku}'",
                allowed="Premium: no other tier of the image registry has private endpoints",
                next_step=set_command(f"{KEY}.sku", "Premium", stack),
            )


def images_across(stacks: Mapping[str, Settings]) -> Iterator[Problem]:
    """The shared registry of images that an environment takes is made, and reached where it answers."""
    for stack, settings in stacks.items():
        if not isinstance(settings, EnvironmentSettings) or not isinstance(settings.images, TakenImages):
            continue
        if settings.images.existing.lower() != settings.shared_names.images_id.lower():
            continue
        shared = stacks.get(settings.shared.stack)
        if isinstance(shared, SharedSettings):
            yield from _shared_images(settings, settings.images, shared, stack)


def _shared_images(
    settings: EnvironmentSettings, taken: TakenImages, shared: SharedSettings, stack: str
) -> Iterator[Problem]:
    file = f"Pulumi.{settings.shared.stack}.yaml"
    if shared.images is None:
        yield Problem(
            key=f"{KEY}.existing",
            given=f"the registry of images of the shared stack, and {file} makes none",
            allowed=f"{KEY} over there; or a registry of its own: sku and zoneRedundant in place of existing",
            next_step=f"write {KEY} with sku, zoneRedundant, publicAccess and allowedNetworks into {file}",
        )
        return
    if settings.network.public_access == "Disabled" and shared.images.sku != "Premium":
        yield Problem(
            key=f"{KEY}.existing",
            given=f"sku '{shared.images.sku}' in {file}, with twinloop:network.publicAccess Disabled here",
            allowed="Premium over there: no other tier of the image registry has private endpoints",
            next_step=set_command(f"{KEY}.sku", "Premium", settings.shared.stack),
        )
    own_zones = isinstance(settings.dns, TakenZones)
    if taken.endpoint and has_endpoint(shared) and not own_zones:
        yield Problem(
            key=f"{KEY}.endpoint",
            given=f"true, and {file} makes the one private endpoint of that registry, in the hub",
            allowed="false: both would write the same record, and the last one would win for everybody",
            next_step=set_command(f"{KEY}.endpoint", "false", stack),
        )
