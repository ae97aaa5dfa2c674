"""Outputs of a run: where the command writes them, where they are kept, and their names as assets."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.asset_lookup import collection
from twinloop.localazure.jobs.data import JobData
from twinloop.localazure.jobs.failures import StepFailed
from twinloop.localazure.jobs.folders import JobFolder
from twinloop.localazure.jobs.records import Job, principal_of
from twinloop.localazure.jobs.steps import MODELS, Output, Step

_ARTIFACTS = "ExperimentRun/dcid."


def uri_of(job: Job, step: Step, name: str) -> str:
    """Where an output is kept: where it was asked for, or below the run in the default datastore."""
    output = step.outputs[name]
    if output.uri:
        known = {"${{name}}": job.name, "${{output_name}}": name, "${{default_datastore}}": step.datastore}
        uri = output.uri
        for text, value in known.items():
            uri = uri.replace(text, value)
        return uri if uri.startswith(("azureml://subscriptions/", "https://")) else _long(job.workspace, uri)
    path = f"azureml/{job.name}/{name}" + ("" if output.type == "uri_file" else "/")
    return _long(job.workspace, f"azureml://datastores/{step.datastore}/paths/{path}")


def artifacts_uri(job: Job) -> str:
    """Where a run's logs are kept."""
    return f"azureml://datastores/workspaceartifactstore/paths/{_ARTIFACTS}{job.name}/"


def local_path(folder: JobFolder, output: Output, name: str, uri: str) -> Path:
    """Where the command writes an output; folders are made, a file's folder is."""
    target = folder.outputs / name
    target.mkdir(parents=True, exist_ok=True)
    return target / (PurePosixPath(uri).name or name) if output.type == "uri_file" else target


def keep(twin: Twin, job: Job, step: Step, folder: JobFolder, data: JobData) -> dict[str, dict[str, str]]:
    """Put all outputs where they are kept and register those that have a name.

    Raises:
        StepFailed: the command did not write a file that it declares.
        DataFailed: the identity may not write there.
    """
    kept = {}
    for name, output in step.outputs.items():
        uri = uri_of(job, step, name)
        path = local_path(folder, output, name, uri)
        if output.type == "uri_file" and not path.is_file():
            raise StepFailed(
                f"step '{step.name}': output '{name}' is a uri_file, and the command wrote no file at the "
                f"path it was given; write to ${{{{outputs.{name}}}}} itself, or declare it as uri_folder"
            )
        data.write(path, uri, f"step '{step.name}': output '{name}'")
        kept[name] = {"uri": uri, "type": output.type}
        if output.asset_name:
            kept[name]["asset"] = _register(twin, job, output, uri)
    return kept


def _register(twin: Twin, job: Job, output: Output, uri: str) -> str:
    """Make a version of a data asset or a model from an output; its ARM id."""
    kind = "models" if output.type in MODELS else "data"
    known = collection(twin, ArmId(job.workspace), kind)
    properties = {"modelUri": uri, "modelType": output.type, "jobName": job.name}
    if kind == "data":
        properties = {"dataUri": uri, "dataType": output.type}
    version = output.asset_version or known.next_version(output.asset_name)
    doc, _ = known.put_version(output.asset_name, version, properties, principal_of(job))
    return known.id(doc["name"], doc["version"]).text


def _long(workspace: str, uri: str) -> str:
    """A datastore path that names its workspace, as clients expect it."""
    home = ArmId(workspace)
    tail = uri.removeprefix("azureml://")
    return f"azureml://subscriptions/{home.subscription}/resourcegroups/{home.group}/workspaces/{home.name}/{tail}"
