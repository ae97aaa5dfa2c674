"""The resource group: made, or taken where the settings name one."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import resources

from infra.reading import id_of_read
from infra.settings import Settings
from infra.tagging import tags


def group(settings: Settings) -> resources.ResourceGroup:
    """The group that everything of a stack lies in; a taken one keeps its tags and its place."""
    if settings.group is not None:
        return resources.ResourceGroup.get("group-taken", settings.group.existing)
    return resources.ResourceGroup(
        "group",
        resource_group_name=settings.names.resource_group,
        location=settings.azure.location,
        tags=tags(settings),
    )


def group_id(made_or_taken: resources.ResourceGroup, settings: Settings) -> pulumi.Output[str]:
    """The group's id."""
    taken = settings.group
    return made_or_taken.id if taken is None else id_of_read(made_or_taken, taken.existing)
