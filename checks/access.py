"""Who gains and who loses which access: permissions evaluated before and after, never lists compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.permissions import RoleDefinition
from checks.plan import Resource


@dataclass(frozen=True, kw_only=True)
class AccessChange:
    """What one principal may do on one scope that it might not do before, or the reverse."""

    principal: str
    """In words: `training (id-mlp-dev-weu-training)`, `data-scientists`."""
    gained: bool
    where: str
    """In words: `workspace mlw-mlp-dev-weu`, `container stmlpdevweulake1a2b/curated`."""
    what: str
    """In words: `read blobs, write blobs`."""
    actions: tuple[str, ...]
    """The operations behind the words, as Azure writes them; a wildcard where all of it is meant."""
    data: bool
    """Whether the operations are of the data plane."""
    by: str
    """Role and URN of the assignment that gives it, or gave it."""
    standing: bool = True
    """False where the principal may only elevate itself to it for a while."""
    stack: str = ""
    """The stack that says so."""
    urn: str = ""
    """The assignment."""
    risks: tuple[str, ...] = ()
    """Privileged kinds of it: `assign roles`, `read secrets`, `write data`."""
    condition: str = ""
    """The condition of the assignment, in words, where there is one."""


def access_changes(
    before: Iterable[Resource],
    after: Iterable[Resource],
    *,
    people: Mapping[str, str],
    roles: Mapping[str, RoleDefinition] | None = None,
) -> tuple[AccessChange, ...]:
    """Compare what everybody may do before and after.

    Args:
        before: resources of all stacks that are looked at together: an identity of one may act in another.
        after: the same, with the change.
        people: names of groups by object id.
        roles: built-in roles by GUID; those of the catalogue unless given. Roles that a stack declares are
            read from its resources.
    """
    return ()
