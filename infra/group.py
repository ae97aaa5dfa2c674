"""The resource group: made, or taken where the settings name one."""

from __future__ import annotations

from pulumi_azure_native import resources

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
