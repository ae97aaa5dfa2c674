"""One registry of container images for all environments: made by the shared stack, taken by its computed id.

An environment says `images: { existing: shared }`; the id follows from the names of the shared stack, which
is not asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import model_validator

from infra.naming import REGIONS, Names
from infra.sections.core import Images, Reachable

if TYPE_CHECKING:
    import pulumi

    from infra.images import Images as MadeImages
    from infra.settings import SharedSettings

WORD = "shared"


class SharedImages(Images, Reachable):
    """The shared registry of images, and from where it answers."""

    @model_validator(mode="after")
    def _closed_needs_premium(self) -> SharedImages:
        if self.public_access == "Disabled" and self.sku != "Premium":
            raise ValueError("sku Premium with publicAccess Disabled: no other tier has private endpoints")
        return self


def has_endpoint(settings: SharedSettings) -> bool:
    """Whether the hub has the one private endpoint of the shared registry: Azure has none below Premium."""
    made = settings.images is not None and settings.images.sku == "Premium"
    return made and settings.network is not None


def with_computed_id(given: Any) -> Any:
    """Settings of an environment with the id in place of the word `shared`; as they are where it is not said.

    Args:
        given: the settings as they were written, keys in camelCase.
    """
    images = given.get("images") if isinstance(given, Mapping) else None
    if not isinstance(images, Mapping) or images.get("existing") != WORD:
        return given
    azure, shared = given.get("azure") or {}, given.get("shared") or {}
    location = str(shared.get("location") or azure.get("location") or "").replace(" ", "").lower()
    subscription = shared.get("subscriptionId") or azure.get("subscriptionId")
    said = (given.get("workload"), shared.get("environment"), subscription)
    if location not in REGIONS or not all(isinstance(one, str) for one in said):
        return given  # what is missing is refused by itself
    group = shared.get("resourceGroup")
    names = Names(
        workload=str(said[0]),
        environment=str(said[1]),
        location=location,
        subscription_id=str(said[2]).lower(),
        taken={"resource_group": str(group)} if group else {},
    )
    return {**given, "images": {**images, "existing": names.images_id}}


def make(
    settings: SharedSettings, resource_group: pulumi.Input[str], tags: dict[str, str]
) -> MadeImages | None:
    """The registry, where the settings have one."""
    if settings.images is None:
        return None
    from infra.images import Images as Registry
    from infra.images import ImagesArgs
    from infra.networks.reach import Reach

    return Registry(
        "images",
        ImagesArgs(
            resource_group=resource_group,
            location=settings.azure.location,
            settings=settings.images,
            reach=Reach.of(settings.images),
            names=settings.names,
            protect=settings.protect,
            tags=tags,
        ),
    )
