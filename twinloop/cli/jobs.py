"""`twinloop jobs ...` and `twinloop submit`: submit, follow and compare jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twinloop.cli.nouns import noun, verb
from twinloop.cli.options import As, Cloud, CloudName, Stack
from twinloop.cli.output import Json, emit, rows, say, words
from twinloop.cli.scene import Group, Name, Scene, Subscription, Where, opened
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from rich.console import Console

    from twinloop.loops.jobs import Comparison, Details
    from twinloop.loops.metrics import Logged

app = noun(
    """Submit, follow and compare jobs.

    [bold]Examples[/]

      twinloop jobs create -f pipelines/classical/training.yml --stream
      twinloop jobs create -f pipelines/classical/training.yml --set inputs.rounds=200
      twinloop jobs list
      twinloop jobs compare JOB JOB
    """
)
submit = verb()

File = Annotated[Path | None, typer.Option("--file", "-f", help="YAML file of the job.")]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change one value of the file; repeatable."),
]
Stream = Annotated[bool, typer.Option("--stream", help="Follow it to its end.")]
JobName = Annotated[
    str, typer.Option("--name", "-n", help="Name of the job; one is made up if left out.", show_default=False)
]
Web = Annotated[bool, typer.Option("--web", "-e", help="Open its page in the browser.")]
Job = Annotated[str, typer.Argument(help="Name of the job; the newest if left out.", show_default=False)]


@app.command("create")
def create(
    *,
    file: File = None,
    changes: Changes = None,
    stream: Stream = False,
    name: JobName = "",
    web: Web = False,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """Submit a job's YAML file, after its wiring and what it needs were checked."""
    where = Where(stack, group, workspace, subscription, cloud, as_persona)
    _create(where, file, changes or [], name, stream=stream, web=web)


