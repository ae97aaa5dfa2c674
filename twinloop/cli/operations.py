"""`twinloop preview|up|refresh|destroy`: one shape for the four operations on a stack."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli import options as given
from twinloop.cli.nouns import verb
from twinloop.cli.options import CloudName, EngineName, bundled
from twinloop.cli.output import Json, console, emit, rows, say, wants_json, words

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from checks.findings import Finding
    from twinloop.stacks.outcome import Options, Outcome
    from twinloop.stacks.target import Target

WHOLE = 1000  # characters: wider than any line of a tree
LEAST = 20  # characters of a value on however narrow a screen
preview, up, refresh, destroy = verb(), verb(), verb(), verb()

Diff = Annotated[
    bool, typer.Option("--diff", help="Show every resource, and every property of what is created.")
]


@dataclass(frozen=True)
class OnStack:
    """Options of all four."""

    stack: given.Stack = ""
    cloud: given.Cloud = CloudName.TWIN
    engine: given.Engine = EngineName.AUTO
    persona: given.As = ""
    target: given.Target = None
    parallel: given.Parallel = 16
    _json: Json = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """A command line of one of the four, as typed."""

    operation: str
    on: OnStack
    expect_no_changes: bool = False
    refresh: bool = False
    unprotect: bool = False
    purge: bool = False
    yes: bool = True
    diff: bool = False
    policy_packs: tuple[Path, ...] = ()


@preview.command("preview")
@bundled
def preview_command(
    *,
    on: OnStack,
    expect_no_changes: given.ExpectNoChanges = False,
    refresh_first: given.Refresh = False,
    policy_pack: given.PolicyPack = None,
    diff: Diff = False,
) -> None:
    """Show what `up` would change, and what would stop it; touches nothing, and needs no twin that runs.

    [bold]Examples[/]

      twinloop preview -s dev
      twinloop preview -s prod --expect-no-changes       exit code 6 if there are any
      twinloop preview -s prod --cloud azure             the official CLI, on your team's backend
    """
    _run(
        Request(
            operation="preview",
            on=on,
            expect_no_changes=expect_no_changes,
            refresh=refresh_first,
            diff=diff,
            policy_packs=tuple(policy_pack or ()),
        )
    )


@up.command("up")
@bundled
def up_command(
    *,
    on: OnStack,
    expect_no_changes: given.ExpectNoChanges = False,
    refresh_first: given.Refresh = False,
    unprotect: given.Unprotect = False,
    yes: given.Yes = False,
    policy_pack: given.PolicyPack = None,
    diff: Diff = False,
) -> None:
    """Bring a stack up: make the cloud as the program says. Asks on Azure, unless --yes.

    What policies or checks refuse stops it with exit code 10, before anything is touched.

    [bold]Examples[/]

      twinloop up -s dev
      twinloop up -s dev --as data-scientist             see what a data scientist may not do
      twinloop up -s prod --cloud azure                  the official CLI, on your team's backend
    """
    _run(
        Request(
            operation="up",
            on=on,
            expect_no_changes=expect_no_changes,
            refresh=refresh_first,
            unprotect=unprotect,
            yes=yes,
            diff=diff,
            policy_packs=tuple(policy_pack or ()),
        )
    )


@refresh.command("refresh")
@bundled
def refresh_command(
    *,
    on: OnStack,
    expect_no_changes: given.ExpectNoChanges = False,
    yes: given.Yes = False,
) -> None:
    """Read what really exists and correct the state; the cloud itself is not changed.

    [bold]Examples[/]

      twinloop refresh -s dev
      twinloop refresh -s dev --expect-no-changes        exit code 6 if somebody changed something by hand
    """
    _run(
        Request(
            operation="refresh",
            on=on,
            expect_no_changes=expect_no_changes,
            yes=yes,
        )
    )


@destroy.command("destroy")
@bundled
def destroy_command(
    *,
    on: OnStack,
    unprotect: given.Unprotect = False,
    purge: given.Purge = False,
    yes: given.Yes = False,
) -> None:
    """Delete everything a stack has made. Protected resources are refused, with their list.

    [bold]Examples[/]

      twinloop destroy -s dev
      twinloop destroy -s dev --purge                    names are free at once; nothing can be recovered
      twinloop destroy -s prod --unprotect               on the twin only
    """
    _run(
        Request(
            operation="destroy",
            on=on,
            unprotect=unprotect,
            purge=purge,
            yes=yes,
        )
    )


def _run(asked: Request) -> None:
    """Resolve, say where it acts, run, show, and end with a problem where it did not end well."""
    from twinloop.clouds.home import find_home
    from twinloop.stacks.target import target

    on = target(
        find_home(),
        stack=asked.on.stack,
        cloud=asked.on.cloud.value,
        engine=asked.on.engine.value,
        persona=asked.on.persona,
        environment=os.environ,
    )
    if not wants_json():
        say(f"[bold]{asked.operation}[/] of stack [bold]{on.stack}[/] on {on.place}")
    closed = _placeholders(asked, on)
    found: list[Finding] = []
    outcome = _execute(asked, on, found)
    from twinloop.cli.diff import outcome_json

    result = _where(on) | outcome_json(outcome) | {"placeholders": closed}
    if asked.operation in {"preview", "up"}:
        result["findings"] = [asdict(one) for one in found]
        _advise(on, found)
    if asked.operation in {"preview", "destroy"}:
        result["leftovers"] = _tell_of_leftovers(on)
    if outcome.error is not None:
        from twinloop.stacks.problems import problem_of

        problem = problem_of(outcome.error, on, asked.operation)
        problem.result = result
        # The plan is what a preview was asked for, also where it may not be carried out.
        planned = asked.operation == "preview" and problem.kind == "found"
        if (
            on.engine == "embedded"
            and not wants_json()
            and (planned or any(step.changes for step in outcome.steps))
        ):
            _show(asked, on, outcome, console() if planned else words())
        raise problem
    emit(result, None if on.engine == "pulumi" else lambda out: _show(asked, on, outcome, out))


def _placeholders(asked: Request, on: Target) -> list[str]:
    """Tell of the secrets that cannot be read here, where a placeholder of the twin stands in for them."""
    if on.cloud != "twin" or asked.operation not in {"preview", "up"}:
        return []
    from twinloop.stacks.local_state import placeholders

    closed = list(placeholders(on.file))
    if closed and not wants_json():
        say(
            f"[yellow]placeholders[/] stand in for {len(closed)} secret(s) of {on.file.path.name} that "
            f"cannot be decrypted here: {', '.join(closed)}"
        )
        say(
            "[dim]to use the real ones on the twin, set PULUMI_CONFIG_PASSPHRASE to the team's passphrase[/]"
            if on.file.salt
            else "[dim]the team's secrets provider is not asked for what acts on the twin only[/]"
        )
    return closed


def _tell_of_leftovers(on: Target) -> list[str]:
    """Tell of what was deleted under ids of the stack, and what the next `up` does with it."""
    from rich.markup import escape

    from twinloop.stacks.leftovers import lines

    told = list(lines(on))
    for line in [] if wants_json() else told:
        say(f"[yellow]deleted[/] {escape(line)}")
    return told


def _advise(on: Target, found: list[Finding]) -> None:
    """Tell of what is not as it should be and stops nothing."""
    from rich.markup import escape

    from twinloop.stacks.plan_refused import advice, waived

    for line in () if wants_json() else waived(found):
        say(f"[yellow]waived[/] {escape(line)}")
    lines = [] if wants_json() else list(advice(found))
    for line in lines:
        say(f"[yellow]advice[/] {escape(line)}")
    if lines:
        say(f"[dim]each in full, with its reason:[/] {_in_full(on)}")


def _in_full(on: Target) -> str:
    """The command that shows everything and changes nothing, also after an `up`."""
    return f"twinloop preview -s {on.stack}{' --cloud azure' if on.cloud == 'azure' else ''} --json"


def _execute(asked: Request, on: Target, found: list[Finding]) -> Outcome:
    from twinloop.cli.progress import shown
    from twinloop.stacks.outcome import Operation
    from twinloop.stacks.run import execute

    with shown(f"{asked.operation} {on.stack}", planning=asked.operation == "preview") as on_event:
        return execute(
            Operation(asked.operation),
            on,
            _options(asked),
            on_event,
            yes=asked.yes,
            quiet_stdout=wants_json(),
            purge=asked.purge,
            on_findings=found.extend,
        )


def _options(asked: Request) -> Options:
    from twinloop.stacks.outcome import Options

    return Options(
        parallel=asked.on.parallel,
        targets=tuple(asked.on.target or ()),
        refresh=asked.refresh,
        expect_no_changes=asked.expect_no_changes,
        unprotect=asked.unprotect,
        policy_packs=asked.policy_packs,
    )


def _where(on: Target) -> dict[str, str]:
    return {"stack": on.stack, "cloud": on.cloud, "engine": on.engine, "place": on.place}


def _show(asked: Request, on: Target, outcome: Outcome, out: Console) -> None:
    from twinloop.cli.diff import fitted, output_lines, plan_tree, summary

    terminal = out.is_terminal
    if outcome.changed:
        fold = not asked.diff and asked.operation != "preview" and outcome.error is None
        # a tree is fitted to its width; a pipe gets whole names
        out.print(
            plan_tree(outcome, details=asked.diff, fold=fold),
            width=None if terminal else WHOLE,
            crop=terminal,
        )
    out.print(summary(outcome, on.cloud), soft_wrap=True)
    if asked.operation == "up" and outcome.outputs:
        lines = output_lines(outcome.outputs)
        room = out.width - max(len(name) for name, _ in lines) - 2 if terminal else WHOLE * WHOLE
        cut = [(name, fitted(value, max(room, LEAST))) for name, value in lines]
        out.print(rows(("output", "value"), cut), soft_wrap=True)
        if cut != lines:
            say(f"[dim]whole values:[/] twinloop stack output -s {on.stack}")
    if asked.operation == "preview" and outcome.changed and sys.stdout.isatty():
        say(f"next: twinloop up -s {on.stack}")
