"""One stack of the report: picture, changes by property, access, exposure, cost and quota."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from checks.plan import UNKNOWN
from twinloop.review.html_elements import badge, folded, resource, table, text, value
from twinloop.review.html_picture import picture
from twinloop.review.labels import (
    OPS,
    by_of,
    cost_changes,
    counts,
    dated,
    is_known,
    money,
    priced,
    real_changes,
    seen,
)

if TYPE_CHECKING:
    from checks.access import AccessChange
    from checks.cost import Estimate, Item
    from checks.plan import Change, Difference
    from checks.quota import QuotaUse
    from twinloop.review.model import Place, StackReview

RANK = {"delete": 0, "replace": 1, "update": 2, "create": 3}


def stack_section(review: StackReview, number: int) -> str:
    """The part of the page that is about one stack."""
    changes = sorted(
        real_changes(review), key=lambda one: (RANK[one.op], one.resource.type, one.resource.name)
    )
    anchors = {one.resource.urn: f"s{number}-c{at}" for at, one in enumerate(changes)}
    found = counts(review.plan.changes)
    state = (
        "not evaluated"
        if not is_known(review)
        else "new"
        if review.is_new
        else "gone"
        if review.is_gone
        else ""
    )
    head = "".join(badge(op, f"{found[op]} {op}") for op in OPS if found[op])
    notes = "".join(f"<li>{text(note)}</li>" for note in review.notes)
    state_badge = f"{badge(state)} " if state else ""
    unchanged = f'<span class="soft">{found["same"]} unchanged</span>' if is_known(review) else ""
    parts = [
        f'<section class="stack" id="s{number}">',
        f"<h2>{text(review.stack)} {state_badge}{head} {unchanged}</h2>",
        f'<ul class="notes">{notes}</ul>' if notes else "",
        folded("Resources", picture(review, anchors), is_open=bool(changes)) if is_known(review) else "",
        _changes(changes, anchors, review),
        _access(review),
        _exposure(review),
        _cost(review),
        _quota(review),
    ]
    return "".join(parts) + "</section>"


def _changes(changes: list[Change], anchors: dict[str, str], review: StackReview) -> str:
    if not is_known(review):
        return '<p class="soft">What changes is not known: see the findings.</p>'
    if not changes:
        return '<p class="soft">No resource changes.</p>'
    body = "".join(
        _change(one, anchors[one.resource.urn], review.places.get(one.resource.urn)) for one in changes
    )
    return folded("Changes", body, count=len(changes))


def _change(change: Change, anchor: str, place: Place | None) -> str:
    one = change.resource
    searched = escape(seen(f"{one.type} {one.name} {one.id}".lower()))
    reasons = [value(found.path) for found in change.differences if found.replaces]
    because = f' <span class="soft">because of</span> {", ".join(reasons)}' if reasons else ""
    said = f'<p class="soft">said in {value(f"{place.file}:{place.line}")}</p>' if place else ""
    where = f'<p class="soft">{value(one.id)}</p>' if one.id else ""
    protect = f" {badge('protect', 'protected')}" if one.protect else ""
    body = where + said + _differences(change)
    opened = " open" if change.op in {"replace", "delete"} else ""
    return (
        f'<details class="change" id="{anchor}" data-op="{change.op}" data-text="{searched}"{opened}>'
        f"<summary>{badge(change.op)} {resource(one.urn)}{protect}{because}</summary>{body}</details>"
    )


def _differences(change: Change) -> str:
    if not change.differences:
        return ""
    ordered = sorted(change.differences, key=lambda found: not found.replaces)
    return table(("property", "before", "after"), (_row(found) for found in ordered))


def _row(found: Difference) -> tuple[str, str, str]:
    forces = f" {badge('replace', 'forces the replacement')}" if found.replaces else ""
    if found.before == found.after and found.replaces:
        why = "another one, that nobody knows yet" if found.after == UNKNOWN else "of what is replaced itself"
        forces += f' <span class="soft">{why}</span>'
    before = f'<span class="old">{value(found.before)}</span>'
    return value(found.path) + forces, before, f'<span class="new">{value(found.after)}</span>'


def _access(review: StackReview) -> str:
    if not review.access:
        return ""
    head = ("", "who", "may", "on", "kind", "actions", "by")
    ordered = sorted(review.access, key=lambda one: (not one.gained, not one.risks, one.principal, one.where))
    rows = (_grant(one) for one in ordered)
    return folded("Access", table(head, rows), count=len(review.access))


def _grant(one: AccessChange) -> tuple[str, ...]:
    change = badge("gained") if one.gained else badge("lost")
    risks = "".join(f" {badge('risk', risk)}" for risk in one.risks)
    kind = ("data" if one.data else "management") + ("" if one.standing else ", by elevation")
    by = by_of(one)
    condition = f'<br><span class="soft">where {text(one.condition)}</span>' if one.condition else ""
    actions = "<br>".join(value(action) for action in one.actions)
    return (
        change,
        text(one.principal),
        text(one.what) + risks,
        text(one.where),
        kind,
        actions,
        text(by) + condition,
    )


def _exposure(review: StackReview) -> str:
    if not review.exposure:
        return ""
    ordered = sorted(review.exposure, key=lambda one: not one.opened)
    rows = (
        (
            badge("gained", "opened") if one.opened else badge("lost", "closed"),
            resource(one.resource),
            text(one.what),
            value(one.by),
            text(one.why),
        )
        for one in ordered
    )
    return folded("Exposure", table(("", "resource", "what", "by", "why"), rows), count=len(review.exposure))


def _cost(review: StackReview) -> str:
    changed = cost_changes(review.stack, review.cost_before, review.cost_after)
    head = ("resource", "what", "before", "after", "basis", "source")
    rows = (
        (
            resource(one.item.resource),
            text(one.what) + (f" {badge('risk', 'hidden')}" if one.item.hidden else ""),
            text(priced(one.before)) if one.before else "",
            text(priced(one.after)) if one.after else "",
            text(one.item.basis),
            _source(one.item),
        )
        for one in changed
    )
    if not is_known(review):
        return ""
    body = _sums(review.cost_before, review.cost_after)
    body += table(head, rows) if changed else '<p class="soft">No line of the bill changes.</p>'
    return folded("Cost", body, count=len(changed) if changed else None, is_open=bool(changed))


def _sums(before: Estimate, after: Estimate) -> str:
    def of(name: str, one: Estimate) -> tuple[str, ...]:
        unknown = f"{len(one.unknown)} of {len(one.items)}"
        return name, money(one.at_rest), money(one.at_worst), unknown, str(len(one.by_use))

    head = (
        "USD a month of 730 hours",
        "at rest",
        "at worst",
        "lines of unknown price",
        "lines charged by use",
    )
    return table(head, (of("before", before), of("after", after)), numbers=(1, 2, 3, 4))


def _source(item: Item) -> str:
    if not item.source:
        return '<span class="soft">no source: unknown</span>'
    details = ", ".join(part for part in (f"price{dated(item)}", item.region) if part)
    return text(item.source) + f' <span class="soft">{text(details)}</span>'


def _quota(review: StackReview) -> str:
    uses = [use for use in review.quota if use.before != use.after]
    if not uses:
        return ""
    head = ("family", "where", "cores before", "after", "limit", "used by")
    return folded("Quota", table(head, map(_use, uses), numbers=(2, 3, 4)), count=len(uses))


def _use(use: QuotaUse) -> tuple[str, ...]:
    over = use.limit is not None and use.after > use.limit
    where = f"{text(use.location)} <span class='soft'>{text(use.subscription)}</span>"
    before = "" if use.before is None else str(use.before)
    limit = "unknown" if use.limit is None else str(use.limit)
    after = f"{use.after}{' ' + badge('refuse', 'over') if over else ''}"
    return text(use.family), where, before, after, limit, "<br>".join(map(resource, use.resources))
