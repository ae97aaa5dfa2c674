"""What cannot be undone: one-way properties, and the loss of resources that hold what nothing else has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from numbers import Real

from checks.catalogue.one_way import arm_type_of, kept, stateful, steps, wire_path
from checks.catalogue.resource_types import resource_types
from checks.findings import Finding, Severity
from checks.plan import Change, Difference, Resource
from checks.waivers import Waiver, applied


def findings(
    changes: Iterable[Change], waivers: Iterable[Waiver] = (), *, today: date | None = None, stack: str = ""
) -> tuple[Finding, ...]:
    """What of the changes cannot be undone; what is waived stays as a note.

    Args:
        changes: of one stack.
        waivers: of the stack's settings, as they are with the change.
        today: against which waivers are held; the present day in UTC unless given.
        stack: for words about waivers where no change names it.
    """
    found = tuple(changes)
    raised = [finding for change in found for finding in _of(change, found)]
    name = stack or next((change.resource.stack for change in found), "")
    day = today or datetime.now(UTC).date()
    return tuple(applied(raised, tuple(waivers), stack=name, today=day))


def _of(change: Change, others: tuple[Change, ...]) -> Iterator[Finding]:
    yield from _loss(change, others)
    if change.op == "update":
        for difference in change.differences:
            yield from _step(change, difference)
            yield from _shorter(change, difference)
    # Protection is no property of Azure's: a resource that is the same there may lose it all the same.
    yield from _unprotected(change)


def _loss(change: Change, others: tuple[Change, ...]) -> Iterator[Finding]:
    if not _told(change) or _goes_with_another(change, others):
        return
    row = stateful()[_arm_type(change).lower()]
    resource = change.before or change.resource
    name, parts = _name(resource), _parts(change, others)
    with_parts = f", with {', '.join(parts)} in it" if parts else ""
    if change.op == "delete":
        what, rule = f"{name} is deleted{with_parts}", "stateful-delete"
        fix = _kept(resource, others)
    else:
        what, rule = f"{name} is replaced{_because(change)}{with_parts}", "stateful-replace"
        fix = "leave the property as it was, or copy the data first"
    yield _finding(
        change, row.severity, rule, f"{what}; lost: {row.lost}", f"back: {row.back}", fix, row.source
    )


def _kept(resource: Resource, others: tuple[Change, ...]) -> str:
    """What to do instead of deleting; where only its name in the program is another, the alias for it."""
    for other in others:
        if other.op == "create" and resource.id and other.resource.id.lower() == resource.id.lower():
            return (
                f"it only has another name in the program: give {other.resource.name} the option "
                f'aliases=[pulumi.Alias(name="{resource.name}")], and parent= too where that is another one'
            )
    return f"keep {resource.name} in the program"


def _because(change: Change) -> str:
    reasons = [_shown(difference) for difference in change.differences if difference.replaces]
    return f" because of {', '.join(reasons)}" if reasons else ""


def _shown(difference: Difference) -> str:
    return f"{difference.path} ({_plain(difference.before)} to {_plain(difference.after)})"


def _plain(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _goes_with_another(change: Change, others: tuple[Change, ...]) -> bool:
    """Whether something that holds it, and is told already, goes too."""
    return any(_holds(other, change) for other in others)


def _parts(change: Change, others: tuple[Change, ...]) -> list[str]:
    return [
        _name(other.before or other.resource) for other in others if _holds(change, other) and _told(other)
    ]


def _holds(outer: Change, inner: Change) -> bool:
    above, below = (outer.before or outer.resource).id.lower(), (inner.before or inner.resource).id.lower()
    return (
        bool(above) and below.startswith(f"{above}/") and _told(outer) and inner.op in {"delete", "replace"}
    )


def _told(change: Change) -> bool:
    mine = not (change.before or change.resource).taken
    return mine and change.op in {"delete", "replace"} and _arm_type(change).lower() in stateful()


def _step(change: Change, difference: Difference) -> Iterator[Finding]:
    token, arm_type = change.resource.type, _arm_type(change)
    path = wire_path(token, difference.path)
    row = steps().get((arm_type.lower(), path))
    if row is None:
        return
    before, after = row.place(difference.before), row.place(difference.after)
    if before is None or after is None or before == after:
        return
    types = resource_types().get(token)
    words = row.what or (types.one_way.get(path, "") if types else "")
    name = _name(change.resource)
    if after > before:
        what = f"{name}: {_shown(difference)} cannot be undone"
        fix = "make sure that it is meant, on a stack that can be lost first"
        yield _finding(change, "warn", "one-way-property", what, words, fix, row.source)
    else:
        what = f"{name}: {_shown(difference)} goes back where there is no way back"
        fix = f"leave {difference.path} as it was: Azure refuses the change"
        yield _finding(change, "refuse", "one-way-reversed", what, words, fix, row.source)


def _shorter(change: Change, difference: Difference) -> Iterator[Finding]:
    path = wire_path(change.resource.type, difference.path)
    for row in kept():
        if row.type.lower() != _arm_type(change).lower() or not row.is_about(path):
            continue
        before, after = difference.before, difference.after
        added = row.added and before is None and isinstance(after, Real)
        if added or (isinstance(before, Real) and isinstance(after, Real) and after < before):
            yield _finding(
                change,
                "warn",
                "kept-shorter",
                f"{_name(change.resource)}: {_shown(difference)}; {row.what}",
                "what is deleted for its age is gone, whatever is decided later",
                "keep the number of days, or copy first what must stay",
                row.source,
            )


def _unprotected(change: Change) -> Iterator[Finding]:
    if change.before and change.after and change.before.protect and not change.after.protect:
        yield _finding(
            change,
            "warn",
            "protection-removed",
            f"{_name(change.resource)} is not protected any more",
            "the next change may delete it without being asked twice",
            "keep twinloop:protect: true; take it away only for a deletion that was reviewed",
            "https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
        )


def _finding(  # noqa: PLR0917 - the columns of a finding
    change: Change, severity: Severity, rule: str, what: str, why: str, fix: str, source: str
) -> Finding:
    return Finding(
        severity=severity,
        rule=rule,
        stack=change.resource.stack,
        resource=change.resource.urn,
        what=what,
        why=why,
        fix=fix,
        source=source,
    )


def _arm_type(change: Change) -> str:
    resource = change.before or change.resource
    return arm_type_of(resource.type, resource.id)


def _name(resource: Resource) -> str:
    """A resource as Azure and the program call it."""
    physical = resource.id.rpartition("/")[2]
    return f"{physical} ({resource.name})" if physical else resource.name
