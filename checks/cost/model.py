"""What a bill is made of: prices with their sources, items per resource, and their sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Item:
    """One line of the bill: a resource, or something that a setting of it brings along."""

    stack: str
    resource: str
    """URN."""
    what: str
    """Such as `up to 4 nodes Standard_DS3_v2, low priority`."""
    at_rest: Decimal | None
    """USD per month of 730 hours with least nodes and no traffic; None is unknown, or `by_use`."""
    at_worst: Decimal | None
    """USD per month with most nodes all month and daily caps filled; None is unknown, or `by_use`."""
    basis: str
    """The arithmetic in words, or why it is unknown."""
    source: str = ""
    as_of: str = ""
    region: str = ""
    """The region that the price is of, where it is not the resource's own."""
    hidden: bool = False
    """Brought along by a setting, not declared: a firewall by an FQDN rule."""
    ceiling: bool = False
    """It costs less, but nobody has a source for how much: this is the most it can be."""
    by_use: bool = False
    """Charged by use that no setting bounds: has a unit price, and is in neither sum."""
    unit_price: Decimal | None = None
    unit: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether nobody knows its price: a sum lacks it, or its use has no known unit price."""
        if self.by_use:
            return self.unit_price is None
        return self.at_rest is None or self.at_worst is None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The bill of some resources for one month."""

    items: tuple[Item, ...] = ()

    @property
    def at_rest(self) -> Decimal:
        """USD a month with nobody at work: the sum of what is known."""
        return _sum(item.at_rest for item in self.items)

    @property
    def at_worst(self) -> Decimal:
        """USD a month with all at their limits: the sum of what is known."""
        return _sum(item.at_worst for item in self.items)

    @property
    def unknown(self) -> tuple[Item, ...]:
        """What has no sourced price."""
        return tuple(item for item in self.items if item.is_unknown)

    @property
    def by_use(self) -> tuple[Item, ...]:
        """What the sums leave out because only its use decides: each has a unit price."""
        return tuple(item for item in self.items if item.by_use)

    @property
    def hidden(self) -> tuple[Item, ...]:
        """What settings bring along without declaring it."""
        return tuple(item for item in self.items if item.hidden)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))
