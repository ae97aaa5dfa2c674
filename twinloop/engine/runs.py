"""One run from lock to saved state: the engine's face calls this."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from twinloop.engine import interrupts, locks, program, refreshing, transport, urns
from twinloop.engine.analyzers import Analyzers
from twinloop.engine.applying import Applier
from twinloop.engine.backend import Backend
from twinloop.engine.deletions import Deleter, doomed
from twinloop.engine.deployment import Deployment
from twinloop.engine.errors import Cancelled, ChangesNotExpected, EngineError, ProgramFailed, StackMissing
from twinloop.engine.model import (
    Event,
    Finished,
    Operation,
    Options,
    Outcome,
    Program,
    ProviderHost,
    Stack,
    Standing,
)
from twinloop.engine.monitor import Monitor
from twinloop.engine.planning import Planner
from twinloop.engine.provider_registry import ProviderRegistry
from twinloop.engine.recovery import recover
from twinloop.engine.reporting import Report
from twinloop.engine.snapshot import Snapshot
from twinloop.engine.states import ResourceState
from twinloop.engine.store import Store
from twinloop.engine.values import Properties, bare, masked


def run(  # noqa: PLR0917 (the face: called by position)
    operation: Operation,
    stack: Stack,
    program: Program | None,
    providers: ProviderHost,
    options: Options,
    on_event: Callable[[Event], None],
) -> Outcome:
    """Preview, apply, refresh or destroy a stack.

    Args:
        operation: what to do.
        stack: on which stack.
        program: what is wanted; refresh and destroy need none.
        providers: gives the provider of a package.
        options: how.
        on_event: told of everything while it happens, from several threads, one call at a time.

    Returns:
        How it ended. What fails on the way (a resource, the program, a change that was not expected, a
        protected resource) is `Outcome.error`, with everything done until then saved.

    Raises:
        StackLocked: another process changes the stack.
        StateCorrupted: the state cannot be read.
        StateDiverged: a journal and the state do not belong together.
        PassphraseWrong: the state's secrets cannot be opened.
        StackMissing: refresh or destroy of a stack that has no state.
    """
    if operation is Operation.UP and options.expect_no_changes:
        planned = _Run(Operation.PREVIEW, stack, program, providers, options, lambda _event: None).go()
        if planned.error is not None:
            outcome = replace(planned, operation=operation)
            on_event(Finished(outcome))
            return outcome
    return _Run(operation, stack, program, providers, options, on_event).go()


class _Run:
    def __init__(  # noqa: PLR0917 (the face's own arguments, in its order)
        self,
        operation: Operation,
        stack: Stack,
        program: Program | None,
        providers: ProviderHost,
        options: Options,
        on_event: Callable[[Event], None],
    ) -> None:
        self._operation = operation
        self._stack = stack
        self._program = program
        self._host = providers
        self._options = options
        self._report = Report(on_event, _secrets(program))
        self._backend = Backend(stack)
        # A refresh that must find nothing only looks.
        self._dry = operation is Operation.PREVIEW or options.expect_no_changes
        self._began = time.time()

    def go(self) -> Outcome:
        """Do it."""
        with ExitStack() as exits:
            if not self._dry:
                exits.enter_context(locks.held(self._backend, lambda text: self._report.say("warning", text)))
            store = Store(self._backend, self._stack.passphrase)
            snapshot = store.open(check=not self._dry)
            if self._operation in {Operation.REFRESH, Operation.DESTROY} and not store.exists:
                raise StackMissing(self._stack.full_name)
            if store.salvaged:
                self._report.say("warning", "an earlier run was killed; its journal is folded into the state")
            if not self._dry:
                snapshot = store.start_writing(snapshot)
            before = _standing(snapshot)
            deployment = self._deployment(snapshot)
            exits.callback(deployment.analyzers.close)
            with interrupts.heeded(deployment), self._saved(store, snapshot):
                self._work(deployment)
        return self._outcome(snapshot, deployment.sources, before)

    def _deployment(self, snapshot: Snapshot) -> Deployment:
        deployment = Deployment(
            operation=self._operation,
            stack=self._stack,
            options=self._options,
            snapshot=snapshot,
            report=self._report,
            dry_run=self._dry,
            program=self._program,
        )
        deployment.providers = ProviderRegistry(deployment, self._host)
        deployment.analyzers = Analyzers(deployment)
        return deployment

    def _work(self, deployment: Deployment) -> None:
        try:
            recover(deployment)
            if self._report.broken:
                return
            if self._operation is Operation.REFRESH:
                deployment.refuse_unmet_targets()
                refreshing.refresh(deployment)
            elif self._operation is Operation.DESTROY:
                deployment.refuse_unmet_targets()
                self._delete(deployment, Applier(deployment, Planner(deployment)))
            else:
                self._follow_program(deployment)
        except EngineError as error:
            self._report.refuse(error)
        if deployment.cancelled.is_set():
            self._report.refuse(Cancelled(self._report.changes(), self._report.left))
        if self._options.expect_no_changes and not self._report.broken:
            self._refuse_changes()

    def _follow_program(self, deployment: Deployment) -> None:
        if self._program is None:
            raise ProgramFailed(f"{self._operation} needs a program")
        if self._options.refresh:
            refreshing.refresh(deployment)
            if self._report.broken:
                return
        deployment.analyzers.start()
        monitor = Monitor(deployment)
        runner = program.run if self._program.transport == "in-process" else transport.run
        try:
            runner(self._program, deployment, monitor)
        except ProgramFailed as error:
            # The program only echoes what a resource failed with, or that it was stopped.
            if not (self._report.broken or deployment.cancelled.is_set()):
                self._report.refuse(error)
        finally:
            monitor.settle()
        if not self._report.broken and not deployment.cancelled.is_set():
            deployment.analyzers.ask_of_all()
        if not self._report.broken and not deployment.cancelled.is_set():
            self._delete(deployment, monitor.registrar.applier)
            deployment.refuse_unmet_targets()  # not before: only the program knows what is new

    def _delete(self, deployment: Deployment, applier: Applier) -> None:
        states = doomed(deployment)
        if states:
            Deleter(deployment, applier).run(states)

    def _refuse_changes(self) -> None:
        if changes := self._report.changes():
            self._report.refuse(ChangesNotExpected(changes))

    @contextmanager
    def _saved(self, store: Store, snapshot: Snapshot) -> Iterator[None]:
        try:
            yield
        finally:
            if snapshot.journal is not None:
                store.save(snapshot, self._history())

    def _history(self) -> dict[str, Any]:
        return {
            "kind": {"up": "update"}.get(self._operation, str(self._operation)),
            "startTime": int(self._began),
            "message": "",
            "environment": {"exec.kind": "twinloop"},
            "config": self._config(),
            "version": 0,
            "result": "failed" if self._report.broken else "succeeded",
            "endTime": int(time.time()),
            "resourceChanges": self._report.counts(),
        }

    def _config(self) -> dict[str, Any]:
        if self._program is None:
            return {}
        secret = self._program.secret_keys
        return {key: value for key, value in self._program.config.items() if key not in secret}

    def _outcome(
        self, snapshot: Snapshot, sources: dict[str, str], before: tuple[ResourceState, ...]
    ) -> Outcome:
        error = self._report.verdict()
        outcome = Outcome(
            operation=self._operation,
            ok=error is None,
            steps=tuple(self._report.steps),
            outputs=masked(_outputs(snapshot)),
            diagnostics=tuple(self._report.diagnostics),
            counts=self._report.counts(),
            seconds=time.time() - self._began,
            error=error,
            sources=dict(sources),
            renames=dict(snapshot.renames),
            stack=self._stack.name,
            violations=tuple(self._report.violations),
            standing=Standing(before, _standing(snapshot)),
        )
        self._report.emit(Finished(outcome))
        return outcome


def _secrets(program: Program | None) -> list[str]:
    """The settings that nobody is to read."""
    if program is None:
        return []
    if program.hushed is not None:
        return sorted(program.hushed)
    return [program.config[key] for key in program.secret_keys if key in program.config]


def _standing(snapshot: Snapshot) -> tuple[ResourceState, ...]:
    """What a stack has, less what only waits for its deletion."""
    return tuple(state for state in snapshot.states() if not (state.delete or state.pending_replacement))


def _outputs(snapshot: Snapshot) -> Properties:
    for state in snapshot.states():
        if state.type == urns.STACK_TYPE:
            return state.outputs
    return {}


def stack_outputs(stack: Stack, *, show_secrets: bool = False) -> dict[str, Any]:
    """The outputs of a stack, secrets masked unless they are asked for.

    Raises:
        StackMissing: the stack has no state.
        StateCorrupted: its state cannot be read.
        PassphraseWrong: its secrets cannot be opened.
    """
    store = Store(Backend(stack), stack.passphrase)
    snapshot = store.open()
    if not store.exists and not store.salvaged:
        raise StackMissing(stack.full_name)
    outputs = _outputs(snapshot)
    return dict(bare(outputs) if show_secrets else masked(outputs))
