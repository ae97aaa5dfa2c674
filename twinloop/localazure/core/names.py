"""Answers to `checkNameAvailability`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from checks.catalogue.resource_types import ResourceType
from twinloop.localazure.core.resources import row_of
from twinloop.localazure.core.rules import name_taken_by
from twinloop.localazure.core.tombstones import tombstones

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin


def availability(arm_type: str, name: str, twin: Twin, invalid_reason: str = "Invalid") -> dict[str, Any]:
    """Whether a globally unique name can be had, and why not.

    Raises:
        LookupError: the catalogue has no such type.
    """
    row: ResourceType | None = row_of(arm_type)
    if row is None:
        raise LookupError(f"{arm_type}: not in the catalogue")
    if not isinstance(name, str) or not re.fullmatch(row.name_pattern, name):
        message = f"The name '{name}' is not valid: {row.name_rule}."
        return {"nameAvailable": False, "reason": invalid_reason, "message": message}
    buried = any(doc["name"].lower() == name.lower() for doc in tombstones(twin, arm_type))
    if buried or name_taken_by(row, name, twin) is not None:
        return {
            "nameAvailable": False,
            "reason": "AlreadyExists",
            "message": f"The name '{name}' is already taken: it must be one that nobody in Azure has; "
            "give another.",
        }
    return {"nameAvailable": True}
