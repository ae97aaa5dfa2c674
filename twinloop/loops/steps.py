"""A step that was run: its command, code and environment, and the inputs that were really bound to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from twinloop.loops.client import quietly
from twinloop.loops.document import nearest
from twinloop.loops.jobs import get
from twinloop.loops.runs import WorkspaceHistory
from twinloop.problems import BadUsage, NotFound, NotSupported

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure.ai.ml import MLClient

    from twinloop.loops.runs import Run

PARENT_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.([\w.]+)\s*\}\}")
STEP_OUTPUT = re.compile(r"\$\{\{\s*parent\.jobs\.([^.\s]+)\.outputs\.([^.\s}]+)\s*\}\}")
_ANONYMOUS = re.compile(
    r"(?:azureml:)?(?:.*/components/)?(?P<name>[^/:]+)(?:/versions/|:)(?P<version>[^/:]+)"
)
_OF_DATA = ("uri_file", "uri_folder", "mltable", "_model")  # ends of the types that are files or folders


@dataclass(frozen=True)
class Data:
    """A file or folder that a step reads: its type, where it lies, how it is handed over."""

    type: str
    path: str
    mode: str = ""


@dataclass(frozen=True)
class Port:
    """What a step writes: its type, and how it is handed over."""

    type: str = "uri_folder"
    mode: str = ""


Bound = str | Data


@dataclass(frozen=True, kw_only=True)
class Step:
    """All that is needed to run a step once more."""

    job: str  # the run itself
    name: str  # of the step; empty for a job without steps
    pipeline: str = ""  # the job that it is a step of
    status: str = ""
    experiment: str = ""
    command: str
    code: str = ""  # id of the code asset; empty if it has none
    environment: str
    compute: str = ""
    inputs: Mapping[str, Bound | None] = field(default_factory=dict)  # None: optional, and not given
    outputs: Mapping[str, Port] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)  # distribution, resources, limits, identity

    @property
    def given(self) -> dict[str, Bound]:
        """Inputs that have a value."""
        return {name: value for name, value in self.inputs.items() if value is not None}


def find(client: MLClient, name: str, step: str = "") -> Step:
    """A step of a job with what was bound to it.

    Args:
        client: on the workspace.
        name: of the job.
        step: of the pipeline; if left out, its only failed step. Must be empty for a job without steps.

    Raises:
        NotFound: there is no such job or step.
        BadUsage: it cannot be told which step is meant.
        NotSupported: it is not a command.
    """
    job = get(client, name)
    kind = str(job.type or "")
    if kind == "command":
        if step:
            raise BadUsage(
                "This job has no steps.", where=name, given=f"--step {step}", next_step="leave --step out"
            )
        return _of_command(client, job)
    if kind != "pipeline":
        raise NotSupported(
            "Only commands and steps of pipelines can be run again alone.",
            where=name,
            given=f"a job of type {kind or 'unknown'}",
            allowed="type command, or type pipeline with --step NAME",
            next_step="for a step that is a job of its own, name its pipeline: twinloop jobs list",
        )
    runs = WorkspaceHistory(client).children(name)
    chosen = step or _failed(name, runs)
    nodes = dict(job.jobs or {})
    if chosen not in nodes:
        raise NotFound(
            f"This job has no step '{chosen}'" + (nearest(chosen, list(nodes)) or "."),
            where=name,
            given=f"--step {chosen}",
            allowed=", ".join(nodes) or "no step at all",
            next_step=f"twinloop jobs show {name}",
        )
    return _of_node(client, job, chosen, runs)


def is_data(kind: str) -> bool:
    """Whether a port of this type takes a file or a folder, and not a value."""
    return kind.endswith(_OF_DATA)


def run_of(runs: Sequence[Run], node: str, display_name: str = "") -> Run | None:
    """The run of a pipeline's step; it carries the step's own name, or the title that its file gives it."""
    return (
        next((run for run in runs if run.module == node), None)
        or next((run for run in runs if run.display_name == node), None)
        or next((run for run in runs if display_name and run.display_name == display_name), None)
    )


def _failed(name: str, runs: Sequence[Run]) -> str:
    failed = [run.module or run.display_name for run in runs if run.status == "Failed"]
    if len(failed) == 1:
        return failed[0]
    raise BadUsage(
        "It cannot be told which step is meant: "
        + (f"{len(failed)} of them failed." if failed else "none of them failed."),
        where=name,
        given="no --step",
        allowed=", ".join(run.module or run.display_name for run in runs),
        next_step=f"run it again with --step {(failed or [runs[0].display_name if runs else 'NAME'])[0]}",
    )


def _of_command(client: MLClient, job: Any) -> Step:
    inputs = {key: _bound(value) for key, value in (job.inputs or {}).items()}
    return Step(
        job=job.name,
        name="",
        status=WorkspaceHistory(client).run(job.name).status,
        experiment=job.experiment_name or "",
        command=job.command,
        code=_id(job.code),
        environment=_reference(job.environment),
        compute=str(job.compute or ""),
        inputs=inputs,
        outputs={
            key: Port(str(getattr(value, "type", None) or "uri_folder"), _mode(value))
            for key, value in (job.outputs or {}).items()
            if key != "default"
        },
        variables=dict(job.environment_variables or {}),
        settings=_settings(job),
    )


def _of_node(client: MLClient, job: Any, name: str, runs: Sequence[Run]) -> Step:
    node = job.jobs[name]
    run = run_of(runs, name, str(node.display_name or ""))
    if run is None:
        raise NotFound(
            "The step has not come to be.",
            where=f"{job.name}: {name}",
            given=", ".join(one.display_name for one in runs) or "no step has begun",
            next_step=f"twinloop jobs stream {job.name}",
        )
    component = _component(client, node, f"{job.name}: {name}")
    wired = {key: _bound(value) for key, value in (node.inputs or {}).items()}
    inputs: dict[str, Bound | None] = {}
    for key, port in component.inputs.items():
        value = wired.get(key, None if port.default is None else str(port.default))
        resolved = _resolve(client, value, job, runs, f"{name}.inputs.{key}")
        if resolved is not None and is_data(str(port.type)):
            known = resolved if isinstance(resolved, Data) else Data(str(port.type), resolved)
            resolved = replace(known, type=str(port.type))
        inputs[key] = resolved
    return Step(
        job=run.name,
        name=name,
        pipeline=job.name,
        status=run.status,
        experiment=job.experiment_name or "",
        command=component.command,
        code=_id(component.code),
        environment=_reference(node.environment or component.environment),
        compute=str(node.compute or job.settings.default_compute or job.compute or ""),
        inputs=inputs,
        outputs={
            key: Port(str(port.type or "uri_folder"), str(getattr(port, "mode", None) or ""))
            for key, port in component.outputs.items()
        },
        variables=dict(node.environment_variables or {}),
        settings=_settings(component) | _settings(node),
    )


def _component(client: MLClient, node: Any, where: str) -> Any:
    reference = node.component
    if not isinstance(reference, str):
        return reference
    found = None if reference.startswith("azureml://") else _ANONYMOUS.fullmatch(reference)
    if found is None or getattr(node, "type", "command") != "command":
        raise NotSupported(
            "This step is no command of the workspace, so it cannot be run alone.",
            where=where,
            given=f"{getattr(node, 'type', '')} {reference}".strip(),
            allowed="steps of type command whose component lies in the workspace",
            next_step="run its whole pipeline again: twinloop submit FILE",
        )
    with quietly():
        return client.components.get(found["name"], version=found["version"])


def _resolve(
    client: MLClient, value: Bound | None, job: Any, runs: Sequence[Run], where: str
) -> Bound | None:
    """What a wire carried: the pipeline's own input, or what an earlier step has left."""
    text = value if isinstance(value, str) else value.path if value else ""
    if found := PARENT_INPUT.fullmatch(text):
        given = (job.inputs or {}).get(found[1])
        return _bound(given) if given is not None else None
    found = STEP_OUTPUT.fullmatch(text)
    if found is None:
        return value
    return Data("uri_folder", left_by(client, job, runs, *found.groups(), where=where))


