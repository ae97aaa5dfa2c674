"""What follows for blobs when their account or container goes."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import ResourceHooks, on_type
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage.blobs import blobs

Doc = dict[str, Any]


HOOKED = ("Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts/blobServices/containers")


@on_type(HOOKED[0])
class AccountHooks(ResourceHooks):
    """An account takes its blobs with it."""

    def purged(self, doc: Doc, twin: Twin) -> None:
        """Forget the account's blobs."""
        blobs(twin).delete_all(doc["name"].lower())


@on_type(HOOKED[1])
class ContainerHooks(ResourceHooks):
    """A container takes its blobs with it."""

    def purged(self, doc: Doc, twin: Twin) -> None:
        """Forget the container's blobs."""
        arm_id = ArmId(doc["id"])
        account = arm_id.segments[
            7
        ].lower()  # /subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/<name>
        blobs(twin).delete_all(account, arm_id.name)
