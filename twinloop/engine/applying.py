"""Carries one plan out: intent on the disk, the provider's work, result on the disk, then the answer."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from twinloop.engine import differences
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import EngineError, ProtectedResource
from twinloop.engine.goals import Goal
from twinloop.engine.model import Op, Step
from twinloop.engine.planning import Plan, Planner
from twinloop.engine.provider_calls import Provider
from twinloop.engine.provider_context import ProviderFailure
from twinloop.engine.reporting import describe
from twinloop.engine.states import ResourceState, now
from twinloop.engine.values import Properties


def new_state(
    goal: Goal, inputs: Properties, reference: str = "", old: ResourceState | None = None
) -> ResourceState:
    """The state that a goal leads to; id, outputs and times are carried over from `old`."""
    return ResourceState(
        urn=goal.urn,
        type=goal.type,
        custom=goal.custom,
        id=old.id if old else "",
        inputs=inputs,
        outputs=old.outputs if old else {},
        parent=goal.parent,
        protect=goal.protect,
        dependencies=_as_before(goal.dependencies, old.dependencies if old else []),
        provider=reference,
        property_dependencies={
            key: _as_before(needed, old.property_dependencies.get(key, []) if old else [])
            for key, needed in goal.property_dependencies.items()
        },
        additional_secret_outputs=sorted(goal.additional_secret_outputs),
        custom_timeouts=goal.timeouts,
        import_id=goal.import_id,
        retain_on_delete=goal.retain_on_delete,
        deleted_with=goal.deleted_with,
        created=old.created if old else "",
        modified=old.modified if old else "",
        ignore_changes=goal.ignore_changes,
        hide_diff=goal.hide_diffs,
        replace_on_changes=goal.replace_on_changes,
        rest=old.rest if old else {},
        slot=old.slot if old else -1,
    )


def _as_before(urns: list[str], before: list[str]) -> list[str]:
    """The old list where it says the same: the order is an accident, and a state is not written for it."""
    return before if set(urns) == set(before) else urns


class Applier:
    """Applies plans; in a preview the provider is only asked what would come of them."""

    def __init__(self, deployment: Deployment, planner: Planner) -> None:
        self._deployment = deployment
        self._planner = planner
        self._snapshot = deployment.snapshot
        self._report = deployment.report
        self._dry = deployment.dry_run

    def apply(self, plan: Plan) -> ResourceState:
        """Bring the resource where the plan wants it and return its state.

        Raises:
            ProviderFailure: the provider failed; the step has been reported.
        """
        if plan.provider is None:
            return self._component(plan)
        if plan.op is Op.SAME:
            return self.same(plan)
        with self._deployment.turn():
            if plan.op is Op.CREATE:
                return self._create(plan, Op.CREATE)
            if plan.op is Op.UPDATE:
                return self._update(plan)
            if plan.op is Op.CREATE_REPLACEMENT:
                return self._create(plan, Op.CREATE_REPLACEMENT, drop=plan.old)
            return self._replace(plan)

    def same(self, plan: Plan) -> ResourceState:
        """Nothing to do in the cloud; what the program says about the resource may still have changed."""
        old = plan.old
        if old is None:
            raise ValueError("a resource without a state cannot stay the same")
        state = new_state(plan.goal, plan.inputs, plan.reference, old)
        state.init_errors = old.init_errors
        if state.same_as(old):
            self._snapshot.keep(old)
            state = old
        else:
            self._snapshot.end(None, confirm=[state], wait=False)
        self._report.done(describe(Op.SAME, state))
        return state

    def _component(self, plan: Plan) -> ResourceState:
        if plan.op is Op.SAME:
            return self.same(plan)
        state = new_state(plan.goal, plan.inputs, "", plan.old)
        state.modified = now()
        state.created = state.created or state.modified
        step = describe(
            plan.op, state, old=plan.old.inputs if plan.old else None, new=plan.inputs, changes=plan.changes
        )
        with self._told(step, state):
            self._snapshot.end(None, confirm=[state])
        return state

    @contextmanager
    def _told(self, step: Step, state: ResourceState) -> Iterator[None]:
        self._report.started(step)
        began = time.monotonic()
        try:
            yield
        except ProviderFailure as error:
            self._report.failed(step, str(error))
            raise
        # A new resource has its id only now.
        self._report.done(dataclasses.replace(step, id=state.id), time.monotonic() - began)

    # Create

    def _create(
        self,
        plan: Plan,
        op: Op,
        *,
        drop: ResourceState | None = None,
        replaced: ResourceState | None = None,
    ) -> ResourceState:
        state = new_state(plan.goal, plan.inputs, plan.reference)
        old = plan.old.inputs if plan.old and op is not Op.CREATE else None
        step = describe(
            op, state, old=old, new=plan.inputs, changes=plan.changes, replace_keys=plan.replace_keys
        )
        with self._told(step, state):
            key = self._make(plan, state)
            state.created = state.modified = now()
            flagged = [replaced.copy(delete=True)] if replaced else []
            self._snapshot.end(key, confirm=[state], change=flagged, drop=[drop] if drop else [])
        return state

    def _make(self, plan: Plan, state: ResourceState) -> str | None:
        """Make the resource and fill in id and outputs; gives the key of the operation that was begun."""
        provider = _of(plan)
        timeout = plan.goal.timeouts.get("create", 0)
        if self._dry and not (provider.preview and provider.configured):
            return None
        if self._dry:
            state.id, outputs = provider.create(state.urn, plan.inputs, timeout, preview=True)
            self._finish(state, outputs)
            return None
        intended = ""
        if provider.preview:
            # The id is known before the resource is, so that a killed run can be asked for it.
            intended, _ = provider.create(state.urn, plan.inputs, timeout, preview=True)
        key = self._snapshot.begin("creating", state.copy(id=intended))
        try:
            state.id, outputs = provider.create(state.urn, plan.inputs, timeout, preview=False)
        except ProviderFailure as error:
            self._keep_partial(key, state, error)
            raise
        self._finish(state, outputs)
        return key

    def _keep_partial(self, key: str, state: ResourceState, error: ProviderFailure) -> None:
        """A resource that was made but did not become ready is kept, with what is wrong with it."""
        partial = error.partial
        if partial is None:
            self._end_failed(key, error)
            return
        state.id, state.init_errors = partial.id, list(partial.reasons)
        state.outputs = partial.outputs
        state.created = state.modified = now()
        self._snapshot.end(key, confirm=[state])

    def _end_failed(self, key: str, error: ProviderFailure) -> None:
        """Nothing came of it; or nobody knows, and then the next run looks it up as after a kill."""
        if not error.uncertain:
            self._snapshot.end(key)

    def _finish(self, state: ResourceState, outputs: Properties) -> None:
        state.outputs = differences.mark_secret(outputs, state.additional_secret_outputs)

    # Update

    def _update(self, plan: Plan) -> ResourceState:
        old, provider = plan.old, _of(plan)
        if old is None:
            raise ValueError("a resource without a state cannot be updated")
        state = new_state(plan.goal, plan.inputs, plan.reference, old)
        step = describe(Op.UPDATE, state, old=old.inputs, new=plan.inputs, changes=plan.changes)
        with self._told(step, state):
            key = None if self._dry else self._snapshot.begin("updating", state.copy(outputs=old.outputs))
            try:
                outputs = self._updated(plan, old, provider)
            except ProviderFailure as error:
                if key is not None:
                    self._end_failed_update(key, old, error)
                raise
            self._finish(state, outputs)
            state.modified = now()
            self._snapshot.end(key, confirm=[state])
        return state

    def _end_failed_update(self, key: str, old: ResourceState, error: ProviderFailure) -> None:
        partial = error.partial
        if partial is None:
            self._end_failed(key, error)
            return
        changed = old.copy(outputs=partial.outputs, init_errors=list(partial.reasons))
        self._snapshot.end(key, change=[changed])

    def _updated(self, plan: Plan, old: ResourceState, provider: Provider) -> Properties:
        if self._dry and not (provider.preview and provider.configured):
            return {}
        return provider.update(
            plan.goal.urn,
            old.id,
            old.inputs,
            old.outputs,
            plan.inputs,
            ignore=plan.goal.ignore_changes,
            timeout=plan.goal.timeouts.get("update", 0),
            preview=self._dry,
        )

    # Replace

    def _replace(self, plan: Plan) -> ResourceState:
        old = plan.old
        if old is None:
            raise ValueError("a resource without a state cannot be replaced")
        if plan.delete_first:
            self._delete_first(old)
            state = self._create(plan, Op.CREATE_REPLACEMENT, drop=old)
        else:
            state = self._create(plan, Op.CREATE_REPLACEMENT, replaced=old)
        self._report.done(
            describe(
                Op.REPLACE,
                state,
                old=old.inputs,
                new=plan.inputs,
                changes=plan.changes,
                replace_keys=plan.replace_keys,
            )
        )
        return state

    def _delete_first(self, old: ResourceState) -> None:
        dependents = self._planner.dependents(old)
        guarded = [state.urn for state in dependents if state.protect]
        if guarded and not self._deployment.options.unprotect:
            raise ProtectedResource(guarded, "replaced")
        for state in [*reversed(dependents), old]:
            self.delete(state, Op.DELETE_REPLACED, keep_as_replaced=True)

    # Delete

    def delete(
        self,
        state: ResourceState,
        op: Op,
        *,
        keep_as_replaced: bool = False,
        along: Sequence[ResourceState] = (),
    ) -> None:
        """Remove a resource from the cloud and the state.

        Args:
            state: what to remove.
            op: how the step is called.
            keep_as_replaced: it stays in the state, marked, until its replacement is there.
            along: what goes by itself with it, so that no provider is asked.
        """
        step = describe(op, state, old=state.inputs)
        with self._told(step, state):
            key = None
            if not (self._dry or _only_state(state)):
                key = self._snapshot.begin("deleting", state)
                try:
                    self._deployment.providers.get(state.provider).delete(
                        state.urn,
                        state.id,
                        state.inputs,
                        state.outputs,
                        state.custom_timeouts.get("delete", 0),
                    )
                except ProviderFailure as error:
                    self._end_failed(key, error)
                    raise
            if keep_as_replaced:
                self._snapshot.end(key, change=[state.copy(pending_replacement=True)])
            else:
                self._snapshot.end(key, drop=[state, *along])
        for other in along:
            self._report.done(describe(Op.DELETE, other, old=other.inputs))


def _only_state(state: ResourceState) -> bool:
    return (
        not state.custom
        or state.external
        or state.retain_on_delete
        or state.pending_replacement
        or not state.provider
    )


def _of(plan: Plan) -> Provider:
    if plan.provider is None:
        raise EngineError(f"no provider for {plan.goal.urn}")
    return plan.provider