def left_by(client: MLClient, job: Any, runs: Sequence[Run], step: str, port: str, *, where: str = "") -> str:
    """Address of what a step of a pipeline has left.

    Raises:
        NotFound: it has left nothing under that name.
    """
    run = run_of(runs, step, str(getattr((job.jobs or {}).get(step), "display_name", None) or ""))
    left = WorkspaceHistory(client).outputs(run.reused_from or run.name) if run else {}
    if port not in left:
        raise NotFound(
            "The step before has not left what this one reads.",
            where=f"{job.name}: {where or step}",
            given=f"output {port} of step {step}, which is {run.status if run else 'not there'}",
            allowed="a step whose inputs are all there",
            next_step=f"run the earlier one first: --step {step}",
        )
    return left[port]


def _bound(given: Any) -> Bound | None:
    inner = getattr(given, "_data", given)
    if inner is None:
        return None
    if path := getattr(inner, "path", None):
        return Data(str(getattr(inner, "type", None) or "uri_folder"), str(path), _mode(inner))
    return str(inner)


def _mode(given: Any) -> str:
    return str(getattr(given, "mode", None) or "")


def _id(given: Any) -> str:
    return str(given or "").removeprefix("azureml:")


def _reference(given: Any) -> str:
    """An environment by id, or by name as a job's file would say it."""
    text = str(getattr(given, "id", None) or given or "")
    if text.startswith("azureml://"):  # of a registry
        return text
    text = text.removeprefix("azureml:")
    return text if text.startswith("/") else f"azureml:{text}"


def _settings(given: Any) -> dict[str, Any]:
    """What else decides how it runs; only what is set."""
    names = ("distribution", "resources", "limits", "identity")
    return {name: value for name in names if (value := getattr(given, name, None))}
