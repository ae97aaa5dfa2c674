"""`twinloop jobs list|show|compare`: what there is, one job in full, several side by side."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twinloop.cli import jobs_flags as flags
from twinloop.cli.options import bundled
from twinloop.cli.output import emit, rows, say
from twinloop.cli.scene import Where, opened
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from twinloop.loops.compare import Comparison
    from twinloop.loops.jobs import Details
    from twinloop.loops.metrics import Logged

_WIDEST = 48  # characters of a value in a comparison


@bundled
def list_jobs(
    *,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help="Only jobs in this state; repeatable.", show_default=False),
    ] = None,
    experiment: Annotated[
        str, typer.Option("--experiment", help="Only jobs of this experiment.", show_default=False)
    ] = "",
    parent: Annotated[
        str,
        typer.Option(
            "--parent", "--parent-job-name", "-p", help="The steps of this job.", show_default=False
        ),
    ] = "",
    limit: Annotated[int, typer.Option("--max-results", "-r", min=1, help="How many, newest first.")] = 20,
    archived_too: Annotated[bool, typer.Option("--include-archived", help="Archived jobs too.")] = False,
    archived_only: Annotated[bool, typer.Option("--archived-only", help="Archived jobs alone.")] = False,
    where: Where,
) -> None:
    """List the jobs of the workspace, newest first; with --parent the steps of one, first to last.

    [bold]Examples[/]

      twinloop jobs list --status Failed --status Canceled
      twinloop jobs list --experiment classical --max-results 5
      twinloop jobs list --parent JOB
    """
    from twinloop.loops import jobs

    archived = "only" if archived_only else "too" if archived_too else "no"
    wanted = jobs.Filter(states=jobs.checked_states(status or []), experiment=experiment, archived=archived)
    with opened(where) as scene:
        if parent:
            found = jobs.children(scene.client, parent, limit=limit, wanted=wanted)
        else:
            found = jobs.recent(scene.client, limit=limit, wanted=wanted)
    lines = [(job.name, job.display_name, job.status, job.experiment, job.created) for job in found]
    narrowed = status or experiment or parent or archived_only
    none = (
        "No job is like that; see all with: twinloop jobs list" if narrowed else "No job was submitted yet."
    )
    emit(
        [vars(job) for job in found],
        rows(("job", "title", "state", "experiment", "submitted"), lines) if lines else none,
    )


@bundled
def show(job: flags.Job = "", *, name: flags.Named = "", web: flags.Web = False, where: Where) -> None:
    """Show a job with its steps, inputs, outputs, metrics and its page's address.

    [bold]Examples[/]

      twinloop jobs show                 the newest
      twinloop jobs show JOB --web       its page in the browser
    """
    from twinloop.cli.streaming import metrics_table
    from twinloop.loops import jobs, metrics

    with opened(where) as scene:
        chosen = job or name or jobs.newest(scene.client)
        found = jobs.show(scene.client, chosen)
        logged = metrics.of_steps(scene.client, scene.workspace, chosen, tuple(found.steps))
    if web:
        typer.launch(found.studio)

    def text(out: Console) -> None:
        _describe(out, found)
        if table := metrics_table(logged, job=found.name):
            out.print()
            out.print(table, soft_wrap=True)

    emit(found.as_json() | {"metrics": plain(logged)}, text)


@bundled
def compare(
    jobs: Annotated[list[str], typer.Argument(metavar="JOB JOB...", help="Names of two jobs or more.")],
    *,
    where: Where,
) -> None:
    """Show several jobs side by side: metrics, and where parameters, inputs, environment or code differ.

    The best value of a metric is marked with * where its name says which way is better (accuracy, auc, loss,
    error and the like); a name that does not say is not judged.

    [bold]Examples[/]

      twinloop jobs compare JOB JOB
      twinloop jobs compare JOB JOB JOB --json
    """
    from twinloop.loops.compare import compare as side_by_side

    if len(jobs) < 2:  # noqa: PLR2004 - a comparison
        raise BadUsage(
            "A comparison takes two jobs or more.",
            where="JOB JOB...",
            given=" ".join(jobs),
            next_step="twinloop jobs list",
        )
    with opened(where) as scene:
        found = side_by_side(scene.client, scene.workspace, jobs)
    best = {metric: [found.jobs[at] for at in columns] for metric, columns in found.best.items()}
    emit(asdict(found) | {"best": best}, lambda out: _side_by_side(out, found))


def plain(logged: Mapping[str, Logged]) -> dict[str, Any]:
    """What steps logged, as `--json` shows it."""
    return {step: {"metrics": dict(one.metrics), "params": dict(one.params)} for step, one in logged.items()}


def _describe(out: Console, found: Details) -> None:
    from rich.markup import escape

    from twinloop.cli.streaming import notes_of

    took = f" in {found.seconds:.1f} s" if found.seconds is not None else ""
    out.print(f"[bold]{found.name}[/]  {escape(found.display_name)}  {found.status}{took}", highlight=False)
    if found.description:
        out.print(found.description.strip(), markup=False)
    out.print(f"submitted {found.created} by {found.created_by or 'unknown'}", markup=False)
    lines = [
        ("page", "", found.studio),
        ("compute", "", ", ".join(part for part in (found.compute, found.nodes) if part)),
        ("environment", "", found.environment),
        ("command", "", found.command),
        ("error", "", found.error),
    ]
    for kind, values in (("tag", found.tags), ("input", found.inputs), ("output", found.outputs)):
        lines += [(kind, key, _address(value)) for key, value in values.items()]
    width = max((len(key) for _, key, _ in lines), default=0)
    for label, key, value in lines:
        if value or key:
            name = f"{key:<{width}}  " if key else ""
            out.print(f"{label:<11}  {name}{value}".rstrip(), markup=False)
    steps = [
        (
            step.display_name,
            f"reused from {step.reused_from}" if step.reused_from else step.status,
            "" if step.seconds is None else f"{step.seconds:.1f} s",
            str(found.on.get(step.display_name, "")),
            step.name,
        )
        for step in found.steps
    ]
    if steps:
        out.print()
        out.print(rows(("step", "state", "took", "on", "job"), steps), soft_wrap=True)
    if told := notes_of([(step.display_name, step.notes) for step in found.steps] or [("", found.notes)]):
        out.print()
        out.print(told, soft_wrap=True, markup=False)


def _fitted(name: str, value: str) -> str:
    """A value that fits into a column: a command by its hash, a long address by its two ends."""
    if name.endswith("command") and value != "-":
        return hashlib.sha256(value.encode()).hexdigest()[:8]
    text = _address(value)
    return text if len(text) <= _WIDEST else f"{text[:18]}...{text[-(_WIDEST - 21) :]}"


def _address(value: str) -> str:
    """An address in this workspace's stores without the workspace; everything else as it is."""
    before, found, path = value.partition("/datastores/")
    return f"azureml://datastores/{path}" if found and before.startswith("azureml://subs") else value


