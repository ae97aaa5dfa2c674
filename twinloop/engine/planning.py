"""What is to happen to one resource, given its goal and its state; reads, never changes anything."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from twinloop.engine import differences
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import ProtectedResource
from twinloop.engine.goals import Goal
from twinloop.engine.model import Op, PropertyChange
from twinloop.engine.provider_calls import Difference, Provider
from twinloop.engine.states import ResourceState
from twinloop.engine.values import UNKNOWN, Properties


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The one decision about a resource."""

    op: Op
    goal: Goal
    inputs: Properties
    old: ResourceState | None = None
    reference: str = ""
    provider: Provider | None = None
    changes: tuple[PropertyChange, ...] = ()
    replace_keys: tuple[str, ...] = ()
    delete_first: bool = False


def seed(deployment: Deployment, urn: str, old: ResourceState | None) -> bytes:
    """What a provider makes a random name of: the same in preview and up, another for each replacement."""
    salt = deployment.snapshot.crypter.salt
    text = f"{salt}|{urn}|{old.id if old else ''}|{old.modified if old else ''}"
    return hashlib.sha256(text.encode()).digest()


class Planner:
    """Decides, resource by resource."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def component(self, goal: Goal, old: ResourceState | None) -> Plan:
        """A component is only state: it is there, and its inputs may change."""
        if old is None:
            return Plan(op=Op.CREATE, goal=goal, inputs=goal.properties)
        difference = Difference(old.inputs != goal.properties)
        changes = differences.changes(difference, old.inputs, goal.properties, (), goal.hide_diffs)
        op = Op.UPDATE if difference.changed else Op.SAME
        return Plan(op=op, goal=goal, inputs=goal.properties, old=old, changes=changes)

    def custom(self, goal: Goal, old: ResourceState | None, reference: str) -> Plan:
        """A resource of a provider.

        Raises:
            ProviderFailure: the provider refused the inputs, or failed.
            ProtectedResource: it would have to be replaced, and is protected.
        """
        provider = self._deployment.providers.get(reference)
        recreating = old is not None and old.pending_replacement
        known = {} if old is None or recreating else old.inputs
        wanted = (
            differences.ignoring(known, goal.properties, goal.ignore_changes) if known else goal.properties
        )
        inputs = provider.check(goal.urn, known, wanted, seed(self._deployment, goal.urn, None))
        if old is None or recreating:
            op = Op.CREATE_REPLACEMENT if recreating else Op.CREATE
            return Plan(op=op, goal=goal, inputs=inputs, old=old, reference=reference, provider=provider)
        return self._compare(goal, old, inputs=inputs, wanted=wanted, reference=reference, provider=provider)

    def _compare(
        self,
        goal: Goal,
        old: ResourceState,
        *,
        inputs: Properties,
        wanted: Properties,
        reference: str,
        provider: Provider,
    ) -> Plan:
        moved = old.external or self._deployment.providers.changed(old, reference)
        difference = provider.diff(goal.urn, old.id, old.inputs, old.outputs, inputs, goal.ignore_changes)
        replaces = list(difference.replaces)
        replaces += [
            path
            for path in differences.forced(difference, old.inputs, inputs, goal.replace_on_changes)
            if path not in replaces
        ]
        if moved:
            replaces.append("provider")
        if not replaces:
            changed = difference.changed or bool(old.init_errors)
            changes = differences.changes(difference, old.inputs, inputs, (), goal.hide_diffs)
            op = Op.UPDATE if changed else Op.SAME
            return Plan(
                op=op,
                goal=goal,
                inputs=inputs,
                old=old,
                reference=reference,
                provider=provider,
                changes=changes,
            )
        # A new resource gets its names and defaults afresh, not those of the one it replaces.
        inputs = provider.check(goal.urn, {}, wanted, seed(self._deployment, goal.urn, old))
        replacement = Plan(
            op=Op.REPLACE,
            goal=goal,
            inputs=inputs,
            old=old,
            reference=reference,
            provider=provider,
            changes=differences.changes(difference, old.inputs, inputs, replaces, goal.hide_diffs),
            replace_keys=tuple(replaces),
        )
        return self._ordered(replacement, old, difference)

    def _ordered(self, plan: Plan, old: ResourceState, difference: Difference) -> Plan:
        """The replacement, with what comes first in it: the new resource, or the end of the old one."""
        if old.protect and not self._deployment.options.unprotect:
            raise ProtectedResource([old.urn], "replaced")
        first = difference.delete_before_replace
        if plan.goal.delete_before_replace is not None:
            first = plan.goal.delete_before_replace
        return replace(plan, delete_first=first and not old.external)

    def dependents(self, root: ResourceState) -> list[ResourceState]:
        """The states that must go before `root` can, because a new `root` would replace them too.

        Those that only update when the value they take from `root` changes stay.
        """
        replaced, found = {root.urn}, []
        for state in self._deployment.snapshot.left():
            if state.delete or state.pending_replacement or not state.custom or state.slot == root.slot:
                continue
            keys = [
                key
                for key, needed in state.property_dependencies.items()
                if any(urn in replaced for urn in needed)
            ]
            if keys and self._would_be_replaced(state, keys):
                replaced.add(state.urn)
                found.append(state)
        return found

    def _would_be_replaced(self, state: ResourceState, keys: list[str]) -> bool:
        if not state.provider:
            return False
        provider = self._deployment.providers.get(state.provider)
        inputs = {**state.inputs, **{key: UNKNOWN for key in keys if key in state.inputs}}
        difference = provider.diff(
            state.urn, state.id, state.inputs, state.outputs, inputs, state.ignore_changes
        )
        forced = differences.forced(difference, state.inputs, inputs, state.replace_on_changes)
        return bool(difference.replaces or forced)
