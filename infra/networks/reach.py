"""From where a store can be reached: one value for all stores of an environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.sections.core import Reachable


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Public access of a store, and the networks that it answers."""

    public_access: Literal["Enabled", "Disabled"]
    allowed_networks: tuple[str, ...]

    @classmethod
    def of(cls, settings: Reachable) -> Reach:
        """As the settings say."""
        return cls(public_access=settings.public_access, allowed_networks=settings.allowed_networks)
