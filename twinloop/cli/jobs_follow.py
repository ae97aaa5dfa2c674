"""`twinloop jobs stream|logs`: a job on its way, and what it has written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from twinloop.cli import jobs_flags as flags
from twinloop.cli.jobs_look import plain
from twinloop.cli.options import bundled
from twinloop.cli.output import console, emit, say, wants_json, words
from twinloop.cli.scene import Where, opened
from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from twinloop.cli.scene import Scene
    from twinloop.loops.runs import Run, WorkspaceHistory


@bundled
def stream(job: flags.Job = "", *, name: flags.Named = "", where: Where) -> None:
    """Follow a job to its end: states, durations, log lines, metrics. What it wrote before is told first.

    [bold]Examples[/]

      twinloop jobs stream               the newest
      twinloop jobs stream JOB           Ctrl-C stops looking; the job goes on
    """
    from twinloop.loops import jobs

    with opened(where) as scene:
        chosen = job or name or jobs.newest(scene.client)
        jobs.get(scene.client, chosen)
        followed(scene, chosen)


@bundled
def logs(
    job: flags.Job = "",
    *,
    name: flags.Named = "",
    step: Annotated[
        list[str] | None,
        typer.Option("--step", help="Only this step; repeatable.", show_default=False),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until it has ended.")] = False,
    every_file: Annotated[
        bool, typer.Option("--all", help="The system's own logs too, not only what the program wrote.")
    ] = False,
    where: Where,
) -> None:
    """Print what a job, or each of its steps, has written so far; with --follow what it writes until its end.

    [bold]Examples[/]

      twinloop jobs logs JOB --step train
      twinloop jobs logs JOB --follow
      twinloop jobs logs JOB --step train --all
    """
    from twinloop.loops import jobs
    from twinloop.loops.runs import WorkspaceHistory

    if follow and wants_json():
        raise BadUsage(
            "--follow goes on; --json is one answer.",
            where="--follow and --json",
            allowed="one of them",
            next_step="leave one of them out",
        )
    with opened(where) as scene:
        chosen = job or name or jobs.newest(scene.client)
        jobs.get(scene.client, chosen)
        history = WorkspaceHistory(scene.client)
        if follow:
            _follow(scene, history, chosen, step or [])
            return
        steps = _wanted(history.children(chosen) or [history.run(chosen)], step or [], chosen)
        texts = {one.display_name: _text(history, one, every_file=every_file) for one in steps}

    def text(out: Console) -> None:
        for title, content in texts.items():
            _print_lines(out, title, content.splitlines())
        if not any(texts.values()):
            say("Nothing was written yet.")

    emit({"job": chosen, "logs": texts}, text)


def followed(scene: Scene, job: str) -> None:
    """Follow a job to its end and print what it logged.

    Raises:
        Problem: it failed or was cancelled.
    """
    from twinloop.cli import streaming

    ended = streaming.watch(scene, job, words())
    streaming.require_success(ended)
    logged = streaming.logged_metrics(scene, ended)
    took = f" in {ended.seconds:.1f} s" if ended.seconds is not None else ""
    say(f"[green]{job} completed{took}[/]")
    if told := streaming.notes_of(
        [(step.display_name, step.notes) for step in ended.steps] or [("", ended.notes)]
    ):
        words().print(told, markup=False)
    steps = [
        {"name": step.display_name, "status": step.status, "seconds": step.seconds, "notes": list(step.notes)}
        for step in ended.steps
    ]
    result = {
        "name": job,
        "status": ended.status,
        "seconds": ended.seconds,
        "steps": steps,
        "notes": list(ended.notes),
        "metrics": plain(logged),
    }
    emit(result, streaming.metrics_table(logged, job=job))


def _follow(scene: Scene, history: WorkspaceHistory, job: str, wanted: Sequence[str]) -> None:
    """Print log lines to the end, and nothing but them: this is data for a pipe."""
    from twinloop.loops.watch import Ended, LogLines
    from twinloop.loops.watch import follow as events

    out = console()
    if wanted:
        _wanted(history.children(job) or [history.run(job)], wanted, job)
    for event in events(history, job, wait=lambda: time.sleep(scene.poll)):
        if isinstance(event, LogLines) and (not wanted or event.step in wanted):
            _print_lines(out, event.step, event.lines)
        elif isinstance(event, Ended):
            say(f"[dim]{job} is {event.status}[/]")


def _wanted(runs: Sequence[Run], names: Sequence[str], job: str) -> list[Run]:
    from twinloop.loops.document import nearest

    known = {title: run for run in runs for title in (run.display_name, run.module) if title}
    for name in names:
        if name not in known:
            present = [run.display_name for run in runs]
            raise NotFound(
                f"This job has no step '{name}'" + nearest(name, present) + ".",
                where=job,
                given=f"--step {name}",
                allowed=", ".join(present),
                next_step=f"twinloop jobs show {job}",
            )
    return [known[name] for name in names] or list(runs)


def _text(history: WorkspaceHistory, run: Run, *, every_file: bool) -> str:
    from twinloop.loops.runs import USER_LOG

    files = sorted(history.run(run.reused_from or run.name).logs.items())
    return "".join(
        (f"--- {file}\n" if every_file else "") + history.text(address)
        for file, address in files
        if every_file or file.startswith(USER_LOG)
    )


def _print_lines(out: Console, step: str, lines: Sequence[str]) -> None:
    from rich.text import Text

    for line in lines:
        out.print(f"{step:<10} │ {Text.from_ansi(line).plain}", markup=False, soft_wrap=True)
