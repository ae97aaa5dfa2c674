"""A review as a person reads it in a terminal: the riskiest stack first, a line per thing that changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from twinloop.review import labels

if TYPE_CHECKING:
    from checks.cost import Estimate
    from checks.plan import Change, Difference
    from twinloop.review.model import Place, Review, StackReview

_STYLES = {
    "create": "green",
    "update": "yellow",
    "replace": "magenta",
    "delete": "red",
    "refuse": "bold red",
    "warn": "yellow",
    "note": "dim",
}
_VALUE = 60  # characters of one value


def text(review: Review) -> Text:
    """The whole review; ends without a line end."""
    what = "code against the live state" if labels.is_live(review) else "code against code"
    shown = Text(f"{what}: {labels.side(review.head)}, compared with {labels.side(review.base)}\n")
    for stack in review.stacks:
        shown.append("\n")
        for line in _stack(stack):
            shown.append(line)
            shown.append("\n")
    shown.append(f"\ndigest of the steps  {review.digest}", style="dim")
    return shown


def _stack(stack: StackReview) -> Iterator[Text]:
    changes = labels.real_changes(stack)
    yield _head(stack)
    for finding in stack.findings:
        about = f"{labels.resource_label(finding.resource)}: " if finding.resource else ""
        line = Text(f"  {finding.severity:<6} ", style=_STYLES[finding.severity])
        line.append(f"{finding.rule}: {about}{finding.what}", style="not bold default")
        line.append(_at(stack.places.get(finding.resource or finding.rule)), style="not bold dim")
        yield line
        yield Text(f"         do: {finding.fix}{':' if finding.copied else ''}", style="dim")
        for copied in finding.copied.splitlines():
            yield Text(labels.seen(copied))
    for change in changes:
        yield from _change(change, stack.places.get(change.resource.urn))
    for access in stack.access:
        sign, word = ("+", "may now") if access.gained else ("-", "may no longer")
        yield Text(f"  {sign} access   {access.principal} {word} {access.what} on {access.where}")
    for exposure in stack.exposure:
        sign, word = ("+", "opens") if exposure.opened else ("-", "closes")
        name = labels.resource_label(exposure.resource)
        yield Text(f"  {sign} reach    {name} {word}: {exposure.what} ({exposure.by})")
    for use in stack.quota:
        if use.after != (use.before or 0):
            limit = "no limit known" if use.limit is None else f"of {use.limit}"
            yield Text(f"    quota    {use.family}: {use.before or 0} → {use.after} cores {limit}")
    for note in stack.notes:
        yield Text(f"  note: {note}", style="dim")


def _head(stack: StackReview) -> Text:
    counts = labels.counts(stack.plan.changes)
    parts = [f"{counts[op]} to {op}" for op in labels.OPS if counts[op]] or ["no resource changes"]
    if not labels.is_known(stack):
        parts = ["not evaluated"]
    head = Text(stack.stack, style="bold")
    state = " (new)" if stack.is_new else " (gone)" if stack.is_gone else ""
    head.append(
        f"{state}  {', '.join(parts)}"
        + (f"; {_bill(stack.cost_before, stack.cost_after)}" if labels.is_known(stack) else ""),
        style="not bold",
    )
    return head


def _bill(before: Estimate, after: Estimate) -> str:
    def span(estimate: Estimate) -> str:
        return f"{labels.money(estimate.at_rest)} to {labels.money(estimate.at_worst)}"

    unknown = f", {len(after.unknown)} without a price" if after.unknown else ""
    if span(before) == span(after):
        return f"{span(after)} USD a month, as before{unknown}"
    return f"{span(before)} → {span(after)} USD a month{unknown}"


def _change(change: Change, place: Place | None) -> Iterator[Text]:
    style = _STYLES[change.op]
    line = Text(f"  {labels.SIGNS[change.op]} {change.op:<8} ", style=style)
    line.append(labels.resource_label(change.resource.urn), style="default")
    line.append(_at(place), style="dim")
    yield line
    for difference in change.differences:
        yield _difference(difference)


def _difference(difference: Difference) -> Text:
    before, after = (labels.shown(value, _VALUE) for value in (difference.before, difference.after))
    line = Text(f"      {difference.path}: {before} → {after}", style="default")
    if difference.replaces:
        line.append("  replaces it", style=_STYLES["replace"])
    return line


def _at(place: Place | None) -> str:
    return f"  {place.file}:{place.line}" if place else ""
