"""The face of this room: run an operation on a target; one outcome comes back, whichever engine ran."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twinloop.engine import EngineError, Operation, Options, StepDone, StepFailed
from twinloop.problems import Refused
from twinloop.stacks import local_state, together, vetting
from twinloop.stacks.problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Callable

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
    try:
        if target.engine == "pulumi":
            from twinloop.stacks.official_run import run_official

            return run_official(operation, target, options, yes=yes, to_stderr=quiet_stdout)
        return _embedded(operation, target, options, on_event, purge=purge)
    except EngineError as error:
        raise problem_of(error, target, operation) from error


def _embedded(
    operation: Operation,
    target: Target,
    options: Options,
    on_event: Callable[[Event], None],
    *,
    purge: bool,
) -> Outcome:
    from twinloop.stacks.embedded import run_embedded

    if purge:
        from twinloop.stacks.tombstones import refuse_protected

        refuse_protected(target)

    if operation == Operation.UP and not vetting.is_vetted(target):
        types: set[str] = set()
        planned = run_embedded(
            Operation.PREVIEW,
            target,
            replace(options, expect_no_changes=False),
            lambda event: types.add(event.step.type) if isinstance(event, StepDone | StepFailed) else None,
        )
        _refuse_not_emulated(types, target)
        if not planned.ok:
            return replace(planned, operation=operation)
        vetting.remember(target)
    return run_embedded(operation, target, options, on_event, purge=purge)


def _refuse_not_emulated(types: set[str], target: Target) -> None:
    from twinloop.clouds.session import open_twin

    found, _ = open_twin(target.home, stack=target.stack)
    emulated = found.call("GET", "/_twin/emulates")["operations"]
    vetting.refuse_not_emulated(types, emulated, target)


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
