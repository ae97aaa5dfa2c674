"""A stack as the checks see it, and what changes of it: one change per resource, and why it is replaced."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checks.plan import UNKNOWN, Change, Difference, Resource, StackPlan
from checks.plan import Op as ChangeOp
from twinloop.engine import Op, Outcome, Step
from twinloop.engine.provider_calls import public
from twinloop.engine.values import masked

if TYPE_CHECKING:
    from twinloop.engine.states import ResourceState

# A resource may have several steps; the first of these that it has says what happens to it.
_ORDER: tuple[tuple[Op, ChangeOp], ...] = (
    (Op.REPLACE, "replace"),
    (Op.CREATE_REPLACEMENT, "replace"),
    (Op.CREATE, "create"),
    (Op.IMPORT, "create"),
    (Op.UPDATE, "update"),
    (Op.DELETE, "delete"),
    (Op.DELETE_REPLACED, "delete"),
)


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """One stack after a run, on paper or planned."""

    stack: str
    resources: tuple[Resource, ...]
    needs: Mapping[str, Mapping[str, tuple[str, ...]]]
    """URN -> property -> URNs that its value is made of."""
    outcome: Outcome


def evaluated(stack: str, states: Iterable[ResourceState], outcome: Outcome) -> Evaluated:
    """What a run of the embedded engine came to."""
    found = tuple(states)
    return Evaluated(
        stack=stack,
        resources=tuple(resource_of(stack, state) for state in found),
        needs={
            state.urn: {key: tuple(urns) for key, urns in state.property_dependencies.items()}
            for state in found
        },
        outcome=outcome,
    )


def resource_of(stack: str, state: ResourceState) -> Resource:
    """A resource of a state as the checks look at it; secrets are words."""
    return Resource(
        stack=stack,
        urn=state.urn,
        type=state.type,
        name=state.name,
        id=state.id if state.custom else "",
        inputs=_shown(public(state.inputs)),
        outputs=_shown(state.outputs),
        parent=state.parent,
        depends_on=tuple(
            sorted(state.depends_on() - {state.parent, state.provider.rpartition("::")[0]}),
        ),
        protect=state.protect,
        taken=state.external,
    )


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(masked(values))


def plan(
    before: Iterable[Resource], after: Evaluated, is_placeholder: Callable[[str], bool] = lambda _text: False
) -> StackPlan:
    """Compare a stack with what it is after the change, in the order of URNs.

    Engines do much at once: the order in which they finish is another one at every run.

    Args:
        before: its resources until now.
        after: the stack, brought on paper from there.
        is_placeholder: whether a text stands for what only a cloud can say.
    """
    old = {resource.urn: resource for resource in _in_order(before)}
    new = {resource.urn: resource for resource in _in_order(after.resources)}
    was = {becomes: urn for urn, becomes in after.outcome.renames.items()}
    steps: dict[str, list[Step]] = {}
    for step in after.outcome.steps:
        steps.setdefault(step.urn, []).append(step)
    ops = {urn: _op(found) for urn, found in steps.items()}
    replaced = {urn for urn, op in ops.items() if op == "replace"}
    changes = []
    for urn, resource in new.items():
        op = ops.get(urn, "same")
        previous = None if op == "create" else old.get(urn) or old.get(was.get(urn, ""))
        differences = () if op in {"create", "same"} else _differences(steps[urn])
        if op == "replace" and not any(one.replaces for one in differences):
            differences += tuple(_carried(resource, previous, after.needs.get(urn, {}), replaced))
        if op == "replace" and not any(one.replaces for one in differences):
            differences += tuple(_moved(resource, previous))
        hidden = tuple(_without_placeholders(one, is_placeholder) for one in differences)
        changes.append(Change(op=op, before=previous, after=resource, differences=hidden))
    kept = {change.before.urn for change in changes if change.before is not None}
    gone = [
        Change(op="delete", before=resource, after=None)
        for urn, resource in old.items()
        if urn not in kept and ops.get(urn) == "delete"
    ]
    return StackPlan(
        stack=after.stack,
        before=tuple(old.values()),
        after=tuple(new.values()),
        changes=(*changes, *gone),
    )


def unchanged(stack: str, resources: Iterable[Resource]) -> StackPlan:
    """A stack in which nothing changes."""
    found = _in_order(resources)
    return StackPlan(
        stack=stack,
        before=found,
        after=found,
        changes=tuple(Change(op="same", before=one, after=one) for one in found),
    )


def gone(stack: str, resources: Iterable[Resource]) -> StackPlan:
    """A stack that is no more: everything it had would have to go."""
    found = _in_order(resources)
    changes = tuple(Change(op="delete", before=one, after=None) for one in found)
    return StackPlan(stack=stack, before=found, after=(), changes=changes)


def _in_order(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    return tuple(sorted(resources, key=lambda one: one.urn))


def _op(steps: Iterable[Step]) -> ChangeOp:
    ops = {step.op for step in steps}
    return next((name for op, name in _ORDER if op in ops), "same")


def _differences(steps: Iterable[Step]) -> tuple[Difference, ...]:
    told = max(steps, key=lambda step: len(step.changes))
    keys = set(told.replace_keys)
    return tuple(
        Difference(
            path=change.path,
            before=change.before,
            after=change.after,
            replaces=change.kind.endswith("replace") or change.path in keys,
        )
        for change in told.changes
    )


def _carried(
    resource: Resource,
    previous: Resource | None,
    needs: Mapping[str, Iterable[str]],
    replaced: Collection[str],
) -> Iterator[Difference]:
    """The properties by which a resource is replaced along with another one that it is made of."""
    for name, urns in needs.items():
        if any(urn in replaced for urn in urns):
            before = previous.inputs.get(name) if previous else None
            yield Difference(path=name, before=before, after=resource.inputs.get(name), replaces=True)


def _moved(resource: Resource, previous: Resource | None) -> Iterator[Difference]:
    """What no property says: it has to be elsewhere, in another subscription."""
    if previous is not None and previous.id != resource.id:
        yield Difference(path="id", before=previous.id, after=resource.id, replaces=True)


def _without_placeholders(found: Difference, is_placeholder: Callable[[str], bool]) -> Difference:
    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return UNKNOWN if is_placeholder(value) else value
        if isinstance(value, dict):
            return {key: hide(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [hide(inner) for inner in value]
        return value

    return Difference(
        path=found.path, before=hide(found.before), after=hide(found.after), replaces=found.replaces
    )
