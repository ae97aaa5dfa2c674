"""Finds the assets that jobs name (code, environments, components, data, models) by ARM id."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.asset_store import Assets, assets

_TAIL = 4  # collection, name, "versions", version


def asset_properties(twin: Twin, arm_id: str) -> dict[str, Any] | None:
    """The properties of an asset version; None if there is no such version."""
    found = split(arm_id)
    if found is None:
        return None
    owner, collection, name, version = found
    doc = assets(twin, owner, collection).find(name, version)
    return dict(doc["properties"]) if doc else None


def split(arm_id: str) -> tuple[ArmId, str, str, str] | None:
    """Workspace, collection, name and version of an asset version's id; None if it is none."""
    parts = ArmId(arm_id).segments
    if len(parts) <= _TAIL or parts[-2].lower() != "versions":
        return None
    return ArmId("/".join(parts[:-_TAIL])), parts[-4].lower(), parts[-3], parts[-1]


def collection(twin: Twin, workspace: ArmId, name: str) -> Assets:
    """All assets of one kind in a workspace."""
    return assets(twin, workspace, name)
