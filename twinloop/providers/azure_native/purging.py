"""The tombstones that deletions leave, and how they are ended before their time, by the row of a type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import grpc

from checks.catalogue.resource_types import ResourceType
from twinloop.providers.azure_native.addresses import same_id
from twinloop.providers.azure_native.arm import Arm
from twinloop.providers.azure_native.bodies import at_path
from twinloop.providers.errors import ProviderError


def purge(row: ResourceType, arm: Arm, text: str) -> bool:
    """End the tombstone of a deleted resource; whether something was asked of the cloud.

    Args:
        row: of the resource's type.
        arm: the cloud.
        text: the ARM id that the resource had.

    Raises:
        ArmFailure: the cloud refused.
    """
    rule = row.purge
    if rule is None:
        return False
    if rule.query:
        arm.delete(text, row.api_version, rule.query)
        return True
    listed = arm.get(rule.tombstones.format(subscriptionId=text.split("/")[2]), row.api_version) or {}
    for tomb in listed.get("value", []):
        if same_id(str(at_path(tomb, rule.of)), text):
            arm.post(f"{tomb['id']}/purge", row.api_version)
            return True
    return False


def protected_for(row: ResourceType, body: object) -> int | None:
    """For how many days a deletion cannot be made final; None where it can at once."""
    rule = row.purge
    if rule is None or not rule.guard or not isinstance(body, dict) or at_path(body, rule.guard) is not True:
        return None
    days = at_path(body, rule.days)
    return int(days) if isinstance(days, int | float) else 0


def refuse_protected(row: ResourceType, arm: Arm, text: str) -> None:
    """Refuse to delete for good what is protected against it, before it is touched.

    Raises:
        ProviderError: its tombstone would stay until the day that is told.
    """
    rule = row.purge
    if rule is None or not rule.guard:
        return
    days = protected_for(row, arm.get(text, row.api_version))
    if days is None:
        return
    until = datetime.now(UTC) + timedelta(days=days)
    raise ProviderError(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"'{text}' has {rule.guard}: once deleted it cannot be purged, and its name stays taken for {days} "
        f"days, until {until:%Y-%m-%d}; delete it without a purge, or keep it",
    )
