"""One step, submitted again as a job of its own: with its real inputs, its code as it was or as edited."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from twinloop.loops import jobs
from twinloop.loops.client import quietly, without_bars
from twinloop.loops.command_line import without_missing
from twinloop.loops.document import nearest
from twinloop.loops.steps import Data
from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from azure.ai.ml import MLClient

    from twinloop.loops.document import Override
    from twinloop.loops.steps import Step
    from twinloop.loops.written_steps import WrittenStep

    Changeable = TypeVar("Changeable", Step, WrittenStep)

RERUN_OF = "twinloop.rerunOf"
PIPELINE = "twinloop.pipeline"
STEP = "twinloop.step"
CODE = "twinloop.code"
CHANGED = "twinloop.changed"


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is to be different this time."""

    code: Path | None = None
    compute: str = ""
    inputs: tuple[Override, ...] = ()


def changed(step: Changeable, changes: Iterable[Override]) -> Changeable:
    """The step with other values for some of its inputs.

    Raises:
        BadUsage: a change is not of an input that the step has.
    """
    inputs = dict(step.inputs)
    for change in changes:
        kind, _, name = change.text.partition(".")
        if kind != "inputs" or name not in inputs:
            raise BadUsage(
                f"--set {change.text}: the step has no such input" + nearest(name, list(inputs)),
                where=f"step {step.name}" if step.name else "the job",
                given=change.text,
                allowed=", ".join(f"inputs.{one}" for one in inputs) or "it has no inputs",
                next_step="name one of these: --set inputs.NAME=VALUE",
            )
        before, value = inputs[name], str(change.value)
        kind = getattr(before, "type", "")  # data stays data: a value that is a path has a type already
        inputs[name] = Data(kind, value) if kind else value
    return replace(step, inputs=inputs)


def submit(client: MLClient, step: Step, changes: Changes, *, name: str = "") -> Any:
    """Send the step as a command job.

    Args:
        client: on the workspace that ran it.
        step: from `steps.find`.
        changes: what is to be different; nothing by default.
        name: of the new job; Azure ML makes one if empty.

    Returns:
        The job as Azure ML accepted it; its tags name what it was made from.

    Raises:
        NotFound: the folder of the code is not there.
        BadUsage: a change is not of an input that the step has.
    """
    if changes.code is not None and not changes.code.is_dir():
        raise NotFound(
            "There is no such folder.",
            where="--code",
            given=str(changes.code),
            next_step="name the folder of the step's source: --code FOLDER",
        )
    made = changed(step, changes.inputs)
    if name:
        jobs.require_new(client, name)
    with quietly():
        job = _command(made, changes)
        job.tags = _lineage(step, changes)
        if name:
            job.name = name
        with without_bars():
            return client.jobs.create_or_update(job)


def _command(step: Step, changes: Changes) -> Any:
    from azure.ai.ml import Input, Output, command

    def taken(value: str | Data) -> Any:
        if isinstance(value, Data):
            return Input(type=value.type, path=value.path, mode=value.mode or None)
        return value

    used = set(re.findall(r"\$\{\{\s*inputs\.(\w+)", step.command))
    return command(
        command=without_missing(step.command, step.given),
        code=str(changes.code.resolve()) if changes.code else (step.code or None),
        environment=step.environment,
        compute=changes.compute or step.compute or None,
        inputs={
            key: taken(value) for key, value in step.given.items() if key in used or isinstance(value, Data)
        },
        outputs={key: Output(type=port.type, mode=port.mode or None) for key, port in step.outputs.items()},
        environment_variables=dict(step.variables),
        experiment_name=step.experiment or None,
        display_name=f"{step.name or step.job}, again",
        description=f"Step {step.name} of job {step.pipeline}, run again alone."
        if step.pipeline
        else f"Job {step.job}, run again.",
        **{key: value for key, value in step.settings.items() if key == "distribution"},
        **_sizes(step),
    )


def _sizes(step: Step) -> dict[str, Any]:
    """Resources and limits in the words of the client's builder."""
    found: dict[str, Any] = {}
    resources, limits = step.settings.get("resources"), step.settings.get("limits")
    for name in ("instance_count", "instance_type", "shm_size"):
        if (value := getattr(resources, name, None)) is not None:
            found[name] = value
    if (seconds := getattr(limits, "timeout", None)) is not None:
        found["timeout"] = seconds
    if identity := step.settings.get("identity"):
        found["identity"] = identity
    return found


def _lineage(step: Step, changes: Changes) -> dict[str, str]:
    """Tags that lead back: to the run, its pipeline and step, and what differs."""
    tags = {
        RERUN_OF: step.job,
        PIPELINE: step.pipeline,
        STEP: step.name,
        CODE: "edited" if changes.code else "as it was",
        CHANGED: ", ".join(f"{one.text}={one.value}" for one in changes.inputs),
    }
    return {key: value for key, value in tags.items() if value}
