"""The parts of a comment, riskiest first: which blocks each has, out of a review."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from checks.plan import UNKNOWN
from twinloop.review.labels import (
    CostChange,
    by_of,
    cost_changes,
    dated,
    finding_told,
    name_of,
    pair,
    priced,
    real_changes,
    resource_label,
    short_type,
    type_of,
)
from twinloop.review.markdown_blocks import Block
from twinloop.review.markdown_text import code, fenced, html_code, named, span, words

if TYPE_CHECKING:
    from checks.access import AccessChange
    from checks.findings import Finding
    from checks.plan import Change, Difference
    from checks.quota import QuotaUse
    from twinloop.review.model import Review, StackReview

OPEN = 12  # blocks of a section that are seen without a click
LINES = 25  # properties of one resource in one block
Told = Iterator[tuple[str, str]]  # stack and text


def blocks(review: Review) -> list[Block]:
    """All that changes, in the order in which it should be read."""
    return [block for section in SECTIONS for block in section(review)]


def _refused(review: Review) -> Iterable[Block]:
    return _folded("Refused", _findings(review, "refuse"))


def _warnings(review: Review) -> Iterable[Block]:
    return _folded("Warnings", _findings(review, "warn"))


def _notes(review: Review) -> Iterable[Block]:
    return _folded("Notes", [*_findings(review, "note"), *_remarks(review)], seen_first=0)


def _findings(review: Review, severity: str) -> Told:
    for stack in review.stacks:
        for finding in stack.findings:
            if finding.severity == severity:
                yield stack.stack, _finding(stack, finding)


def _finding(stack: StackReview, finding: Finding) -> str:
    about = f"{named(resource_label(finding.resource))}: " if finding.resource else ""
    place = stack.places.get(finding.resource or finding.rule)
    lines = [
        f"{about}{words(finding_told(finding), 1200)}",
        f"  - do: {words(finding.fix)}{':' if finding.copied else ''}",
    ]
    where = f" at {code(f'{place.file}:{place.line}')}" if place else ""
    source = f"; source: {words(finding.source)}" if finding.source else ""
    lines.insert(1, f"  - rule {named(finding.rule)}{where}{source}")
    return "\n".join([*lines, *fenced(finding.copied)])


def _remarks(review: Review) -> Told:
    for stack in review.stacks:
        for note in stack.notes:
            yield stack.stack, words(note)


def _lost(review: Review) -> Iterable[Block]:
    told = _changed(review, ("replace", "delete"), lambda change: not _is_assignment(change))
    return _folded("Replaced and deleted", told, seen_first=40)


def _assignments(review: Review) -> Iterable[Block]:
    """Apart, because what they give or gave is told as access, in words."""
    told = _changed(review, ("replace", "delete"), _is_assignment)
    return _folded("Role assignments replaced and deleted", told, seen_first=3)


def _is_assignment(change: Change) -> bool:
    return change.resource.type == "azure-native:authorization:RoleAssignment"


def _updated(review: Review) -> Iterable[Block]:
    return _folded("Updated", _changed(review, ("update",)))


def _changed(
    review: Review, ops: tuple[str, ...], chosen: Callable[[Change], bool] = lambda _change: True
) -> Told:
    for op in ops:
        for stack in review.stacks:
            for change in real_changes(stack):
                if change.op == op and chosen(change):
                    yield from ((stack.stack, text) for text in _resource(change))


def _resource(change: Change) -> Iterator[str]:
    """One resource and its properties; more blocks than one where it has very many."""
    label = f"{named(resource_label(change.resource.urn))} is {_PAST[change.op]}"
    reasons = [one for one in change.differences if one.replaces]
    rest = [one for one in change.differences if not one.replaces]
    if change.op == "replace":
        label += f" because of {_listed(one.path for one in reasons)}" if reasons else ": no reason was given"
    lines = [_difference(one) for one in (*reasons, *rest)]
    for start in range(0, max(len(lines), 1), LINES):
        again = ", more of its properties" if start else ""
        yield "\n".join([label + again, *lines[start : start + LINES]])


_PAST = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}


def _listed(paths: Iterable[str]) -> str:
    found = list(paths)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""  # noqa: PLR2004 - of one line
    return ", ".join(named(path) for path in found[:3]) + more


def _difference(one: Difference) -> str:
    forces = " (forces the replacement)" if one.replaces else ""
    if one.before == one.after == UNKNOWN and one.replaces:
        return f"  - {named(one.path)}: another one, that nobody knows yet{forces}"
    if one.before == one.after and one.replaces:
        return f"  - {named(one.path)}: {code(one.after)}, of what is replaced itself{forces}"
    if one.before is None:
        return f"  - {named(one.path)}: set to {code(one.after)}{forces}"
    if one.after is None:
        return f"  - {named(one.path)}: {code(one.before)} taken out{forces}"
    before, after = map(span, pair(one.before, one.after))
    return f"  - {named(one.path)}: {before} → {after}{forces}"


def _access_gained(review: Review) -> Iterable[Block]:
    return _folded("Access gained", _access(review, gained=True), seen_first=20)


def _access_lost(review: Review) -> Iterable[Block]:
    return _folded("Access lost", _access(review, gained=False))


def _access(review: Review, *, gained: bool) -> Told:
    for stack in review.stacks:
        for one in sorted(stack.access, key=_reach):
            if one.gained == gained:
                yield stack.stack, _grant(one)


def _reach(one: AccessChange) -> tuple[int, str, str, str]:
    return -len(one.risks), one.principal, one.where, one.what


def _grant(one: AccessChange) -> str:
    kind = "data" if one.data else "management"
    standing = "" if one.standing else ", not standing"
    verb = "may now" if one.gained else "may no longer"
    risks = f"**{words(', '.join(one.risks))}**: " if one.risks else ""
    by = f", by {words(by_of(one))}" if one.by else ""
    condition = f", where {words(one.condition)}" if one.condition else ""
    return (
        f"{risks}{named(one.principal)} {verb} {words(one.what)} on {named(one.where)} "
        f"({kind}{standing}: {_listed(one.actions)}){by}{condition}"
    )


def _opened(review: Review) -> Iterable[Block]:
    return _folded("Exposure opened", _exposure(review, opened=True), seen_first=20)


def _closed(review: Review) -> Iterable[Block]:
    return _folded("Exposure closed", _exposure(review, opened=False))


def _exposure(review: Review, *, opened: bool) -> Told:
    for stack in review.stacks:
        for one in stack.exposure:
            if one.opened == opened:
                opens = "opens" if opened else "closes"
                yield (
                    stack.stack,
                    f"{named(resource_label(one.resource))} {opens}: {words(one.what)} (by {named(one.by)})",
                )


def _quota(review: Review) -> Iterable[Block]:
    uses = [(stack.stack, use) for stack in review.stacks for use in stack.quota if use.before != use.after]
    uses.sort(key=lambda found: not _over(found[1]))
    return _folded("Quota", ((stack, _use(use)) for stack, use in uses))


def _over(use: QuotaUse) -> bool:
    return use.limit is not None and use.after > use.limit


def _use(use: QuotaUse) -> str:
    before = "unknown" if use.before is None else str(use.before)
    limit = "its limit is not known" if use.limit is None else f"limit {use.limit}"
    over = "**over**: " if _over(use) else ""
    return (
        f"{over}{named(use.family)} in {named(use.location)} of subscription {named(use.subscription)}: "
        f"{before} → {use.after} cores at most, {limit} ({_listed(map(resource_label, use.resources))})"
    )


def _cost(review: Review) -> Iterable[Block]:
    """Lines of the bill; those of one stack that differ only in the resource are told together."""
    found = []
    for stack in review.stacks:
        alike: dict[str, list[CostChange]] = {}
        for change in cost_changes(stack.stack, stack.cost_before, stack.cost_after):
            alike.setdefault(f"{short_type(type_of(change.item.resource))} {_priced(change)}", []).append(
                change
            )
        found += [(stack.stack, f"{_charged(one)}: {_priced(one[0])}") for one in alike.values()]
    return _folded("Cost", found)


def _charged(changes: list[CostChange]) -> str:
    """The resource, or how many of its type and their names."""
    first = changes[0].item.resource
    if len(changes) == 1:
        return named(resource_label(first))
    names = ", ".join(named(name_of(change.item.resource)) for change in changes)
    return f"for each of {len(changes)} {named(short_type(type_of(first)))} ({names})"


def _priced(change: CostChange) -> str:
    item = change.item
    before = priced(change.before) if change.before else "nothing"
    after = priced(change.after) if change.after else "nothing"
    price = f"{before} → {after}" if before != after else f"{after}, as before"
    hidden = "**hidden**: brought along by a setting, " if item.hidden else ""
    basis = f". {words(item.basis)}" if item.basis else ""
    region = f" for {named(item.region)}" if item.region else ""
    source = f" (price{words(dated(item))}{region}: {words(item.source)})" if item.source else ""
    return f"{hidden}{words(change.what)}: {price}{basis}{source}"


def _created(review: Review) -> Iterator[Block]:
    """Creates by type, each type behind one line."""
    for stack in review.stacks:
        made = sorted(
            (change.resource for change in real_changes(stack) if change.op == "create"),
            key=lambda resource: (resource.type, resource.name),
        )
        for kind, found in groupby(made, key=lambda resource: resource.type):
            resources = list(found)
            fold = f"{html_code(stack.stack)}: {len(resources)} of {html_code(kind)}"
            for one in resources:
                at = f" at {named(one.id, 240)}" if one.id else ""
                yield Block(section="Created", text=f"- {named(one.name)}{at}", fold=fold)


def _folded(section: str, told: Iterable[tuple[str, str]], *, seen_first: int = OPEN) -> Iterator[Block]:
    """Blocks of a section: what several stacks share is told once, what is far down waits for a click."""
    stacks: dict[str, list[str]] = {}
    for stack, text in told:
        told_of = stacks.setdefault(text, [])
        if stack not in told_of:
            told_of.append(stack)
    for at, (text, told_of) in enumerate(stacks.items()):
        of = ", ".join(named(stack) for stack in told_of)
        fold = f"{len(stacks) - seen_first} more" if at >= seen_first > 0 else ""
        fold = f"{len(stacks)} of them" if seen_first == 0 else fold
        yield Block(section=section, text=f"- {of}: {text}", fold=fold)


SECTIONS: tuple[Callable[[Review], Iterable[Block]], ...] = (
    _refused,
    _lost,
    _access_gained,
    _opened,
    _warnings,
    _quota,
    _cost,
    _updated,
    _assignments,
    _access_lost,
    _closed,
    _created,
    _notes,
)
