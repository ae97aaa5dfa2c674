"""The tags that everything carries: one function, so that none can be forgotten or set twice."""

from __future__ import annotations

from infra.settings import Settings

REQUIRED = frozenset({"workload", "environment", "owner", "costCentre", "managedBy"})


def tags(settings: Settings) -> dict[str, str]:
    """Tags of every resource of a stack; the required ones win over the stack's own."""
    return dict(settings.tags) | {
        "workload": settings.workload,
        "environment": settings.environment,
        "owner": settings.owner,
        "costCentre": settings.cost_centre,
        "managedBy": "pulumi",
    }
