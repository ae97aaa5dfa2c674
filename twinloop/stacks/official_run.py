"""One operation by the official CLI, on the twin or on Azure, read back as an outcome."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinloop.clouds.session import open_session
from twinloop.clouds.stack_file import program_environment
from twinloop.engine import ChangesNotExpected, EngineError, Op, Operation, PolicyViolated
from twinloop.problems import NotFound, Problem, Refused
from twinloop.stacks.events import read_log
from twinloop.stacks.official import call, executable, run_on_twin

if TYPE_CHECKING:
    from twinloop.engine import Options, Outcome
    from twinloop.stacks.target import Target

_EVENT_LOG = {"PULUMI_DEBUG_COMMANDS": "true"}  # the CLI knows `--event-log` only with this
_QUIET = frozenset((Op.SAME, Op.READ, Op.REFRESH))


class OfficialCliError(EngineError):
    """The official CLI ended with an error; it has said so itself."""


class OfficialCliStopped(EngineError):
    """The official CLI ended before it began: no account, no backend, no such stack there."""


def run_official(
    operation: Operation, target: Target, options: Options, *, yes: bool, to_stderr: bool
) -> Outcome:
    """Run one operation; the CLI shows it while it happens.

    Raises:
        NotFound: there is no official CLI, or not the virtual environment that the program runs in.
        Refused: it would have to ask, and there is nobody to ask.
        Problem: there is no twin, or no such stack.
    """
    on_twin = target.cloud == "twin"
    executable()
    _need_environment(target)
    refuse_unasked(operation, target, yes=yes)
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # its name is random and it is the owner's alone: secrets pass by
        log = Path(folder) / "events.jsonl"
        command = command_line(operation, target, options, yes=yes or on_twin, log=log)
        sys.stderr.write(
            f"running: {' '.join(one for one in command if one not in {'--event-log', str(log)})}\n"
        )
        if on_twin:
            session = open_session(target.home, stack=target.stack, persona=target.persona)
            status = run_on_twin(session, target.stack, command, extra=_EVENT_LOG, to_stderr=to_stderr)
        else:
            status = call(command, dict(os.environ) | _EVENT_LOG, to_stderr=to_stderr)
        outcome = replace(read_log(log, operation, ok=status == 0), stack=target.file.name)
    return outcome if status == 0 else replace(outcome, error=_error(outcome, options, status))


def refuse_unasked(operation: Operation, target: Target, *, yes: bool) -> None:
    """Refuse to change Azure where nobody has said yes, and nobody can be asked.

    Raises:
        Refused: so it is.
    """
    if operation != Operation.PREVIEW and not (yes or target.cloud == "twin" or sys.stdin.isatty()):
        raise Refused(
            "This changes Azure, so it asks first; there is nobody to ask.",
            where=target.place,
            allowed="--yes, or a terminal to answer at",
            next_step=f"twinloop {operation} -s {target.stack} --cloud azure --yes",
        )


def command_line(
    operation: Operation, target: Target, options: Options, *, yes: bool, log: Path
) -> list[str]:
    """What is typed for the official CLI."""
    command = [executable(), str(operation), "--stack", target.official_name, "--event-log", str(log)]
    command += ["--cwd", str(target.home.checkout), "--parallel", str(options.parallel)]
    for urn in options.targets:
        command += ["--target", urn]
    if options.expect_no_changes:
        command.append("--expect-no-changes")
    if options.refresh and operation in {Operation.PREVIEW, Operation.UP}:
        command.append("--refresh")
    if operation in {Operation.PREVIEW, Operation.UP}:
        for folder in options.policy_packs:
            command += ["--policy-pack", str(folder)]
    if options.unprotect and operation == Operation.DESTROY:
        command.append("--ignore-protect")
    if yes and operation != Operation.PREVIEW:
        command += ["--yes", "--skip-preview"]
    return command


def official_outputs(target: Target, *, show_secrets: bool) -> dict[str, Any]:
    """Outputs of a stack on Azure, as the official CLI gives them.

    Raises:
        NotFound: there is no official CLI.
        Problem: it could not say.
    """
    command = [executable(), "stack", "output", "--json", "--stack", target.official_name]
    command += ["--cwd", str(target.home.checkout), *(["--show-secrets"] if show_secrets else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem(
            f"The official CLI does not give the outputs of stack '{target.stack}'.",
            where=" ".join(command),
            given=done.stderr.strip(),
            next_step="pulumi login, then: pulumi stack ls",
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _need_environment(target: Target) -> None:
    folder = program_environment(target.home.checkout)
    if folder is not None and not folder.is_dir():
        raise NotFound(
            "The official CLI runs the program in a virtual environment that is not there.",
            where=str(target.home.checkout / "Pulumi.yaml"),
            given=f"virtualenv: {folder.name}",
            next_step="make setup, then run the command again",
        )


def _error(outcome: Outcome, options: Options, status: int) -> EngineError | None:
    if violated := [
        f"{one.policy}: {one.urn or 'the stack'}" for one in outcome.violations if one.level == "mandatory"
    ]:
        return PolicyViolated(violated)
    changed = [f"{step.op} {step.urn}" for step in outcome.steps if step.op not in _QUIET]
    if options.expect_no_changes and changed:
        return ChangesNotExpected(changed)
    said = [one.message for one in outcome.diagnostics if one.severity == "error"]
    if not said and not outcome.steps:
        return OfficialCliStopped(f"The official CLI ended with status {status} before it began.")
    return OfficialCliError("\n".join(said) or f"the official CLI ended with status {status}")
