"""What the stack files say that no resource shows: ways in, and deployments that are to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.quota_machines import ExpectedDeployment
from checks.reachability_model import WayIn
from twinloop.clouds.stack_file import StackFile
from twinloop.stacks.stated import structured

_EXPECTED, _NETWORK = "twinloop:expectedDeployments", "twinloop:network"


def ways_in(file: StackFile) -> list[WayIn]:
    """How CI and people get into a private environment."""
    network = structured(file, _NETWORK)
    return [
        WayIn(
            stack=file.name,
            kind=str(row.get("kind") or ""),
            id=str(row.get("id") or ""),
            networks=tuple(map(str, row.get("addressSpace") or ())),
        )
        for row in _rows(network.get("entry") if isinstance(network, Mapping) else None)
    ]


def expected_deployments(file: StackFile) -> list[ExpectedDeployment]:
    """Deployments that the outer loop makes here, of the size that the settings expect."""
    return [
        ExpectedDeployment(
            stack=file.name,
            subscription=file.subscription,
            location=file.value("azure-native:location"),
            endpoint=str(row.get("endpoint") or ""),
            size=str(row.get("vmSize") or ""),
            instances=_count(row.get("maxInstances")),
            colours=_count(row.get("colours", 2)),
        )
        for row in _rows(structured(file, _EXPECTED))
    ]


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _count(value: object) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdigit() else 0
