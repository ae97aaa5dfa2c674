"""Settles what a killed run had begun: every open operation is looked up in the cloud first."""

from __future__ import annotations

from twinloop.engine import differences
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import EngineError
from twinloop.engine.model import Op
from twinloop.engine.provider_context import ProviderFailure
from twinloop.engine.refreshing import refresh_one
from twinloop.engine.reporting import describe
from twinloop.engine.states import PendingOperation, ResourceState, now
from twinloop.engine.values import carry_secrets


def recover(deployment: Deployment) -> None:
    """Settle every pending operation; what was made is taken into the state, what was not is forgotten."""
    for key, operation in deployment.snapshot.pending().items():
        verb, urn = operation.type, operation.resource.urn
        deployment.report.say(
            "warning", f"an earlier run was interrupted while {verb} this resource; checking", urn
        )
        if verb == "creating":
            _created(deployment, key, operation)
        else:
            _changed(deployment, key, operation)


def _created(deployment: Deployment, key: str, operation: PendingOperation) -> None:
    intent, snapshot, report = operation.resource, deployment.snapshot, deployment.report
    if not intent.id:
        report.say(
            "warning",
            "its provider did not say which id it would get, so whether it was made cannot be found out: "
            "look for it in the cloud and import it (ResourceOptions(import_=...)) or delete it there",
            intent.urn,
        )
        snapshot.end(key)
        return
    try:
        provider = deployment.providers.get(intent.provider)
        found = provider.read(intent.urn, intent.id, intent.inputs, {})
    except ProviderFailure as error:
        report.failed(describe(Op.READ, intent), f"cannot find out whether it was made: {error}")
        return
    if found is None:
        snapshot.end(key)
        report.say("info", "it had not been made", intent.urn)
        return
    id_, _, outputs = found
    outputs = differences.mark_secret(
        dict(carry_secrets(intent.inputs, outputs)), intent.additional_secret_outputs
    )
    moment = now()
    state = intent.copy(id=id_, outputs=outputs, created=moment, modified=moment, slot=-1)
    old = snapshot.live().get(intent.urn)
    flagged = [old.copy(delete=True)] if old and not old.pending_replacement and old.id != id_ else []
    snapshot.adopt(key, state, flag=flagged, drop=[old] if old and not flagged else [])
    report.say("info", f"it had been made ({id_}) and is in the state now", intent.urn)


def _changed(deployment: Deployment, key: str, operation: PendingOperation) -> None:
    intent, snapshot = operation.resource, deployment.snapshot
    state = _standing(deployment, intent)
    if state is None or operation.type in {"reading", "importing"}:
        snapshot.end(key)
        return
    try:
        refresh_one(deployment, state, key)
    except EngineError as error:
        deployment.report.failed(describe(Op.REFRESH, state), str(error))


def _standing(deployment: Deployment, intent: ResourceState) -> ResourceState | None:
    for state in deployment.snapshot.states():
        if state.urn == intent.urn and state.id == intent.id and state.delete == intent.delete:
            return state
    return None
