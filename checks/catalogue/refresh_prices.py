"""Rewrites the price table from Azure's public retail prices: `python -m checks.catalogue.refresh_prices`.

Without `--region`, what the table has is asked for again; with it, every meter that we know, in that region.
Nothing is written unless every question was answered whole; what a question found nothing for is kept, and
marked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from checks.catalogue.price_meters import RetailMeter, retail_meters
from checks.catalogue.prices import GLOBAL, NOT_STATED, TABLE, Price, Row, read, written
from checks.catalogue.retail_prices import ADDRESS, RetailPrice, RetailPrices, RetailPricesError
from checks.catalogue.whole_files import replace_text

Ask = Callable[[str, str, str], Iterable[RetailPrice]]
SOURCE = "prices.azure.com/api/retail/prices"
GONE = "not among the retail prices on"

EXAMPLES = """examples:
  python -m checks.catalogue.refresh_prices                        the prices that the table has, as of today
  python -m checks.catalogue.refresh_prices --region westeurope    every known meter in westeurope, too
  python -m checks.catalogue.refresh_prices --dry-run              say what would change, write nothing
"""


@dataclass(frozen=True)
class Wanted:
    """One price to ask for."""

    how: RetailMeter
    region: str
    """Of the table."""

    @property
    def question(self) -> tuple[str, str, str]:
        """Service, region and size, as the interface knows them: several prices come with one answer."""
        return (self.how.service, self.how.region or self.region, self.how.size)


@dataclass
class Report:
    """What a refresh found, line by line."""

    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    same: int = 0
    unasked: int = 0
    """Rows that no retail meter is named for."""

    def lines(self) -> list[str]:
        """For a person."""
        found = [*(f"changed  {line}" for line in self.changed), *(f"new      {line}" for line in self.new)]
        found += [f"gone     {line}" for line in self.gone] + [f"unclear  {line}" for line in self.unclear]
        counts = f"{len(self.changed)} changed, {len(self.new)} new, {self.same} the same"
        kept = f"{len(self.gone)} gone, {len(self.unclear)} unclear and {self.unasked} never asked for: kept"
        return [*found, f"{counts}; {kept}"]


def refreshed(
    rows: Sequence[Row], ask: Ask, *, regions: Sequence[str], today: str
) -> tuple[tuple[Row, ...], Report]:
    """The rows with the prices of today, and what became of each.

    Args:
        rows: the table.
        ask: answers a service, a region and a size with its prices.
        regions: where every meter is wanted, in the table or not.
        today: ISO date.
    """
    table = {(row.meter.key, row.price.region): row for row in rows}
    report = Report(unasked=sum(row.meter.key not in retail_meters() for row in rows))
    answers: dict[tuple[str, str, str], tuple[RetailPrice, ...]] = {}
    for wanted in _wanted(rows, regions):
        if wanted.question not in answers:
            answers[wanted.question] = tuple(ask(*wanted.question))
        place = (wanted.how.meter.key, wanted.region)
        row = _refresh(wanted, table.get(place), answers[wanted.question], report, today)
        if row:
            table[place] = row
    return tuple(table.values()), report


def _wanted(rows: Sequence[Row], regions: Sequence[str]) -> list[Wanted]:
    known = retail_meters()
    pairs = {
        (row.meter.key, row.price.region): None
        for row in rows
        if row.meter.key in known and row.price.region != NOT_STATED
    }
    for region in regions:
        pairs |= {(key, GLOBAL if how.region else region): None for key, how in known.items()}
    return [Wanted(known[key], region) for key, region in pairs]


def _refresh(
    wanted: Wanted, row: Row | None, prices: Sequence[RetailPrice], report: Report, today: str
) -> Row | None:
    how = wanted.how
    name = f"{how.meter}, {wanted.region}"
    named = [price for price in prices if _is_it(price, how)]
    measured = [price for price in named if price.unit in how.measured and price.amount]
    if not measured:
        if named:
            units = ", ".join(sorted({price.unit for price in named}))
            report.unclear.append(f"{name}: measured in {units}, not in {' or '.join(how.measured)}")
            return row
        if row:
            report.gone.append(name)
        return row and _marked(row, today)
    first = min(price.from_units for price in measured)  # the first tier that is charged
    found = {price.amount: price for price in measured if price.from_units == first}
    if len(found) > 1:
        amounts = ", ".join(f"{amount:f}" for amount in sorted(found))
        report.unclear.append(f"{name}: several prices, {amounts}")
        return row
    (price,) = found.values()
    _tell(report, name, row.price.amount if row else None, price.amount)
    return Row(how.meter, _as_ours(price, wanted, today))


def _is_it(price: RetailPrice, how: RetailMeter) -> bool:
    patterns = ((how.product, price.product), (how.sku, price.sku), (how.name, price.name))
    return all(pattern.fullmatch(text) for pattern, text in patterns)


def _as_ours(price: RetailPrice, wanted: Wanted, today: str) -> Price:
    return Price(
        amount=price.amount,
        unit=wanted.how.unit,
        region=wanted.region,
        source=SOURCE,
        as_of=today,
        note=f"{price.product} / {price.name}, per {price.unit}, since {price.since}; meter {price.meter_id}",
    )


def _marked(row: Row, today: str) -> Row:
    if GONE in row.price.note:
        return row
    note = f"{row.price.note}; {GONE} {today}, kept" if row.price.note else f"{GONE} {today}, kept"
    return replace(row, price=replace(row.price, note=note))


def _tell(report: Report, name: str, before: Decimal | None, now: Decimal) -> None:
    if before is None:
        report.new.append(f"{name}: {now:f} USD")
    elif before != now:
        percent = f" ({(now / before - 1) * 100:+.1f} %)" if before else ""
        report.changed.append(f"{name}: {before:f} -> {now:f} USD{percent}")
    else:
        report.same += 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Refresh the table; 0 done, 1 the interface did not answer whole (nothing is written), 2 usage."""
    parser = argparse.ArgumentParser(
        prog="python -m checks.catalogue.refresh_prices",
        description="Rewrite the price table from Azure's public retail prices; needs no account.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--region", action="append", default=[], help="ask for every known meter there; repeatable"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
    parser.add_argument("--table", type=Path, default=TABLE, help="the table to rewrite")
    parser.add_argument("--address", default=ADDRESS, help="the interface, or one that speaks like it")
    given = parser.parse_args(arguments)
    if odd := [region for region in given.region if not region.isalnum() or region != region.lower()]:
        parser.error(f"--region {odd[0]}: a region as Azure writes it in code, such as westeurope")
    today = datetime.now(UTC).date().isoformat()
    try:
        rows, report = refreshed(
            read(given.table), RetailPrices(given.address).of, regions=given.region, today=today
        )
    except RetailPricesError as error:
        sys.stderr.write(f"error: {error}\n next: try again later; {given.table} is as it was\n")
        return 1
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {given.table}: {error}\n next: put the table right; nothing was asked\n")
        return 1
    sys.stdout.write("\n".join(report.lines()) + "\n")
    if not given.dry_run:
        replace_text(given.table, written(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
