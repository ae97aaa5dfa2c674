"""Who calls: the identity that a verified token names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PrincipalKind = Literal["User", "ServicePrincipal", "ManagedIdentity", "Group"]


@dataclass(frozen=True)
class Principal:
    """An identity of the tenant, with the groups it is in."""

    id: str  # object id, lower case
    kind: PrincipalKind
    name: str
    groups: tuple[str, ...] = ()
    tenant: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """The principal's own object id and those of its groups: what a role assignment may name."""
        return (self.id, *self.groups)
