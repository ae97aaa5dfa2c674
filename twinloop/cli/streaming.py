"""A job on its way as a person sees it: states, log lines under their step's name, metrics at the end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.text import Text

from twinloop.cli.output import rows
from twinloop.loops import metrics
from twinloop.loops.runs import WorkspaceHistory
from twinloop.loops.watch import Ended, LogLines, StepChanged, follow
from twinloop.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from twinloop.cli.scene import Scene
    from twinloop.loops.metrics import Logged
    from twinloop.loops.watch import Event

_TAIL = " The last lines of "  # what the twin adds to an error; the lines themselves were told already
_WIDTH = 10  # of a step's name
_MARKS = {
    "Completed": ("✓", "green"),
    "Failed": ("✗", "bold red"),
    "Canceled": ("■", "yellow"),
    "Running": ("▸", "cyan"),
}
_WORDS = {"NotStarted": "waits for the steps before it", "CancelRequested": "is being cancelled"}
ALONE = "job"  # what a job without steps is called beside its lines; its name stands above them
CURVE = "_curve"  # metrics of one value per tree or epoch; their last value says nothing by itself


def watch(scene: Scene, job: str, console: Console, *, logs: bool = True) -> Ended:
    """Show a job until it has ended.

    Raises:
        KeyboardInterrupt: the person stopped looking; the job goes on, and that is said.
    """
    history = WorkspaceHistory(scene.client)
    try:
        return show(
            follow(history, job, wait=lambda: time.sleep(scene.poll), logs=logs, alone=ALONE), console
        )
    except KeyboardInterrupt:
        console.print(f"The job goes on without you: twinloop jobs stream {job}", markup=False)
        raise


def show(events: Iterable[Event], console: Console) -> Ended:
    """Print events as they come; the last one is handed back.

    Raises:
        Problem: the events stopped before the job's end.
    """
    for event in events:
        match event:
            case StepChanged():
                console.print(_state(event))
            case LogLines():
                for line in event.lines:
                    plain = Text.from_ansi(line).plain.rstrip()
                    if plain:
                        console.print(Text.assemble((f"{event.step:<{_WIDTH}} │ ", "dim"), plain))
            case Ended():
                return event
    raise Problem(
        "The job's history broke off before its end.",
        where="the run history of the workspace",
        given="no end state",
        next_step="twinloop jobs list",
    )


def require_success(ended: Ended) -> None:
    """Let a job that completed pass.

    Raises:
        Problem: it failed or was cancelled; the step and its words are told.
    """
    if ended.ok:
        return
    failed = next((step for step in ended.steps if step.status == "Failed"), None)
    raise Problem(
        f"Job {ended.job} {ended.status.lower()}.",
        where=f"step {failed.display_name}" if failed else "",
        given=(failed.error if failed else "") or ended.error,
        next_step=f"twinloop jobs logs {failed.name if failed else ended.job}",
    )


def logged_metrics(scene: Scene, ended: Ended) -> dict[str, Logged]:
    """What the steps of an ended job logged."""
    return metrics.of_steps(scene.client, scene.workspace, ended.job, ended.steps)


def metrics_table(logged: Mapping[str, Logged], *, job: str = "") -> Text | None:
    """Metrics by step; curves are left out. None where nothing was logged."""
    lines = [
        (ALONE if step == job else step, name, number(value))
        for step, one in logged.items()
        for name, value in sorted(one.metrics.items())
        if not name.endswith(CURVE)
    ]
    return rows(("step", "metric", "value"), lines) if lines else None


def notes_of(steps: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Where what steps ran in differs from the cloud's image; each difference once, with its steps."""
    of: dict[str, list[str]] = {}
    for step, notes in steps:
        for note in notes:
            of.setdefault(note, []).append(step)
    return "\n".join(
        f"differs  {note}" + (f"  ({', '.join(steps)})" if any(steps) else "") for note, steps in of.items()
    )


def number(value: float) -> str:
    """A metric as people read it: whole numbers whole, others to four places."""
    return f"{value:.0f}" if value.is_integer() else f"{value:.4f}"


def _state(event: StepChanged) -> Text:
    mark, style = _MARKS.get(event.status, ("·", "dim"))
    words = _WORDS.get(event.status, event.status.lower())
    if event.reused_from:
        mark, words = "↺", f"reused from {event.reused_from}: same code, inputs and settings"
    elif event.seconds is not None:
        words += f" in {event.seconds:.1f} s"
    if event.error:
        words += f": {event.error.splitlines()[0].partition(_TAIL)[0]}"
    return Text.assemble((f"{event.step:<{_WIDTH}} {mark} ", style), (words, style))