@submit.command()
def submit_file(
    path: Annotated[Path | None, typer.Argument(metavar="FILE", help="YAML file of the job.")] = None,
    *,
    file: File = None,
    changes: Changes = None,
    stream: Stream = False,
    name: JobName = "",
    web: Web = False,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """Submit a job's YAML file: short for `jobs create -f FILE`."""
    where = Where(stack, group, workspace, subscription, cloud, as_persona)
    _create(where, path or file, changes or [], name, stream=stream, web=web)


@app.command("list")
def list_jobs(
    *,
    limit: Annotated[int, typer.Option("--max-results", min=1, help="How many, newest first.")] = 20,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """List the jobs of the workspace, newest first."""
    from twinloop.loops import jobs

    with opened(Where(stack, group, workspace, subscription, cloud, as_persona)) as scene:
        found = jobs.recent(scene.client, limit=limit)
    lines = [(job.name, job.display_name, job.status, job.experiment, job.created) for job in found]
    emit(
        [vars(job) for job in found],
        rows(("job", "title", "state", "experiment", "submitted"), lines)
        if lines
        else "No job was submitted yet.",
    )


@app.command("show")
def show(
    job: Job = "",
    *,
    web: Web = False,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """Show a job with its steps, inputs, outputs and metrics."""
    from twinloop.cli.streaming import metrics_table
    from twinloop.loops import jobs, metrics

    with opened(Where(stack, group, workspace, subscription, cloud, as_persona)) as scene:
        name = job or jobs.newest(scene.client)
        found = jobs.show(scene.client, name)
        logged = metrics.of_steps(scene.client, scene.workspace, name, tuple(found.steps))
    if web:
        typer.launch(found.studio)

    def text(out: Console) -> None:
        _describe(out, found)
        if logged:
            out.print()
            out.print(metrics_table(logged))

    emit(found.as_json() | {"metrics": _plain(logged)}, text)


@app.command("stream")
def stream_job(
    job: Job = "",
    *,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """Follow a job to its end: states, durations, log lines, metrics."""
    from twinloop.loops import jobs

    with opened(Where(stack, group, workspace, subscription, cloud, as_persona)) as scene:
        _follow(scene, job or jobs.newest(scene.client))


@app.command("logs")
def logs(
    job: Job = "",
    *,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """Print what a job, or each of its steps, has written so far."""
    from twinloop.loops import jobs
    from twinloop.loops.runs import USER_LOG, WorkspaceHistory

    with opened(Where(stack, group, workspace, subscription, cloud, as_persona)) as scene:
        name = job or jobs.newest(scene.client)
        jobs.get(scene.client, name)
        history = WorkspaceHistory(scene.client)
        steps = history.children(name) or [history.run(name)]
        texts = {
            step.display_name: "".join(
                history.text(address)
                for file, address in sorted(history.run(step.reused_from or step.name).logs.items())
                if file.startswith(USER_LOG)
            )
            for step in steps
        }

    def text(out: Console) -> None:
        from rich.text import Text

        for step, content in texts.items():
            for line in content.splitlines():
                out.print(f"{step:<10} │ {Text.from_ansi(line).plain}", markup=False)

    emit({"job": name, "logs": texts}, text)


@app.command("cancel")
def cancel(
    job: Annotated[str, typer.Argument(help="Name of the job.")],
    *,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """End a job and its steps."""
    from twinloop.loops import jobs

    with opened(Where(stack, group, workspace, subscription, cloud, as_persona)) as scene:
        status = jobs.cancel(scene.client, job)
    words = f"is being cancelled; see its end with: twinloop jobs stream {job}"
    emit({"job": job, "status": status}, f"{job} {words if status == 'CancelRequested' else f'is {status}'}")


@app.command("download")
def download(
    job: Job = "",
    *,
    folder: Annotated[Path, typer.Option("--download-path", "-p", help="Folder to write to.")] = Path(),
    output: Annotated[str, typer.Option("--output-name", help="One named output.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Logs and every output.")] = False,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """Fetch a job's logs, one named output, or everything."""
    from twinloop.loops import jobs

    with opened(Where(stack, group, workspace, subscription, cloud, as_persona)) as scene:
        name = job or jobs.newest(scene.client)
        files = jobs.download(scene.client, name, folder=folder, output=output, everything=everything)
    emit([str(file) for file in files], "\n".join(str(file) for file in files))


@app.command("compare")
def compare(
    jobs: Annotated[list[str], typer.Argument(metavar="JOB JOB...", help="Names of two jobs or more.")],
    *,
    group: Group = "",
    workspace: Name = "",
    subscription: Subscription = "",
    stack: Stack = "",
    cloud: Cloud = CloudName.TWIN,
    as_persona: As = "",
    _json: Json = False,
) -> None:
    """Show metrics of several jobs side by side, and the parameters in which they differ."""
    from twinloop.loops import jobs as loop

    if len(jobs) < 2:  # noqa: PLR2004 - a comparison
        raise BadUsage(
            "A comparison takes two jobs or more.", given=" ".join(jobs), next_step="twinloop jobs list"
        )
    with opened(Where(stack, group, workspace, subscription, cloud, as_persona)) as scene:
        found = loop.compare(scene.client, scene.workspace, jobs)
    emit(vars(found), lambda out: _side_by_side(out, found))


def _create(
    where: Where, file: Path | None, changes: list[str], name: str, *, stream: bool, web: bool
) -> None:
    from twinloop.loops.document import Override
    from twinloop.loops.submit import read

    if file is None:
        raise BadUsage(
            "No file was given.", next_step="twinloop jobs create -f pipelines/classical/training.yml"
        )
    document = read(file, [Override.parse(change) for change in changes])
    with opened(where) as scene:
        from twinloop.loops.runs import state_of
        from twinloop.loops.submit import submit as send

        job = send(scene.client, document, name=name)
        say(f"submitted [bold]{job.name}[/]  [dim]{job.studio_url or ''}[/]")
        if web and job.studio_url:
            typer.launch(job.studio_url)
        if stream:
            _follow(scene, job.name)
            return
        result = {"name": job.name, "status": state_of(job), "studio": job.studio_url}
        emit(result, f"{job.name}\nfollow it with: twinloop jobs stream {job.name}")


def _follow(scene: Scene, job: str) -> None:
    from twinloop.cli import streaming

    ended = streaming.watch(scene, job, words())
    streaming.require_success(ended)
    logged = streaming.logged_metrics(scene, ended)
    took = f" in {ended.seconds:.1f} s" if ended.seconds is not None else ""
    say(f"[green]{job} completed{took}[/]")
    steps = [
        {"name": step.display_name, "status": step.status, "seconds": step.seconds} for step in ended.steps
    ]
    emit(
        {
            "name": job,
            "status": ended.status,
            "seconds": ended.seconds,
            "steps": steps,
            "metrics": _plain(logged),
        },
        streaming.metrics_table(logged),
    )


def _plain(logged: dict[str, Logged]) -> dict[str, Any]:
    return {step: {"metrics": dict(one.metrics), "params": dict(one.params)} for step, one in logged.items()}


def _describe(out: Console, found: Details) -> None:
    out.print(f"[bold]{found.name}[/]  {found.display_name}  {found.status}", highlight=False)
    if found.description:
        out.print(found.description.strip(), markup=False)
    out.print(f"submitted {found.created} by {found.created_by or 'unknown'}", markup=False)
    for kind, values in (("input", found.inputs), ("output", found.outputs)):
        for key, value in values.items():
            out.print(f"{kind:<7} {key:<14} {value}", markup=False)
    steps = [
        (
            step.display_name,
            f"reused from {step.reused_from}" if step.reused_from else step.status,
            "" if step.seconds is None else f"{step.seconds:.1f} s",
            step.name,
        )
        for step in found.steps
    ]
    if steps:
        out.print()
        out.print(rows(("step", "state", "took", "job"), steps), soft_wrap=True)


def _side_by_side(out: Console, found: Comparison) -> None:
    from twinloop.cli.streaming import CURVE, number

    def cell(value: float | str | None) -> str:
        return "-" if value is None else number(value) if isinstance(value, float) else str(value)

    scores = [
        (key, *(cell(value) for value in row))
        for key, row in found.metrics.items()
        if not key.endswith(CURVE)
    ]
    if not scores:
        out.print("None of these jobs logged a metric.")
        return
    out.print(rows(("metric", *found.jobs), scores), soft_wrap=True)
    if found.params:
        out.print()
        differing = [(key, *(cell(value) for value in row)) for key, row in found.params.items()]
        out.print(rows(("parameter", *found.jobs), differing), soft_wrap=True)
    else:
        out.print("\nTheir parameters are the same.")
