"""Where a rule writes its items: it names a meter and two quantities, and gets a line with its arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from checks.catalogue.prices import GLOBAL, PER_MONTH, Meter, Price, Tariff
from checks.cost.model import Item
from checks.cost.reading import region
from checks.plan import Resource

ZERO, ONE = Decimal(0), Decimal(1)
OPEN = "the plan leaves its quantity open until deployment"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One resource to price, the prices, and what stands beside it."""

    resource: Resource
    tariff: Tariff
    stack: Sequence[Resource] = ()
    """All resources that are looked at together."""
    region: str = ""
    """Where it is, for a resource that names no region itself."""

    @property
    def place(self) -> str:
        """The region that prices are looked up for."""
        return region(self.resource) or self.region

    def find(self, meter: Meter) -> Price | None:
        """The price that counts where the resource is."""
        return self.tariff.find(meter, self.place)

    def charge(
        self,
        what: str,
        meter: Meter,
        least: Decimal | None,
        most: Decimal | None,
        *,
        of: str = "",
        hidden: bool = False,
        note: str = "",
    ) -> Item:
        """An item of so many units of a meter, all month.

        Args:
            what: in words.
            meter: what is measured.
            least: units at rest; None where the plan does not say.
            most: units at worst.
            of: what a unit is, in words (`nodes`).
            hidden: brought along by a setting.
            note: what else a reader must know.
        """
        if least is None or most is None:
            return self.unknown(what, OPEN, hidden=hidden)
        price = self.find(meter)
        if price is None:
            return self._item(
                what,
                ZERO if least == ZERO else None,
                ZERO if most == ZERO else None,
                _with(self._missing(meter), note),
                hidden=hidden,
            )
        words = _arithmetic(least, most, of, price)
        rest, worst = least * price.per_month, most * price.per_month
        return self._item(what, rest, worst, _with(words, note), price=price, hidden=hidden)

    def by_use(self, what: str, meter: Meter, *, hidden: bool = False, note: str = "") -> Item:
        """An item that only its use decides: it has a unit price, and is in no sum."""
        price = self.find(meter)
        words = f"{price.amount:f} USD per {price.unit}" if price else self._missing(meter)
        return self._item(what, None, None, _with(words, note), price=price, hidden=hidden, by_use=True)

    def included(self, what: str, basis: str, source: str) -> Item:
        """An item that is charged with another one."""
        return self._item(what, ZERO, ZERO, basis, source=source)

    def unknown(self, what: str, basis: str, *, hidden: bool = False) -> Item:
        """An item that nobody has a price for."""
        return self._item(what, None, None, basis, hidden=hidden)

    def _item(
        self,
        what: str,
        rest: Decimal | None,
        worst: Decimal | None,
        basis: str,
        *,
        price: Price | None = None,
        source: str = "",
        hidden: bool = False,
        by_use: bool = False,
    ) -> Item:
        elsewhere = price is not None and price.region not in (self.place, GLOBAL)
        return Item(
            stack=self.resource.stack,
            resource=self.resource.urn,
            what=what,
            at_rest=rest,
            at_worst=worst,
            basis=basis,
            source=price.source if price else source,
            as_of=price.as_of if price else "",
            region=price.region if price and elsewhere else "",
            hidden=hidden,
            by_use=by_use,
            unit_price=price.amount if price else None,
            unit=price.unit if price else "",
        )

    def _missing(self, meter: Meter) -> str:
        asked = f"python -m checks.catalogue.refresh_prices --region {self.place or 'REGION'}"
        return f"no sourced price of {meter}: `{asked}` asks Azure for it"


def _arithmetic(least: Decimal, most: Decimal, of: str, price: Price) -> str:
    number = f"{most:f}" if least == most else f"{least:f} to {most:f}"
    month = PER_MONTH[price.unit]
    times = "" if month == ONE else f" x {month} {price.unit}s"
    per = f" per {price.unit}" if month == ONE else ""
    return f"{number}{f' {of}' if of else ''}{times} x {price.amount:f} USD{per}"


def _with(words: str, note: str) -> str:
    return f"{words}; {note}" if note else words