def _side_by_side(out: Console, found: Comparison) -> None:
    from twinloop.cli.streaming import CURVE, number

    def cell(value: object) -> str:
        return (
            "-" if value is None or value == "" else number(value) if isinstance(value, float) else str(value)
        )

    def marked(metric: str, row: Sequence[object]) -> list[str]:
        best = found.best.get(metric, ())
        return [cell(value) + (" *" if at in best else "") for at, value in enumerate(row)]

    scores = [(key, *marked(key, row)) for key, row in found.metrics.items() if not key.endswith(CURVE)]
    out.print(
        rows(("metric" if scores else "", *found.jobs), [("state", *found.status), *scores]), soft_wrap=True
    )
    if not scores:
        out.print("None of these jobs logged a metric.")
    same, cut = [], False
    for title, table in (
        ("parameter", found.params),
        ("input", found.inputs),
        ("environment", found.environments),
        ("code", found.code),
    ):
        if not table:
            same.append(title)
            continue
        out.print()
        whole = [(key, *(cell(value) for value in row)) for key, row in table.items()]
        differing = [(key, *(_fitted(key, value) for value in row)) for key, *row in whole]
        cut = cut or differing != whole
        out.print(rows((title, *found.jobs), differing), soft_wrap=True)
    if same:
        out.print(f"\nThe same in all: {', '.join(same)}.")
    if cut:
        say("[dim]long values are cut, commands are told by their hash; whole ones with --json[/]")
