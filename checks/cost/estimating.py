"""Goes over planned resources and asks each type's rule for its items."""

from __future__ import annotations

from collections.abc import Iterable

from checks.cost.model import Estimate, Item
from checks.plan import Resource


def estimate(resources: Iterable[Resource]) -> Estimate:
    """The bill of these resources for one month; what has no sourced price is an unknown item."""
    return Estimate(items=tuple(_unpriced(one) for one in resources if one.type.startswith("azure-native:")))


def _unpriced(resource: Resource) -> Item:
    return Item(
        stack=resource.stack,
        resource=resource.urn,
        what=resource.type,
        at_rest=None,
        at_worst=None,
        basis=f"no price rule for {resource.type}",
    )
