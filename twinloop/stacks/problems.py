"""The engine's errors as problems of a person: kind, where, and the command that leads on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinloop.engine import errors as engine
from twinloop.problems import Kind, Problem
from twinloop.stacks.failures import needs_stack, resource_failed
from twinloop.stacks.official_run import OfficialCliError, OfficialCliStopped
from twinloop.stacks.plan_refused import PlanRefused, in_full

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from twinloop.stacks.target import Target

_SHOWN = 20  # lines of a list that a person still reads; `--json` has all of them under `result`


def problem_of(error: Exception, target: Target, operation: str = "up") -> Problem:
    """What a person is told about an error of the engine.

    Args:
        error: it, or a problem already.
        target: what was acted on.
        operation: what was asked for: nobody is told to destroy a stack who wanted to change it.
    """
    if isinstance(error, Problem):
        return error
    for kind, told in _BY_OPERATION:
        if isinstance(error, kind):
            return told(error, target, operation)
    for kind, make in _BY_CLASS:
        if isinstance(error, kind):
            return make(error, target)
    return Problem(
        str(error),
        where=f"stack {target.stack}, {target.place}",
        given=f"twinloop {operation}",
        next_step=f"put it right in the program, then: twinloop preview -s {target.stack}",
    )


def _locked(error: engine.StackLocked, target: Target) -> Problem:
    return Problem(
        f"Stack '{target.stack}' is being changed by another process.",
        where=str(error.holder.path),
        given=f"lock held by {error.holder}",
        allowed="one process at a time",
        next_step=f"wait for it to end; if that process is gone for good: rm '{error.holder.path}'",
        kind=Kind.LOCKED,
    )


def _corrupted(error: engine.StateCorrupted, target: Target) -> Problem:
    return Problem(
        f"The state of stack '{target.stack}' cannot be read; nothing was changed.",
        where=str(error.path),
        given=error.problem,
        allowed=f"newest good copy: {error.backup}" if error.backup else "there is no good backup",
        next_step=f"twinloop stack restore -s {target.stack}"
        if error.backup
        else "restore the file from your own backup, or start anew with: twinloop twin reset",
        kind=Kind.STATE_CORRUPTED,
    )


def _diverged(error: engine.StateDiverged, target: Target) -> Problem:
    return Problem(
        f"An interrupted run of stack '{target.stack}' left a journal; another tool wrote the state since.",
        where=str(error.path),
        given=str(error.journal),
        allowed="one tool at a time",
        next_step=f"compare them; to keep the state as it is: mv '{error.journal}' '{error.journal}.old'",
        kind=Kind.STATE_CORRUPTED,
    )


def _protected(error: engine.ProtectedResource, target: Target, operation: str) -> Problem:
    command = "up" if operation == "preview" else operation
    again = f"twinloop {command} -s {target.stack} --unprotect" if target.cloud == "twin" else ""
    return Problem(
        f"Protected resources would be {error.action}; none of them was touched.",
        where=f"stack {target.stack}",
        given="\n".join(error.urns),
        allowed="unprotected ones: set twinloop:protect to false in the stack file and run `up`",
        next_step=again or f"edit {target.file.path.name}, then: twinloop up -s {target.stack} --cloud azure",
        kind=Kind.REFUSED,
    )


def _passphrase(_error: engine.PassphraseWrong, target: Target) -> Problem:
    return Problem(
        f"The passphrase does not open the secrets of stack '{target.stack}'.",
        where=str(target.home.passphrase),
        given="the passphrase in that file",
        allowed="the passphrase the state was made with",
        next_step="put that file back, or start anew with: twinloop twin reset",
        kind=Kind.REFUSED,
    )


def _not_supported(error: engine.NotSupported, target: Target) -> Problem:
    return Problem(
        str(error),
        where=f"the program of stack {target.stack}",
        given=error.what,
        allowed="what the embedded engine does, or the official CLI",
        next_step=f"twinloop preview -s {target.stack} --engine pulumi",
        kind=Kind.NOT_SUPPORTED,
    )


def _unknown_provider(error: engine.UnknownProvider, target: Target) -> Problem:
    return Problem(
        f"The embedded engine has no provider for package '{error.package}'.",
        where=f"the program of stack {target.stack}",
        given=f"{error.package} {error.version}".strip(),
        allowed="azure-native",
        next_step=f"twinloop preview -s {target.stack} --engine pulumi   (with the official plugins)",
        kind=Kind.NOT_SUPPORTED,
    )


def _changes(error: engine.ChangesNotExpected, target: Target) -> Problem:
    return Problem(
        f"No changes were expected, but there are {len(error.steps)}.",
        where=f"stack {target.stack}",
        given=_some(error.steps),
        allowed="no change at all: --expect-no-changes",
        next_step=f"twinloop up -s {target.stack}",
        kind=Kind.CHANGES_FOUND,
    )


def _unknown_target(error: engine.UnknownTarget, target: Target) -> Problem:
    return Problem(
        f"No resource is meant by {len(error.targets)} of the targets.",
        where=f"stack {target.stack}: --target",
        given="\n".join(error.targets),
        allowed="a URN, in which `*` stands for a part of it",
        next_step=f"twinloop preview -s {target.stack} --json   shows every URN; "
        "--target '*::NAME' is a resource by its name",
        kind=Kind.NOT_FOUND,
    )


def _targets_leave_out(error: engine.TargetsLeaveOut, target: Target, operation: str) -> Problem:
    name, others = error.urn.rsplit("::", 1)[-1], [urn.rsplit("::", 1)[-1] for urn in error.others]
    if error.deleted:
        message = f"'{name}' would be deleted, and '{others[0]}' stays and depends on it."
        also = f"twinloop {operation} -s {target.stack} --target '*::{name}' --target '*::{others[0]}'"
    else:
        message = f"'{name}' needs {len(others)} resource(s) that are not there and no targets."
        also = f"twinloop up -s {target.stack}   without --target, so that what it needs is there"
    return Problem(
        message,
        where=f"stack {target.stack}: --target",
        given=f"{name}: {_some(others, ', ')}",
        allowed="targets together with what they need" + (", or what needs them" if error.deleted else ""),
        next_step=also,
        kind=Kind.USAGE,
    )


def _some(lines: Sequence[str], between: str = "\n") -> str:
    """The first of many, and how many there are beyond."""
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return between.join([*lines[:_SHOWN], *more])


def _missing(_error: engine.StackMissing, target: Target) -> Problem:
    return Problem(
        f"Stack '{target.stack}' has nothing on the {target.cloud} yet.",
        where=str(target.home.state) if target.cloud == "twin" else "the backend you are logged in to",
        given=f"-s {target.stack}, which was never brought up there, or was destroyed and removed",
        allowed="a stack that is up; they are in: twinloop stack ls",
        next_step=f"twinloop up -s {target.stack}",
        kind=Kind.NOT_FOUND,
    )


def _cancelled(error: engine.Cancelled, target: Target, operation: str) -> Problem:
    done = [f"done: {step}" for step in error.done]
    return Problem(
        "Stopped at your word; what was running is finished and saved.",
        where=f"stack {target.stack}",
        given="\n".join([*done, *(f"not begun: {name}" for name in error.left)]),
        next_step=f"twinloop {operation} -s {target.stack}   goes on from there",
        kind=Kind.INTERRUPTED,
    )


def _program(error: engine.ProgramFailed, target: Target) -> Problem:
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:  # a context may lead back to where it came from
        seen.add(id(cause))
        if type(cause).__name__ == "SettingsError":
            from twinloop.clouds.seed import refused

            return refused(target.file, cause)
        cause = cause.__cause__ or cause.__context__
    return Problem(
        "The program failed; nothing was changed.",
        where=str(target.file.path.parent / "infra"),
        given=str(error),
        next_step=f"put it right, then: twinloop preview -s {target.stack}",
    )


def _stopped(error: OfficialCliStopped, target: Target, operation: str) -> Problem:
    again = f"twinloop {operation} -s {target.stack}"
    on_azure = target.cloud != "twin"
    return Problem(
        str(error),
        where=f"stack {target.stack}, {target.place}",
        given="what it said itself, above",
        allowed="a backend that you are logged in to, with this stack in it" if on_azure else "",
        next_step=f"pulumi login, pulumi stack ls, then: {again} --cloud azure" if on_azure else again,
    )


def _official(error: OfficialCliError, target: Target, operation: str) -> Problem:
    again = f"twinloop {operation} -s {target.stack}"
    flags = " --engine pulumi" if target.cloud == "twin" else f" --cloud {target.cloud}"
    return needs_stack(str(error), target, again, flags) or Problem(
        str(error),
        where=f"stack {target.stack}, {target.place}",
        given=f"{again}{flags}",
        next_step=f"put it right in the program, then: {again}{flags}",
    )


def _plan_refused(error: PlanRefused, target: Target, operation: str) -> Problem:
    count = len(error.findings)
    stop = "findings stop" if count > 1 else "finding stops"
    return Problem(
        f"{count} {stop} this plan; nothing was touched.",
        where=f"stack {target.stack}, {target.place}",
        given="\n".join(in_full(one) for one in error.findings[:_SHOWN])
        + (f"\nand {count - _SHOWN} more: --json has all" if count > _SHOWN else ""),
        allowed="a plan without findings of severity refuse",
        next_step=f"put right what is named, then: twinloop {operation} -s {target.stack}",
        kind=Kind.FOUND,
    )


def _pack_failed(error: engine.PolicyPackFailed, target: Target) -> Problem:
    return Problem(
        "A policy pack could not be asked; nothing was touched.",
        where=str(error.path),
        given=error.problem,
        allowed="a folder with a PulumiPolicy.yaml and a __main__.py that starts",
        next_step=f"put the pack right, then: twinloop preview -s {target.stack}",
    )


_BY_OPERATION: tuple[tuple[type[Exception], Callable[..., Problem]], ...] = (
    (PlanRefused, _plan_refused),
    (engine.ProtectedResource, _protected),
    (engine.ResourceFailed, resource_failed),
    (engine.Cancelled, _cancelled),
    (engine.TargetsLeaveOut, _targets_leave_out),
    (OfficialCliStopped, _stopped),
    (OfficialCliError, _official),
)
_BY_CLASS: tuple[tuple[type[Exception], Callable[..., Problem]], ...] = (
    (engine.StackLocked, _locked),
    (engine.StateCorrupted, _corrupted),
    (engine.StateDiverged, _diverged),
    (engine.PassphraseWrong, _passphrase),
    (engine.NotSupported, _not_supported),
    (engine.UnknownProvider, _unknown_provider),
    (engine.ChangesNotExpected, _changes),
    (engine.UnknownTarget, _unknown_target),
    (engine.StackMissing, _missing),
    (engine.PolicyPackFailed, _pack_failed),
    (engine.ProgramFailed, _program),
)
