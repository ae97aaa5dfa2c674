"""What a viewer may see: workspaces, resource groups, and the resources in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.ids import RESOURCE_GROUP, ArmId
from twinloop.localazure.core.resources import PREFIX, kind_of

if TYPE_CHECKING:
    from twinloop.localazure.pages.session import Viewer

Doc = dict[str, Any]
WORKSPACE = "Microsoft.MachineLearningServices/workspaces"


def workspaces(viewer: Viewer) -> list[ArmId]:
    """The Azure ML workspaces that the viewer may read, by name."""
    found = [ArmId(doc["id"]) for _, doc in viewer.twin.store.list(kind_of(WORKSPACE))]
    return sorted((one for one in found if viewer.may(f"{WORKSPACE}/read", one)), key=lambda one: one.name)


def groups(viewer: Viewer) -> list[Doc]:
    """The resource groups that the viewer may read, by name."""
    found = [doc for _, doc in viewer.twin.store.list(kind_of(RESOURCE_GROUP))]
    mine = [
        doc for doc in found if viewer.may("Microsoft.Resources/subscriptions/resourceGroups/read", doc["id"])
    ]
    return sorted(mine, key=lambda doc: str(doc["name"]))


def resources(viewer: Viewer, group: ArmId) -> list[Doc]:
    """Everything below a resource group that the viewer may read, in the order of its ids."""
    prefix = group.key + "/"
    found = []
    for kind in viewer.twin.store.kinds(PREFIX):
        for _, doc in viewer.twin.store.list(kind, prefix):
            if viewer.may(f"{doc['type']}/read", doc["id"]):
                found.append(doc)
    return sorted(found, key=lambda doc: ArmId(doc["id"]).key)


def buried(viewer: Viewer, group: ArmId) -> list[Doc]:
    """Tombstones below a resource group that the viewer could read when they were alive."""
    from checks.catalogue.resource_types import resource_types
    from twinloop.localazure.core.tombstones import tombstones

    types = [row.arm_type for row in resource_types().values() if row.delete == "soft"]
    prefix = group.key + "/"
    found = [doc for arm_type in types for doc in tombstones(viewer.twin, arm_type, prefix)]
    return [doc for doc in found if viewer.may(f"{doc['type']}/read", doc["id"])]
