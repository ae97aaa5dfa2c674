"""What Azure charges: one row per meter and region that we have a source for, and which row counts where.

A price without a source is not in the table, and so unknown. `python -m checks.catalogue.refresh_prices`
rewrites the table from the public retail prices; until then a row is as old as its `as_of` says.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("prices.csv")
COLUMNS = ("arm_type", "sku", "meter", "unit", "price_usd", "region", "as_of", "source", "note")
GLOBAL = "global"  # one price for all regions of the public cloud
NOT_STATED = "not stated"  # the source names no region

# units of the table, and how many of them a month has; 730 hours as in Azure's calculator
PER_MONTH: Mapping[str, Decimal] = {
    "hour": Decimal(730),
    "day": Decimal(30),
    "month": Decimal(1),
    "GB": Decimal(1),
    "GB month": Decimal(1),
    "10K operations": Decimal(1),
    "100K operations": Decimal(1),
    "1M events": Decimal(1),
    "1M queries": Decimal(1),
}

# Regions whose prices are the likeliest stand-in for each other.
_EUROPE = """
    northeurope westeurope uksouth ukwest francecentral germanywestcentral swedencentral norwayeast
    switzerlandnorth polandcentral italynorth spaincentral
"""
_STATES = "eastus eastus2 centralus northcentralus southcentralus westcentralus westus westus2 westus3"
NEIGHBOURS = tuple(frozenset(names.split()) for names in (_EUROPE, _STATES))


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one unit of one meter costs in one region."""

    amount: Decimal
    """USD per unit."""
    unit: str
    """One of `PER_MONTH`."""
    region: str
    """An Azure region, `global`, or `not stated`."""
    source: str
    as_of: str
    """ISO date, or `unknown` where the source has none."""
    note: str = ""

    @property
    def per_month(self) -> Decimal:
        """USD for one of it all month, or for one unit where it is charged by quantity."""
        return self.amount * PER_MONTH[self.unit]


@dataclass(frozen=True, kw_only=True)
class Meter:
    """What is measured: a type's, in one variant."""

    arm_type: str
    sku: str
    """As the resource's own setting has it (`Premium`, `Standard_DS3_v2`); empty where there is only one."""
    meter: str
    """In our words: `registry`, `dedicated`."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What rows are found by: ARM compares types and SKU names without case."""
        return (self.arm_type.lower(), self.sku.lower(), self.meter)

    def __str__(self) -> str:
        return " ".join(part for part in (self.arm_type, self.sku, self.meter) if part)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    meter: Meter
    price: Price


@dataclass(frozen=True)
class Tariff:
    """Prices to look up in."""

    rows: tuple[Row, ...]
    _by_meter: dict[tuple[str, str, str], tuple[Price, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[tuple[str, str, str], tuple[Price, ...]] = {}
        for row in self.rows:
            found[row.meter.key] = (*found.get(row.meter.key, ()), row.price)
        object.__setattr__(self, "_by_meter", found)

    def find(self, meter: Meter, region: str) -> Price | None:
        """The price that counts in a region; None is unknown.

        The region's own; else the one for all regions; else a neighbour's; else any other's; last, one whose
        source names no region. Of several, the dearest: an estimate errs high.
        """
        offers = self._by_meter.get(meter.key, ())
        return max(offers, key=lambda offer: (_nearness(offer.region, region), offer.amount), default=None)


@cache
def tariff() -> Tariff:
    """The table.

    Raises:
        ValueError: a row lacks a source or a date, has a unit that nothing counts in, or is there twice.
    """
    return Tariff(read(TABLE))


def read(path: Path) -> tuple[Row, ...]:
    """The rows of a table.

    Raises:
        ValueError: as `tariff`.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = tuple(
            _row(values, f"{path.name}:{line}") for line, values in enumerate(csv.DictReader(file), 2)
        )
    seen: set[tuple[tuple[str, str, str], str]] = set()
    for row in rows:
        place = (row.meter.key, row.price.region)
        if place in seen:
            raise ValueError(f"{path.name}: {row.meter} in {row.price.region} has two prices: delete one")
        seen.add(place)
    return rows


def written(rows: Iterable[Row]) -> str:
    """The table's text, in its one order."""
    lines = [",".join(COLUMNS)]
    lines += [_line(row) for row in sorted(rows, key=lambda row: (*row.meter.key, row.price.region))]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    price = row.price
    values = (
        row.meter.arm_type,
        row.meter.sku,
        row.meter.meter,
        price.unit,
        f"{price.amount:f}",
        price.region,
    )
    return ",".join(_cell(value) for value in (*values, price.as_of, price.source, price.note))


def _cell(value: str) -> str:
    if any(mark in value for mark in ',"\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


def _row(values: dict[str, str], where: str) -> Row:
    if missing := [column for column in COLUMNS if values.get(column) is None]:
        raise ValueError(f"{where}: columns {missing} are missing (all: {', '.join(COLUMNS)})")
    if not values["source"] or not values["as_of"]:
        raise ValueError(f"{where}: {values['arm_type']}: a price without a source and a date is not a fact")
    if values["unit"] not in PER_MONTH:
        raise ValueError(f"{where}: unit '{values['unit']}' is none of {', '.join(PER_MONTH)}")
    try:
        amount = Decimal(values["price_usd"])
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{where}: price_usd '{values['price_usd']}' is no amount")
    price = Price(
        amount=amount,
        unit=values["unit"],
        region=values["region"],
        source=values["source"],
        as_of=values["as_of"],
        note=values["note"],
    )
    return Row(Meter(arm_type=values["arm_type"], sku=values["sku"], meter=values["meter"]), price)


def _nearness(offered: str, wanted: str) -> int:
    if offered == NOT_STATED:
        return 0
    if offered == wanted:
        return 4
    if offered == GLOBAL:
        return 3
    return 2 if any({offered, wanted} <= group for group in NEIGHBOURS) else 1
