"""Asks policy packs about every resource before it is touched, and about the whole stack at the end.

A preview goes on, so that everything that is wrong is told at once; a run that writes stops at the first
mandatory violation, before the resource that violates it is touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pulumi.runtime.proto import analyzer_pb2

from twinloop.engine import urns
from twinloop.engine.errors import PolicyViolated
from twinloop.engine.model import Violation
from twinloop.engine.policy_process import PolicyProcess
from twinloop.engine.values import Properties, to_struct

if TYPE_CHECKING:
    from twinloop.engine.deployment import Deployment
    from twinloop.engine.goals import Goal
    from twinloop.engine.states import ResourceState

_LEVELS: dict[int, Literal["advisory", "mandatory"]] = {
    analyzer_pb2.ADVISORY: "advisory",
    analyzer_pb2.MANDATORY: "mandatory",
}


class Analyzers:
    """The policy packs of one run."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._packs: list[PolicyProcess] = []

    def start(self) -> None:
        """Start the packs; they come up while the program does.

        Raises:
            PolicyPackFailed: one cannot be started; those before it are ended by `close`.
        """
        for folder in self._deployment.options.policy_packs:
            self._packs.append(PolicyProcess(folder, self._deployment))

    def close(self) -> None:
        """End them."""
        for pack in self._packs:
            pack.close()

    def ask(self, goal: Goal, inputs: Properties) -> None:
        """Ask about one resource, as it is to be.

        Raises:
            PolicyViolated: a mandatory policy is violated, and this run writes.
            PolicyPackFailed: a pack did not answer.
        """
        if not self._packs:
            return
        request = analyzer_pb2.AnalyzeRequest(
            type=goal.type,
            properties=to_struct(inputs),
            urn=goal.urn,
            name=goal.name,
            options=_options(goal),
        )
        for pack in self._packs:
            self._told(pack, pack.call("Analyze", request).diagnostics, goal.urn)

    def ask_of_all(self) -> None:
        """Ask about the stack as it is to be.

        Raises:
            PolicyViolated: a mandatory policy is violated, by the stack or in a preview by any resource.
            PolicyPackFailed: a pack did not answer.
        """
        if not self._packs:
            return
        request = analyzer_pb2.AnalyzeStackRequest(resources=map(_resource, self._standing()))
        for pack in self._packs:
            self._told(pack, pack.call("AnalyzeStack", request).diagnostics, "")
        self._deployment.report.refuse_violations()

    def _standing(self) -> Iterable[ResourceState]:
        """What this run has confirmed: what it is about to delete is no part of the stack any more."""
        left = {state.slot for state in self._deployment.snapshot.left()}
        for state in self._deployment.snapshot.states():
            if state.slot not in left and not urns.is_provider(state.type):
                yield state

    def _told(self, pack: PolicyProcess, diagnostics: Iterable[Any], urn: str) -> None:
        violated = []
        for one in diagnostics:
            level = _LEVELS.get(one.enforcementLevel)
            if level is None:
                continue
            found = Violation(pack.name, pack.version, one.policyName, level, urn or one.urn, one.message)
            self._deployment.report.violated(found)
            if level == "mandatory":
                violated.append(f"{found.policy}: {found.urn or 'the stack'}")
        if violated and not self._deployment.dry_run:
            raise PolicyViolated(violated)


def _options(goal: Goal) -> Any:
    options = analyzer_pb2.AnalyzerResourceOptions(
        protect=goal.protect,
        ignoreChanges=goal.ignore_changes,
        deleteBeforeReplace=bool(goal.delete_before_replace),
        deleteBeforeReplaceDefined=goal.delete_before_replace is not None,
        additionalSecretOutputs=goal.additional_secret_outputs,
        aliases=goal.aliases,
        parent=goal.parent,
    )
    if goal.timeouts:
        options.customTimeouts.SetInParent()
        for name, seconds in goal.timeouts.items():
            setattr(options.customTimeouts, name, seconds)
    return options


def _resource(state: ResourceState) -> Any:
    return analyzer_pb2.AnalyzerResource(
        type=state.type,
        properties=to_struct(state.outputs or state.inputs),
        urn=state.urn,
        name=urns.name_of(state.urn),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=state.protect, parent=state.parent),
        parent=state.parent,
        dependencies=state.dependencies,
        propertyDependencies={
            key: analyzer_pb2.AnalyzerPropertyDependencies(urns=needed)
            for key, needed in state.property_dependencies.items()
        },
    )
