"""Limits of cores as a subscription has them, read from what Azure's own commands print."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from checks.quota_machines import VM
from twinloop.problems import BadUsage, NotFound

Place = tuple[str, str, str]
_HOW = (
    "az rest --url https://management.azure.com/subscriptions/SUBSCRIPTION/providers/"
    "Microsoft.MachineLearningServices/locations/LOCATION/usages?api-version=2024-04-01 > limits.json"
)


def limits_of(path: Path, subscription: str, location: str) -> dict[Place, int]:
    """Cores by subscription, location and family (lower case); virtual machines' families begin with `vm/`.

    Args:
        path: what `az vm list-usage`, `az ml compute list-usage` or the usages of Azure ML print as JSON.
        subscription: whose limits they are.
        location: in which region.

    Raises:
        NotFound: there is no such file.
        BadUsage: it is no such JSON, or has no family of cores in it.
    """
    if not path.is_file():
        raise NotFound(
            "The file with the limits is not there.",
            where="--limits",
            given=str(path),
            allowed="JSON that az has printed",
            next_step=f"az vm list-usage --location {location} > limits.json",
        )
    try:
        rows = list(_rows(json.loads(path.read_text(encoding="utf-8"))))
    except (UnicodeDecodeError, ValueError) as error:
        raise _unreadable(path, str(error), location) from error
    if not rows:
        raise _unreadable(path, "no family of cores with a limit in it", location)
    return {(subscription, location, family): limit for family, limit in rows}


def _unreadable(path: Path, given: str, location: str) -> BadUsage:
    return BadUsage(
        "The limits cannot be read.",
        where=str(path),
        given=given,
        allowed="a list of usages, each with name.value and limit",
        next_step=f"az vm list-usage --location {location} > limits.json, or: {_HOW}",
    )


def _rows(found: Any) -> Iterator[tuple[str, int]]:
    rows = found.get("value") if isinstance(found, Mapping) else found
    for row in rows if isinstance(rows, list) else ():
        family, limit = _family(row), _number(row.get("limit") if isinstance(row, Mapping) else None)
        if family and limit is not None:
            yield family, limit


def _family(row: Any) -> str:
    """A family in lower case, told apart by whose quota it is; empty for what is no family of cores."""
    if not isinstance(row, Mapping):
        return ""
    name = row.get("name")
    word = str(name.get("value") if isinstance(name, Mapping) else name or "").lower()
    if not word.endswith("family") and "lowpriority" not in word:
        return ""
    whose = f"{row.get('id', '')} {row.get('type', '')}".lower()
    ours = "machinelearning" in whose or row.get("amlWorkspaceLocation") or row.get("aml_workspace_location")
    return word if ours else f"{VM}{word}"


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else None
