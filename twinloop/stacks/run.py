"""The face of this room: run an operation on a target; one outcome comes back, whichever engine ran."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from twinloop.engine import EngineError, Operation, Options, StepDone, StepFailed
from twinloop.problems import Refused
from twinloop.stacks import leftovers, local_state, packs, together, vetting
from twinloop.stacks.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from checks.findings import Finding
    from twinloop.engine import Event, Outcome
    from twinloop.stacks.target import Target


def execute(
    operation: Operation,
    target: Target,
    options: Options,
    on_event: Callable[[Event], None],
    *,
    yes: bool = False,
    quiet_stdout: bool = False,
    purge: bool = False,
    judge: bool = True,
    on_findings: Callable[[tuple[Finding, ...]], None] = lambda _found: None,
) -> Outcome:
    """Preview, bring up, refresh or destroy a stack.

    Args:
        operation: what to do.
        target: on what.
        options: how.
        on_event: told of everything while it happens, by the embedded engine; the official CLI shows it.
        yes: do not ask, where the official CLI would.
        quiet_stdout: keep the official CLI's display off stdout.
        purge: what is deleted leaves no tombstone; on the twin, by the embedded engine.
        judge: let policies and checks judge the plan; what they refuse is the outcome's error.
        on_findings: told of all that they found, once it is known.

    Returns:
        How it ended; `Outcome.error` is set where it did not end well, and `problem_of` explains it.

    Raises:
        Problem: it could not begin, or was refused before anything was touched.
    """
    if options.unprotect and target.cloud == "azure":
        raise Refused(
            "Protected resources are unprotected on Azure by the program only.",
            where="--unprotect",
            allowed="--unprotect with --cloud twin",
            next_step=f"set twinloop:protect to false in {target.file.path.name} and run `up` first",
        )
    if purge and target.engine == "pulumi":
        raise Refused(
            "Deleting for good is done on the twin, by the embedded engine only.",
            where="--purge",
            allowed="--purge with --cloud twin, and no --engine pulumi",
            next_step="run it again without --purge; on Azure: az keyvault purge and the like",
        )
    if target.engine == "embedded":
        local_state.derive_ahead(target)
    if operation in {Operation.PREVIEW, Operation.UP}:
        together.refuse_conflicts(target)
        if judge:
            options = replace(options, policy_packs=packs.started(target, options.policy_packs))
    judging = _Judging(target, judge, on_findings)
    try:
        if target.engine == "pulumi":
            return _official(operation, options, judging, yes=yes, to_stderr=quiet_stdout)
        if purge:
            from twinloop.stacks.tombstones import refuse_protected

            refuse_protected(target)
        return _embedded(operation, options, on_event, judging, purge=purge)
    except EngineError as error:
        raise problem_of(error, target, operation) from error


@dataclass(frozen=True)
class _Judging:
    """Who judges a plan of a target, and who is told."""

    target: Target
    judge: bool
    on_findings: Callable[[tuple[Finding, ...]], None]

    def of(self, planned: Outcome) -> Outcome:
        """A preview's outcome, with its error where the plan may not be carried out."""
        from twinloop.stacks import gate

        if not self.judge:
            return planned
        judged = gate.judge_official if self.target.engine == "pulumi" else gate.judge_planned
        outcome, found = judged(self.target, planned)
        self.on_findings(found)
        return outcome


def _embedded(
    operation: Operation,
    options: Options,
    on_event: Callable[[Event], None],
    judging: _Judging,
    *,
    purge: bool,
) -> Outcome:
    from twinloop.stacks.embedded import run_embedded

    target = judging.target
    if operation == Operation.PREVIEW:
        return judging.of(run_embedded(operation, target, options, on_event))
    if operation == Operation.UP and not _is_judged(target, options):
        emulated = _emulated(
            target
        )  # starts the twin: a plan after an interrupted run asks what became of it
        types: set[str] = set()
        planned = run_embedded(
            Operation.PREVIEW,
            target,
            replace(options, expect_no_changes=False),
            lambda event: types.add(event.step.type) if isinstance(event, StepDone | StepFailed) else None,
        )
        vetting.refuse_not_emulated(types, emulated, target)
        planned = judging.of(planned)
        if not planned.ok:
            return replace(planned, operation=operation)
    recover = leftovers.settle(target) if operation == Operation.UP else frozenset()
    outcome = run_embedded(operation, target, options, on_event, purge=purge, recover=recover)
    _remember(operation, outcome, options, judging)
    return outcome


def _is_judged(target: Target, options: Options) -> bool:
    """Whether nothing can have changed since this plan was judged and carried out.

    A refresh may find what nobody has judged, and a pack that is asked for by name is to be asked.
    """
    return not options.refresh and not options.policy_packs and vetting.is_vetted(target)


def _official(
    operation: Operation, options: Options, judging: _Judging, *, yes: bool, to_stderr: bool
) -> Outcome:
    from twinloop.stacks.official_run import refuse_unasked, run_official

    target = judging.target
    refuse_unasked(operation, target, yes=yes)
    run = partial(run_official, yes=yes, to_stderr=to_stderr)
    if operation == Operation.PREVIEW:
        return judging.of(run(operation, target, options))
    known = target.cloud == "twin" and _is_judged(target, options)
    if operation == Operation.UP and judging.judge and not known:
        # What the official CLI shows of this preview is no output of an update.
        plain = replace(options, expect_no_changes=False)
        planned = judging.of(run_official(Operation.PREVIEW, target, plain, yes=yes, to_stderr=True))
        if not planned.ok:
            return replace(planned, operation=operation)
    outcome = run(operation, target, options)
    _remember(operation, outcome, options, judging)
    return outcome


def _remember(operation: Operation, outcome: Outcome, options: Options, judging: _Judging) -> None:
    """Note that the whole plan was judged and carried out, so that the same again need not be judged."""
    if operation == Operation.UP and outcome.ok and judging.judge and not options.targets:
        vetting.remember(judging.target)


def _emulated(target: Target) -> list[dict[str, Any]]:
    """What the twin can make, of the twin itself."""
    from twinloop.clouds.session import open_twin

    found, _ = open_twin(target.home, stack=target.stack)
    operations: list[dict[str, Any]] = found.call("GET", "/_twin/emulates")["operations"]
    return operations


def outputs(target: Target, *, show_secrets: bool = False) -> dict[str, Any]:
    """The stack's outputs; secrets masked unless they are asked for.

    Raises:
        Problem: there are none yet, or they cannot be read.
    """
    try:
        if target.cloud == "azure":
            from twinloop.stacks.official_run import official_outputs

            return official_outputs(target, show_secrets=show_secrets)
        from twinloop.stacks import embedded

        return embedded.outputs(target, show_secrets=show_secrets)
    except EngineError as error:
        raise problem_of(error, target) from error
