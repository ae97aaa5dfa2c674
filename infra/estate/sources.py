"""What every source of data needs to know of the environment that it is in."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infra.naming import Names
from infra.networks.reach import Reach


@dataclass(frozen=True, kw_only=True)
class Place:
    """What every source needs to know of its environment."""

    resource_group: pulumi.Input[str]
    location: str
    tenant_id: str
    reach: Reach
    protect: bool
    names: Names
    tags: dict[str, str]
