"""Bodies of the types of serving, alerts, events and schedules, for the tests of every ARM type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[str, dict[str, Any]]


def serving(group: str, ids: Mapping[str, str], here: dict[str, Any]) -> list[Row]:
    """One of each type, in an order in which they can be made.

    Args:
        group: id of the resource group.
        ids: ids of what stands already, by the words of `test_arm_types`.
        here: the location, as a body has it.
    """
    del ids, here
    return [
        (
            f"{group}/providers/Microsoft.Insights/actionGroups/ag-a",
            {"location": "global", "properties": {"groupShortName": "mlp dev", "enabled": True}},
        ),
    ]
