"""Takes over what exists: `ResourceOptions(import_=id)` and `.get(id)`."""

from __future__ import annotations

import time

from twinloop.engine import differences
from twinloop.engine.applying import new_state
from twinloop.engine.deployment import Deployment
from twinloop.engine.goals import Goal
from twinloop.engine.model import Op, Step
from twinloop.engine.provider_context import ProviderFailure
from twinloop.engine.reporting import describe
from twinloop.engine.states import ResourceState, now
from twinloop.engine.values import Properties, carry_secrets


def import_resource(deployment: Deployment, goal: Goal, reference: str) -> ResourceState:
    """Put an existing resource into the state; it must be as the program says.

    Raises:
        ProviderFailure: it is not there, or it differs; the step has been reported.
    """
    state = new_state(goal, goal.properties, reference)
    state.id = goal.import_id
    step = describe(Op.IMPORT, state, new=goal.properties)
    deployment.report.started(step)
    began = time.monotonic()
    try:
        with deployment.turn():
            _read_into(deployment, state, goal)
    except ProviderFailure as error:
        deployment.report.failed(step, str(error))
        raise
    state.created = state.modified = now()
    deployment.snapshot.end(None, confirm=[state])
    deployment.report.done(step, time.monotonic() - began)
    return state


def _read_into(deployment: Deployment, state: ResourceState, goal: Goal) -> None:
    provider = deployment.providers.get(state.provider)
    found = provider.read(state.urn, goal.import_id, {}, {})
    if found is None:
        raise ProviderFailure(f"there is no '{goal.import_id}' to import")
    state.id, inputs, outputs = found
    wanted = differences.ignoring(inputs, goal.properties, goal.ignore_changes)
    checked = provider.check(state.urn, inputs, wanted, bytes(32))
    difference = provider.diff(state.urn, state.id, inputs, outputs, checked, goal.ignore_changes)
    if difference.changed:
        changes = differences.changes(difference, inputs, checked, difference.replaces)
        listed = ", ".join(f"{c.path} ({c.before!r} there, {c.after!r} in the program)" for c in changes)
        raise ProviderFailure(f"'{goal.import_id}' differs from what the program says: {listed}")
    state.inputs = checked
    state.outputs = differences.mark_secret(
        dict(carry_secrets(checked, outputs)), state.additional_secret_outputs
    )


def _found(deployment: Deployment, state: ResourceState) -> tuple[str, Properties, Properties]:
    found = deployment.providers.get(state.provider).read(state.urn, state.id, state.inputs, {})
    if found is None:
        raise ProviderFailure(f"there is no '{state.id}' to read")
    return found


def read_resource(
    deployment: Deployment, state: ResourceState, old: ResourceState | None
) -> tuple[ResourceState, Step]:
    """Read a resource that the program only looks at, and note it in the state as not ours.

    Raises:
        ProviderFailure: it is not there, or cannot be read; the step has been reported.
    """
    step = describe(Op.READ, state, new=state.inputs)
    deployment.report.started(step)
    began = time.monotonic()
    try:
        with deployment.turn():
            state.id, _, outputs = _found(deployment, state)
    except ProviderFailure as error:
        deployment.report.failed(step, str(error))
        raise
    state.outputs = differences.mark_secret(outputs, state.additional_secret_outputs)
    note(deployment, state, old)
    deployment.report.done(step, time.monotonic() - began)
    return state, step


def note(deployment: Deployment, state: ResourceState, old: ResourceState | None) -> None:
    """Write a read resource into the state, unless it stands there already."""
    # The official engine notes no times for what it only reads.
    if old is not None and old.external:
        state.slot = old.slot
        if state.same_as(old):
            deployment.snapshot.keep(old)
            return
    deployment.snapshot.end(None, confirm=[state])
