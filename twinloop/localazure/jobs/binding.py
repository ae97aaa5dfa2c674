"""Brings code and data to a step, and puts their paths in place of the expressions of its command."""

from __future__ import annotations

from dataclasses import dataclass

from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import expressions, outputs
from twinloop.localazure.jobs.asset_lookup import asset_properties
from twinloop.localazure.jobs.data import JobData
from twinloop.localazure.jobs.failures import StepFailed
from twinloop.localazure.jobs.folders import JobFolder
from twinloop.localazure.jobs.records import Job
from twinloop.localazure.jobs.steps import FILES, Input, Step


@dataclass(frozen=True)
class Bound:
    """A command with paths and values in place, and the variables that go with it."""

    command: str
    variables: dict[str, str]


def bind(twin: Twin, job: Job, step: Step, folder: JobFolder, principal: Principal) -> Bound:
    """Copy code and inputs into the job's folder and make room for its outputs.

    Raises:
        DataFailed: the identity may not read an input or write an output, or an input does not exist.
        StepFailed: the code is gone.
    """
    data = JobData(twin, job.workspace, principal)
    if step.code:
        _snapshot(twin, job, step, folder)
    inputs = {name: _input(name, given, folder, data) for name, given in step.inputs.items()}
    paths = {}
    for name, output in step.outputs.items():
        uri = outputs.uri_of(job, step, name)
        data.check(uri, f"output '{name}'", write=True)
        paths[name] = str(outputs.local_path(folder, output, name, uri))
    bound = {key: expressions.render(value, inputs, paths) for key, value in step.variables.items()}
    bound |= {f"AZURE_ML_INPUT_{name}": value for name, value in inputs.items() if value is not None}
    bound |= {f"AZURE_ML_OUTPUT_{name}": value for name, value in paths.items()}
    return Bound(expressions.render(step.command, inputs, paths, str(folder.root)), bound)


def _input(name: str, given: Input, folder: JobFolder, data: JobData) -> str | None:
    if not given.is_data:
        return given.value
    if given.mode.lower() == "direct":
        return given.uri
    is_file = given.type in FILES or (given.type == "custom_model" and not given.uri.endswith("/"))
    path = data.read(
        given.uri,
        folder.inputs / name,
        folder=not is_file,
        what=f"input '{name}'",
        may_be_empty=bool(given.step),
    )
    return str(path)


def _snapshot(twin: Twin, job: Job, step: Step, folder: JobFolder) -> None:
    """Copy the code; it belongs to the workspace, whose own rights read it."""
    properties = asset_properties(twin, step.code)
    if properties is None:
        raise StepFailed(f"code '{step.code}' was deleted before the step began")
    JobData(twin, job.workspace).read(
        str(properties["codeUri"]), folder.code, folder=True, what="code", may_be_empty=True
    )
