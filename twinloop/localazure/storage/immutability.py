"""Time-based retention of a container (WORM): what was written stays as it was until its days are over.

Only policies of a whole container are emulated: those of single versions are not for accounts with a
hierarchical namespace, which the lake is. Rules: Microsoft, "Container-level WORM policies for immutable blob
data". A file made through Data Lake begins empty, so its first content may still be written.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage.accounts import CONTAINERS, container_id
from twinloop.localazure.storage.errors import StorageError
from twinloop.localazure.storage.info import BlobInfo

POLICIES = f"{CONTAINERS}/immutabilitypolicies"
DAYS = "immutabilityPeriodSinceCreationInDays"


class BlobImmutable(StorageError):
    """A policy keeps the blob as it is."""

    def __init__(self, info: BlobInfo, until: datetime) -> None:
        super().__init__(
            409,
            "BlobImmutableDueToPolicy",
            "This operation is not permitted as the blob is immutable due to a policy: "
            f"'{info.name}' in container '{info.container}' stays as it is until "
            f"{until.isoformat(timespec='seconds')}. Write under another name.",
        )


def days_of(twin: Twin, container: ArmId) -> int:
    """Days for which the container keeps what is written to it; 0 without a policy."""
    doc = twin.store.get(POLICIES, f"{container.key}/immutabilitypolicies/default")
    return int((doc["body"].get("properties") or {}).get(DAYS) or 0) if doc else 0


def refuse_change(twin: Twin, info: BlobInfo | None) -> None:
    """Let a blob be overwritten, changed or deleted, or raise.

    Args:
        twin: where.
        info: the blob as it is; None where there is none yet.

    Raises:
        BlobImmutable: its container keeps it.
    """
    if info is None or info.is_directory or not info.size:
        return
    if not any(True for _ in twin.store.keys(POLICIES)):
        return
    days = days_of(twin, container_id(twin, info.account, info.container))
    until = datetime.fromisoformat(info.created) + timedelta(days=days)
    if days and twin.clock.now() < until:
        raise BlobImmutable(info, until)


def keeps_something(twin: Twin, container: ArmId) -> bool:
    """Whether a container with a policy holds anything: then it cannot be deleted."""
    account = container.segments[7].lower()  # .../storageAccounts/<name>/blobServices/...
    return bool(days_of(twin, container)) and bool(twin.store.list("blob", f"{account}/{container.name}/"))
