"""Bills as a person reads them: as text on a screen, as Markdown for a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from checks.catalogue.whole_files import replace_text
from twinloop.cli.output import rows
from twinloop.problems import BadUsage, NotFound
from twinloop.review.labels import money, name_of

if TYPE_CHECKING:
    from checks.cost import Estimate, Item

SUMMARY, DETAILS = "cost", "cost in detail"  # what the markers of a page ask for
BETWEEN = re.compile(rf"(<!-- ({SUMMARY}|{DETAILS}) -->\n).*?(<!-- /\2 -->)", re.DOTALL)
NOBODY_KNOWS = "unknown"


def text(bills: Mapping[str, Estimate], *, sources: bool = False) -> Text:
    """All bills, each with its lines; how a figure is made where that is asked for."""
    shown = Text()
    for name, bill in bills.items():
        shown.append(f"{name}: {_sum(bill)}\n", style="bold")
        shown.append_text(_lines(bill, sources=sources))
        shown.append("\n")
    shown.append("\n".join(_fine_print(item for bill in bills.values() for item in bill.items)))
    return shown


def _sum(bill: Estimate) -> str:
    words = f"{money(bill.at_rest)} USD a month at rest, {money(bill.at_worst)} at worst"
    if bill.unknown:
        words += f", and {_count(len(bill.unknown), 'line')} unknown"
    return words


def _lines(bill: Estimate, *, sources: bool) -> Text:
    shown = rows(
        ("resource", "what", "at rest", "at worst", "note"), [_cells(item) for item in _sorted(bill)]
    )
    if sources:
        for item in _sorted(bill):
            shown.append(f"\n  {name_of(item.resource)}: {item.what}\n", style="bold")
            shown.append(f"    {item.basis}\n    {_source(item)}", style="not bold")
    shown.append("\n")
    return shown


def _sorted(bill: Estimate) -> list[Item]:
    """The dearest first, then what is unknown, then what only use decides."""

    def rank(item: Item) -> tuple[bool, Decimal, bool, str, str]:
        return (
            item.by_use,
            -(item.at_worst or Decimal(0)),
            item.is_unknown,
            name_of(item.resource),
            item.what,
        )

    return sorted(bill.items, key=rank)


def _cells(item: Item) -> tuple[str, str, str, str, str]:
    return (name_of(item.resource), item.what, *_amounts(item), _note(item))


def _amounts(item: Item) -> tuple[str, str]:
    if item.by_use:
        price = f"{item.unit_price:f} per {item.unit}" if item.unit_price is not None else NOBODY_KNOWS
        return ("by use", price)
    return (_amount(item.at_rest), _amount(item.at_worst))


def _amount(amount: Decimal | None) -> str:
    return NOBODY_KNOWS if amount is None else money(amount)


def _note(item: Item) -> str:
    notes = []
    if item.ceiling:
        notes.append("at most")
    if item.hidden:
        notes.append("not declared, comes along")
    if item.region:
        notes.append("region not stated" if item.region == "not stated" else f"price of {item.region}")
    return ", ".join(notes)


def _source(item: Item) -> str:
    if not item.source:
        return "no source"
    return f"{item.source}{f', as of {item.as_of}' if item.as_of else ''}"


def _fine_print(items: Iterable[Item]) -> Iterator[str]:
    """What whoever relies on the figures must know."""
    found = [item for item in items if item.unit_price is not None]
    yield "A month has 730 hours and 30 days; USD, pay as you go, without taxes and agreements."
    dated = sorted({item.as_of for item in found} - {"unknown", ""})
    if dated:
        undated = sum(item.as_of == "unknown" for item in found)
        words = f"Prices are as of {dated[0]} to {dated[-1]}, or older where a source repeats an old one"
        more = f"; {_count(undated, 'line')} from a source that names no date" if undated else ""
        yield f"{words}{more}."
    if elsewhere := sorted({item.region for item in found} - {"", "not stated"}):
        count = _count(sum(item.region in elsewhere for item in found), "line")
        yield f"Priced by another region, for want of their own: {count} ({', '.join(elsewhere)})."
    yield "`python -m checks.catalogue.refresh_prices --region REGION` fetches today's prices of a region."


def markdown(bills: Mapping[str, Estimate], what: str = SUMMARY) -> str:
    """A summary of all stacks, or each of them line by line."""
    parts = []
    if what == SUMMARY:
        parts = [_table(("stack", "at rest", "at worst", "unknown", "by use"), map(_summary, bills.items()))]
    else:
        for name, bill in bills.items():
            parts += [f"## {name}\n\nIn USD a month:", _details(bill), *_beside(bill)]
    parts.append(" ".join(_fine_print(item for bill in bills.values() for item in bill.items)))
    return "\n\n".join(parts) + "\n"


def _summary(entry: tuple[str, Estimate]) -> Sequence[str]:
    name, bill = entry
    known = [item for item in bill.by_use if not item.is_unknown]
    return (
        name,
        f"{money(bill.at_rest)} USD",
        f"{money(bill.at_worst)} USD",
        _count(len(bill.unknown), "line"),
        _count(len(known), "line"),
    )


def _details(bill: Estimate) -> str:
    alike: dict[tuple[str, str], list[Item]] = {}
    for item in _sorted(bill):
        if not item.by_use and (item.is_unknown or item.at_worst):
            alike.setdefault((_kind(item), _note(item)), []).append(item)
    cells = [(_times(what, items), *_together(items), note) for (what, note), items in alike.items()]
    return _table(("what", "at rest", "at worst", "note"), cells)


def _kind(item: Item) -> str:
    """What an item is, without its target: a page counts private endpoints."""
    return item.what.partition(" to ")[0] if item.hidden else item.what


def _times(what: str, items: Sequence[Item]) -> str:
    return what if len(items) == 1 else f"{len(items)} times {what}"


def _together(items: Sequence[Item]) -> tuple[str, str]:
    if any(item.is_unknown for item in items):
        return _amounts(items[0])
    rest = sum((item.at_rest or Decimal(0) for item in items), Decimal(0))
    return money(rest), money(sum((item.at_worst or Decimal(0) for item in items), Decimal(0)))


def _beside(bill: Estimate) -> Iterator[str]:
    by_use = {f"{item.what}: {item.unit_price:f} per {item.unit}" for item in bill.by_use if item.unit_price}
    if by_use:
        yield f"By use, in no sum: {'; '.join(sorted(by_use))}."
    if unknown := sorted({item.what for item in bill.unknown}):
        yield f"**Unknown, because no source for the price is at hand**: {'; '.join(unknown)}."


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    body = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in body)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def put_into(path: Path, bills: Mapping[str, Estimate]) -> None:
    """Replace what stands between the markers of a file by what they ask for.

    Raises:
        NotFound: there is no such file.
        BadUsage: it has no place for it.
    """
    try:
        page = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotFound(
            f"{path} cannot be read.",
            where=str(path),
            given=str(error.strerror),
            allowed="a Markdown file",
            next_step="name a file that is there, such as README.md: --write README.md",
        ) from error
    if not BETWEEN.search(page):
        raise BadUsage(
            f"{path} has no place for it.",
            where=str(path),
            given="no such markers",
            allowed=f"a line <!-- {SUMMARY} --> and after it a line <!-- /{SUMMARY} -->; or {DETAILS!r}",
            next_step=f"write both lines into {path}, then run it again",
        )
    replace_text(path, BETWEEN.sub(lambda found: f"{found[1]}{markdown(bills, found[2])}{found[3]}", page))
