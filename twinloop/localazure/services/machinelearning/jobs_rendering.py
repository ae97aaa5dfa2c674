"""A job as its readers see it: the ARM resource, the run of the run history, its details."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import states
from twinloop.localazure.jobs.folders import folder_of
from twinloop.localazure.jobs.logs import log_url, sign
from twinloop.localazure.jobs.records import Job
from twinloop.localazure.jobs.steps import MODELS, SERVERLESS
from twinloop.localazure.jobs.variables import tracking_uri

_KINDS = {"Command": "azureml.Command", "Pipeline": "azureml.PipelineRun", "Step": "azureml.StepRun"}
STUDIO = "studio link"  # no log file lies at a place of this name
_LINEAGE = "azureml://jobs/{run}/outputs/{name}"


def studio_url(twin: Twin, job: Job, viewer: Principal) -> str:
    """The page of a job, as the one who is given the link may see it, to read, for a day or two."""
    until, key = sign(twin, STUDIO, viewer.id)
    return f"{twin.base}/studio/runs/{job.name}?wsid={job.workspace}&as={viewer.id}&until={until}&key={key}"


def render(twin: Twin, job: Job, viewer: Principal) -> dict[str, Any]:
    """The ARM resource."""
    kind = "Microsoft.MachineLearningServices/workspaces/jobs"
    shown: dict[str, Any] = {
        "id": job.id,
        "name": job.name,
        "type": kind,
        "systemData": _system(job),
        "properties": None,
    }
    if job.kind == "Step":
        return shown
    given = {key: value for key, value in job.properties.items() if value is not None}
    shown["properties"] = {
        **given,
        "displayName": job.display_name,
        "description": job.description or None,
        "experimentName": job.experiment,
        "tags": job.tags,
        "properties": job.run_properties,
        "isArchived": job.hidden,
        "status": job.status,
        "services": _services(twin, job, viewer),
        "inputs": given.get("inputs") or {},
        "outputs": _outputs(job),
    }
    return shown


def run(twin: Twin, job: Job, viewer: Principal) -> dict[str, Any]:
    """The run of the run history."""
    shown: dict[str, Any] = {
        "runNumber": job.number,
        "rootRunId": job.parent or job.name,
        "runId": job.name,
        "runUuid": job.name,
        "parentRunId": job.parent or None,
        "experimentId": experiment_id(job),
        "dataContainerId": f"dcid.{job.name}",
        "status": job.status,
        "createdUtc": job.created,
        "startTimeUtc": job.started or None,
        "endTimeUtc": job.ended or None,
        "createdBy": {"userObjectId": job.principal["id"], "userName": job.principal["name"]},
        "displayName": job.display_name,
        "name": job.name,
        "description": job.description or None,
        "hidden": job.hidden,
        "runType": _KINDS[job.kind],
        "runTypeV2": {"orchestrator": "twin", "traits": []},
        "properties": job.run_properties,
        "tags": job.tags,
        "parameters": {},
        "services": {},
        "target": _target(job),
        "compute": {"target": _target(job), "targetType": "AmlCompute"} if _target(job) else None,
        "error": _error(job),
        "warnings": [],
        "outputs": lineage(job),
    }
    if job.kind != "Step":
        shown["actionUris"] = {}
    shown["services"] = (
        {"Studio": {"type": "Studio", "endpoint": studio_url(twin, job, viewer), "status": "Running"}}
        if job.kind != "Step"
        else {}
    )
    return shown


def details(twin: Twin, job: Job) -> dict[str, Any]:
    """What following a run needs: its state, its error, its logs as URLs."""
    folder = folder_of(twin.azure, job)
    return {
        "runId": job.name,
        "target": _target(job),
        "status": job.status,
        "parentRunId": job.parent or None,
        "createdTimeUtc": job.created,
        "startTimeUtc": job.started or None,
        "endTimeUtc": job.ended or None,
        "error": _error(job),
        "warnings": [],
        "tags": job.tags,
        "properties": job.run_properties,
        "parameters": {},
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": None,
        "logFiles": {name: log_url(twin, job, name) for name in folder.log_files()},
        "submittedBy": job.principal["name"],
    }


def lineage(job: Job) -> dict[str, dict[str, str]]:
    """Outputs as typed references; models show as folders, as the client's download can take nothing else."""
    return {
        name: {
            "assetId": output_id(job, name),
            "type": "uri_folder" if output["type"] in MODELS else output["type"],
        }
        for name, output in job.outputs.items()
    }


def output_id(job: Job, name: str) -> str:
    """The id under which an output of a run is resolved to its place."""
    return f"{_LINEAGE.format(run=job.name, name=name)}"


def experiment_id(job: Job) -> str:
    """Experiments are known by name; the id is derived."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ArmId(job.workspace).key}/experiments/{job.experiment}"))


def _services(twin: Twin, job: Job, viewer: Principal) -> dict[str, Any]:
    studio = {
        "jobServiceType": "Studio",
        "port": None,
        "endpoint": studio_url(twin, job, viewer),
        "status": None,
    }
    tracking = {
        "jobServiceType": "Tracking",
        "port": None,
        "endpoint": tracking_uri(twin, job.workspace),
        "status": None,
    }
    return {"Studio": studio, "Tracking": tracking}


def _outputs(job: Job) -> dict[str, Any]:
    shown = {
        name: dict(output or {})
        for name, output in (job.properties.get("outputs") or {}).items()
        if name != "default"
    }
    for name, kept in job.outputs.items():
        shown.setdefault(name, {"jobOutputType": kept["type"]})
        shown[name]["uri"] = kept["uri"]
    return shown


def _error(job: Job) -> dict[str, Any] | None:
    if job.status != states.FAILED or not job.error:
        return None
    return {
        "error": {"code": job.error["code"], "message": job.error["message"], "severity": None},
        "time": job.ended or None,
    }


def _target(job: Job) -> str:
    compute = str((job.step or {}).get("compute") or "")
    return compute.rpartition("/")[2] if compute else SERVERLESS if job.kind != "Pipeline" else ""


def _system(job: Job) -> dict[str, Any]:
    kind = job.principal.get("kind", "User")
    return {
        "createdAt": job.created,
        "createdBy": job.principal["name"],
        "createdByType": kind if kind in {"User", "ManagedIdentity"} else "Application",
    }
