"""Brings the state to what the cloud says."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from twinloop.engine import differences, urns
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import Cancelled
from twinloop.engine.model import Op, Operation
from twinloop.engine.provider_calls import Difference
from twinloop.engine.provider_context import ProviderFailure
from twinloop.engine.reporting import describe
from twinloop.engine.states import ResourceState, now
from twinloop.engine.values import carry_secrets


def refresh(deployment: Deployment) -> None:
    """Read every resource of the state; changes are recorded, what is gone is dropped."""
    chosen = [
        state for state in deployment.snapshot.states() if _readable(state) and deployment.targeted(state.urn)
    ]
    with ThreadPoolExecutor(max(1, deployment.options.parallel)) as pool:
        list(pool.map(lambda state: refresh_one(deployment, state), chosen))


def _readable(state: ResourceState) -> bool:
    return (
        state.custom
        and bool(state.provider and state.id)
        and state.type != urns.STACK_REFERENCE
        and not urns.is_provider(state.type)
        and not state.pending_replacement
    )


def refresh_one(deployment: Deployment, state: ResourceState, key: str | None = None) -> None:
    """Read one resource and record what is found; `key` is an operation that this settles."""
    report, snapshot = deployment.report, deployment.snapshot
    began = time.monotonic()
    try:
        with deployment.turn():
            found = deployment.providers.get(state.provider).read(
                state.urn, state.id, state.inputs, state.outputs, state.custom_timeouts.get("read", 0)
            )
    except Cancelled:
        return
    except ProviderFailure as error:
        report.failed(describe(Op.REFRESH, state, old=state.outputs), str(error))
        return
    if found is None:
        snapshot.end(key, drop=[state])
        report.done(
            describe(_said(deployment, Op.DELETE), state, old=state.outputs), time.monotonic() - began
        )
        return
    fresh = _merged(state, found)
    if fresh.same_as(state):
        if key is not None:
            snapshot.end(key)
        report.done(describe(_said(deployment, Op.SAME), state), time.monotonic() - began)
        return
    fresh.modified = now()
    snapshot.end(key, change=[fresh])
    changes = differences.changes(Difference(changed=True), state.outputs, fresh.outputs, ())
    changes = changes or differences.changes(Difference(changed=True), state.inputs, fresh.inputs, ())
    step = describe(
        _said(deployment, Op.UPDATE), state, old=state.outputs, new=fresh.outputs, changes=changes
    )
    report.done(step, time.monotonic() - began)


def _said(deployment: Deployment, found: Op) -> Op:
    """What a look counts as: what it found only where looking is all that is done, else what follows does."""
    return found if deployment.operation is Operation.REFRESH else Op.REFRESH


def _merged(state: ResourceState, found: tuple[str, dict[str, object], dict[str, object]]) -> ResourceState:
    id_, inputs, outputs = found
    # What a cloud never gives back (a password) is secret in the state and stays as it is there.
    outputs = dict(carry_secrets(state.outputs, outputs))
    outputs = differences.mark_secret(outputs, state.additional_secret_outputs)
    inputs = dict(carry_secrets(state.inputs, inputs)) if inputs and not state.external else state.inputs
    inputs = differences.ignoring(state.inputs, inputs, state.ignore_changes)
    return state.copy(id=id_, inputs=inputs, outputs=outputs, init_errors=[])
