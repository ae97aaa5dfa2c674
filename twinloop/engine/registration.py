"""Registers what the program declares: names it, finds its old state, plans it, applies it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from twinloop.engine import aliases, urns
from twinloop.engine.applying import Applier, new_state
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import EngineError, TargetsLeaveOut
from twinloop.engine.goals import Goal, goal_of, refuse_unsupported
from twinloop.engine.importing import import_resource
from twinloop.engine.model import Op
from twinloop.engine.planning import Plan, Planner
from twinloop.engine.provider_calls import INTERNAL, Provider, public
from twinloop.engine.provider_context import CheckFailed, ProviderFailure
from twinloop.engine.provider_registry import BUILTIN
from twinloop.engine.reporting import describe
from twinloop.engine.states import ResourceState, now
from twinloop.engine.values import Properties, holds_unknown


class Refused(EngineError):
    """A registration failed; the report has the reason."""


@dataclass(frozen=True)
class Registered:
    """The answer to a registration."""

    urn: str
    id: str
    outputs: Properties
    unknown: bool = False


class Registrar:
    """All registrations of one run."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._snapshot = deployment.snapshot
        self._lock = threading.Lock()
        self._old = deployment.snapshot.live()
        self._seen: dict[str, ResourceState | None] = {}
        self._aliases: dict[str, list[str]] = {}
        self._skipped: set[str] = set()
        self.planner = Planner(deployment)
        self.applier = Applier(deployment, self.planner)

    def register(self, request: Any) -> Registered:
        """A resource that the program declares.

        Raises:
            Refused: it failed; the report has the reason.
        """
        refuse_unsupported(request)
        stack = self._deployment.stack
        urn = urns.build(stack.name, stack.project, request.parent, request.type, request.name)
        self.claim(urn)
        me = aliases.Self(stack.name, stack.project, request.parent, request.type, request.name)
        others = aliases.expand(request.aliases, me, self._aliases.get(request.parent, ()))
        others += [other for other in request.aliasURNs if other not in others]
        if others:
            self._aliases[urn] = others
        if request.HasField("sourcePosition"):
            self._deployment.sources[urn] = f"{request.sourcePosition.uri}:{request.sourcePosition.line}"
        goal = goal_of(request, urn, self._seen.get(request.parent), others)
        state = self.settle(goal)
        if state is None:
            return Registered(urn, "", {}, unknown=True)
        return Registered(urn, state.id, state.outputs)

    def state(self, urn: str) -> ResourceState | None:
        """The state of a resource that this run has registered."""
        return self._seen.get(urn)

    def claim(self, urn: str) -> None:
        """Take a URN for this run.

        Raises:
            EngineError: another resource of this run has it.
        """
        with self._lock:
            if urn in self._seen:
                raise EngineError(
                    f"two resources have the URN {urn}: give one of them another name, parent or type"
                )
            self._seen[urn] = None

    def settle(self, goal: Goal) -> ResourceState | None:
        """Bring one resource to its goal; None where the targets leave it out and it is not there."""
        try:
            state = self._settle(goal)
        except ProviderFailure as error:
            raise Refused(f"{goal.urn}: {error}") from error
        with self._lock:
            self._seen[goal.urn] = state
        return state

    def _settle(self, goal: Goal) -> ResourceState | None:
        old = self._old_of(goal)
        if goal.custom and not urns.is_provider(goal.type) and not self._deployment.targeted(goal.urn):
            return self._leave(goal, old)
        missing = sorted(self._skipped & {goal.parent, *goal.dependencies, *_flat(goal)})
        if missing:
            raise TargetsLeaveOut(goal.urn, missing)
        if urns.is_provider(goal.type):
            return self._provider(goal, old)
        if not goal.custom:
            self._deployment.analyzers.ask(goal, goal.properties)
            return self.applier.apply(self.planner.component(goal, old))
        reference = goal.provider or self.default_provider(goal.type, goal.version, goal.download_url)
        if goal.import_id and (old is None or old.id != goal.import_id):
            self._deployment.analyzers.ask(goal, goal.properties)
            return import_resource(self._deployment, goal, reference)
        plan = self._planned(goal, old, reference)
        self._deployment.analyzers.ask(goal, plan.inputs)
        return self.applier.apply(plan)

    def _planned(self, goal: Goal, old: ResourceState | None, reference: str) -> Plan:
        try:
            return self.planner.custom(goal, old, reference)
        except ProviderFailure as error:
            step = describe(Op.UPDATE if old else Op.CREATE, new_state(goal, goal.properties, reference, old))
            where = "the inputs were refused: " if isinstance(error, CheckFailed) else ""
            self._deployment.report.failed(step, f"{where}{error}")
            raise

    def default_provider(self, type_: str, version: str, download_url: str = "") -> str:
        """The reference of the default provider for a type token."""
        package = urns.package_of(type_)
        return self._deployment.providers.default(package, version, download_url, self._register_default)

    def _register_default(self, goal: Goal) -> ResourceState:
        self.claim(goal.urn)
        state = self.settle(goal)
        if state is None:
            raise EngineError(f"{goal.urn} was not made")
        return state

    # Old states

    def _old_of(self, goal: Goal) -> ResourceState | None:
        with self._lock:
            for urn in (goal.urn, *goal.aliases):
                old = self._old.get(urn)
                if old is None:
                    continue
                if urn != goal.urn:
                    if urn in self._seen:
                        continue
                    self._snapshot.rename(urn, goal.urn)
                    del self._old[urn]
                    self._old[goal.urn] = old
                # A replacement elsewhere may have deleted it in the meantime.
                return self._snapshot.current(old)
        return None

    def _leave(self, goal: Goal, old: ResourceState | None) -> ResourceState | None:
        if old is None:
            with self._lock:
                self._skipped.add(goal.urn)
            return None
        kept = old if old.urn == goal.urn else old.copy(urn=goal.urn)
        if kept is old:
            self._snapshot.keep(old)
        else:
            self._snapshot.end(None, confirm=[kept], wait=False)
        return kept

    # Providers

    def _provider(self, goal: Goal, old: ResourceState | None) -> ResourceState:
        properties = dict(goal.properties)
        if goal.type != f"{urns.PROVIDER_PREFIX}{BUILTIN}":
            properties.setdefault(INTERNAL, {})
        if goal.version:
            properties["version"] = goal.version
        report = self._deployment.report
        provider = self._deployment.providers.load(goal.urn, properties)
        try:
            inputs = provider.check_config(goal.urn, old.inputs if old else {}, properties)
            state = self._provider_state(goal, old, provider, inputs)
            self._deployment.providers.adopt(state, provider)
        except ProviderFailure as error:
            step = describe(Op.UPDATE if old else Op.CREATE, new_state(goal, properties, "", old))
            report.failed(step, f"the provider's configuration was refused: {error}")
            raise
        return state

    def _provider_state(
        self, goal: Goal, old: ResourceState | None, provider: Provider, inputs: Properties
    ) -> ResourceState:
        report, registry = self._deployment.report, self._deployment.providers
        if old is None:
            state = new_state(goal, inputs)
            op = Op.CREATE
            flagged = []
        else:
            difference = provider.diff_config(goal.urn, old.inputs, old.outputs, inputs)
            if not difference.changed:
                return self.applier.same(Plan(op=Op.SAME, goal=goal, inputs=inputs, old=old))
            op = Op.REPLACE if difference.replaces else Op.UPDATE
            state = new_state(goal, inputs, "", None if op is Op.REPLACE else old)
            flagged = [old.copy(delete=True)] if op is Op.REPLACE else []
        state.id = state.id or registry.new_id()
        state.outputs = public(inputs)
        state.modified = now()
        state.created = state.created or state.modified
        step = describe(op, state, old=public(old.inputs) if old else None, new=public(inputs))
        report.started(step)
        self._snapshot.end(None, confirm=[state], change=flagged)
        report.done(step)
        return state

    # Outputs

    def outputs(self, urn: str, outputs: Properties) -> None:
        """What a component, or the stack, says of itself at its end."""
        state = self._seen.get(urn)
        if state is None:
            raise EngineError(f"outputs for {urn}, which this run has not registered")
        if not self._deployment.dry_run:
            outputs = self._known(state, outputs)
        if state.outputs == outputs:
            return
        changed = state.copy(outputs=outputs)
        with self._lock:
            self._seen[urn] = changed
        self._snapshot.end(None, change=[changed])

    def _known(self, state: ResourceState, outputs: Properties) -> Properties:
        """What can be written: where targets leave out what an output needs, its value stays as it was."""
        unknown = sorted(key for key, value in outputs.items() if holds_unknown(value))
        for key in unknown:
            kept = key in state.outputs
            stays = "its value stays as it was" if kept else "it is not set"
            self._deployment.report.say(
                "warning", f"output '{key}' needs what the targets leave out: {stays}", state.urn
            )
        return {
            key: state.outputs[key] if key in unknown else value
            for key, value in outputs.items()
            if key not in unknown or key in state.outputs
        }


def _flat(goal: Goal) -> set[str]:
    return {urn for needed in goal.property_dependencies.values() for urn in needed}
