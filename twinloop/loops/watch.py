"""Follow a job to its end as a stream of events: a step's state, its log lines, the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twinloop.loops.runs import USER_LOG, History, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, kw_only=True)
class StepChanged:
    """A step came to be, or its state changed."""

    step: str
    job: str
    status: str
    seconds: float | None = None  # from start to end, once ended
    reused_from: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class LogLines:
    """Lines that a step has written since the last event."""

    step: str
    job: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The job is over; nothing follows."""

    job: str
    status: str
    seconds: float | None
    steps: tuple[Run, ...]
    error: str = ""
    notes: tuple[str, ...] = ()  # of a job without steps: where what it ran in differs from the cloud's image

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked to."""
        return self.status == "Completed"


Event = StepChanged | LogLines | Ended


def follow(
    history: History, name: str, *, wait: Callable[[], None], logs: bool = True, alone: str = ""
) -> Iterator[Event]:
    """Events of a job from its present state to its end.

    A job without steps is its own only step. Each log line is told once, all of a step's before its end.

    Args:
        history: where to ask.
        name: the job.
        wait: called between two rounds of questions; sleeps.
        logs: False to leave log lines out.
        alone: what to call a job without steps; its name if empty.
    """
    told: dict[str, str] = {}
    read: dict[str, int] = {}
    while True:
        job = history.run(name)
        children = history.children(name)
        for step in children or [replace(job, display_name=alone or job.display_name)]:
            finished_before = told.get(step.name) == step.status and step.over
            if told.get(step.name) != step.status and not step.over:
                yield _changed(step)
            if logs and not finished_before and step.started is not None and not step.reused_from:
                yield from _new_lines(history, step, read)
            if told.get(step.name) != step.status and step.over:
                yield _changed(step)
            told[step.name] = step.status
        if job.over:
            yield Ended(
                job=name,
                status=job.status,
                seconds=job.seconds,
                steps=tuple(children),
                error=job.error,
                notes=job.notes,
            )
            return
        wait()


def _changed(step: Run) -> StepChanged:
    return StepChanged(
        step=step.display_name,
        job=step.name,
        status=step.status,
        seconds=step.seconds if step.over else None,
        reused_from=step.reused_from,
        error=step.error,
    )


def _new_lines(history: History, step: Run, read: dict[str, int]) -> Iterator[LogLines]:
    """Lines of each user log not told yet; a line that is still being written waits for its end."""
    for file, address in sorted(history.run(step.name).logs.items()):
        if not file.startswith(USER_LOG):
            continue
        text = history.text(address)
        whole = text if step.over else text[: text.rfind("\n") + 1]
        key = f"{step.name}/{file}"
        lines = tuple(whole.splitlines()[read.get(key, 0) :])
        if lines:
            read[key] = read.get(key, 0) + len(lines)
            yield LogLines(step=step.display_name, job=step.name, lines=lines)
