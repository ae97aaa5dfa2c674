"""Jobs as ARM shows them: submitted, read, listed, cancelled, archived, deleted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from twinloop.localazure.core.errors import ArmError, Conflict, InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import bodies, identities, pipeline_bodies, registry_environments, tracking
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.jobs.runner import runner
from twinloop.localazure.services.machinelearning.jobs_rendering import render
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, workspace

router = Router("machinelearning.jobs")
ACTION = "Microsoft.MachineLearningServices/workspaces/jobs"
JOBS = f"{WORKSPACE}/jobs"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
_PAGE = 50
_VIEWS = {"activeonly": False, "archivedonly": True}  # whether archived jobs are shown; all others show all
_MUTABLE = ("displayName", "description", "tags", "isArchived", "properties")
_FIXED = ("jobType", "command", "codeId", "environmentId", "jobs")
_STEPS = uuid.UUID("5d0f6d0e-94c1-4f0e-9d75-0d9a3c2f5b11")


@router.on("PUT", f"{JOBS}/{{jobName}}", action=f"{ACTION}/write")
def put_job(request: Request, twin: Twin) -> Reply:
    """Accept a job, or change what may change of one: nothing is accepted that will not run."""
    home, name = str(workspace(request, twin)["id"]), request.params["jobName"]
    body = request.json()
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise InvalidRequest("UserError", f"job '{name}': the body has no `properties` object")
    if (old := jobs(twin).get(home, name)) is not None:
        return Reply(200, render(twin, _changed(twin, old, properties), request.caller))
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            "UserError",
            f"job name '{name}' is not valid: 1 to 255 letters, digits, '-' and '_', "
            "starting with a letter or digit",
        )
    job = accept(twin, home, name, properties, request.caller)
    return Reply(201, render(twin, job, request.caller))


@router.on("GET", f"{JOBS}/{{jobName}}", action=f"{ACTION}/read")
def get_job(request: Request, twin: Twin) -> Reply:
    """One job; a step of a pipeline shows that it is one by having no properties."""
    return Reply(200, render(twin, find(request, twin), request.caller))


@router.on("GET", JOBS, action=f"{ACTION}/read")
def list_jobs(request: Request, twin: Twin) -> Reply:
    """The jobs of the workspace, the newest first, without the steps of pipelines; a page reads its own."""
    home = str(workspace(request, twin)["id"])
    view = request.query.get("listViewType", "ActiveOnly").rpartition(".")[2].lower()
    kind, tag = request.query.get("jobType", "").lower(), request.query.get("tag", "")
    hidden = _VIEWS.get(view.replace("_", ""))
    wanted = (
        job
        for job in jobs(twin).newest(home, before=_number(request.query.get("$skip", "")))
        if (hidden is None or job.hidden == hidden)
        and (not kind or job.kind.lower() == kind)
        and (not tag or tag in job.tags)
    )
    found = list(islice(wanted, _PAGE))
    page: dict[str, Any] = {"value": [render(twin, job, request.caller) for job in found]}
    if len(found) == _PAGE and next(wanted, None) is not None:
        query = {**request.query, "$skip": found[-1].number}
        page["nextLink"] = f"{request.base}{request.path}?{urlencode(query, safe='$')}"
    return Reply(200, page)


@router.on("POST", f"{JOBS}/{{jobName}}/cancel", action=f"{ACTION}/cancel/action")
def cancel_job(request: Request, twin: Twin) -> Reply:
    """Ask a job to end; the wish is kept before anything is stopped."""
    job = find(request, twin)
    if job.kind == "Step":
        raise InvalidRequest("UserError", f"job '{job.name}' is a step; cancel its pipeline '{job.parent}'")
    runner(twin).cancel(job)
    return Reply(200)


@router.on("DELETE", f"{JOBS}/{{jobName}}", action=f"{ACTION}/delete")
def delete_job(request: Request, twin: Twin) -> Reply:
    """Forget a job that has ended, with its steps and their working folders; what it made stays."""
    home, name = str(workspace(request, twin)["id"]), request.params["jobName"]
    job = jobs(twin).get(home, name)
    if job is None:
        return Reply(204)
    if not job.ended_already:
        raise Conflict("UserError", f"job '{name}' is {job.status}; cancel it first, then delete it")
    runner(twin).forget(job)
    return Reply(200)


@on_type("Microsoft.MachineLearningServices/workspaces")
class WorkspaceJobs(ResourceHooks):
    """Jobs end with their workspace, and are forgotten when it is purged."""

    def deleted(self, doc: Doc, twin: Twin) -> None:
        """Stop what runs; a workspace that is recovered still knows its jobs."""
        for job in jobs(twin).of_workspace(doc["id"]):
            if job.kind != "Step":
                runner(twin).cancel(job)

    def purged(self, doc: Doc, twin: Twin) -> None:
        """Drop records, logs and folders."""
        for job in jobs(twin).of_workspace(doc["id"]):
            runner(twin).forget(job)


def attach(twin: Twin) -> None:
    """Take up what was on its way, and keep the twin up while anything is."""
    running = runner(twin)
    twin.busy.append(lambda: running.busy)
    twin.on_start(lambda _twin: running.resume())
    tracking.attach(twin)


def find(request: Request, twin: Twin) -> Job:
    """The job in the path.

    Raises:
        ResourceNotFound: there is none.
    """
    home = workspace(request, twin)
    job = jobs(twin).get(str(home["id"]), request.params["jobName"])
    if job is None:
        arm_id = ArmId(f"{home['id']}/jobs/{request.params['jobName']}")
        raise ResourceNotFound(
            arm_id,
            f"job '{arm_id.name}' was not found in workspace '{home['name']}'; GET .../jobs lists those that "
            "are there",
            code="UserError",
        )
    return job


def accept(twin: Twin, home: str, name: str, properties: dict[str, Any], caller: Principal) -> Job:
    """Take a job that will run, on somebody's behalf.

    Args:
        twin: where it runs.
        home: id of the workspace.
        name: name of the job, free so far.
        properties: of the body, as a client would put them.
        caller: who submits it; what the job may do is theirs.

    Raises:
        ArmError: it cannot run, and why.
    """
    kind = str(properties.get("jobType") or "")
    common: dict[str, Any] = {
        "workspace": home,
        "name": name,
        "experiment": str(properties.get("experimentName") or "Default"),
        "principal": identities.submitter(caller),
        "properties": properties,
        "display_name": str(properties.get("displayName") or name),
        "description": str(properties.get("description") or ""),
        "tags": _texts(properties.get("tags")),
        "run_properties": _texts(properties.get("properties")),
        "hidden": bool(properties.get("isArchived")),
    }
    if kind == "Command":
        step = bodies.read_command(twin, home, name, properties)
        registry_environments.demand(twin, caller, step)
        (job,) = jobs(twin).add(Job(kind="Command", step=step.document(), **common))
    elif kind == "Pipeline":
        job = _accept_pipeline(twin, common, caller)
    else:
        raise ArmError(
            501,
            "NotEmulated",
            f"not emulated: {kind or 'untyped'} job; this twin runs Command and Pipeline jobs",
        )
    runner(twin).accept(job)
    tracking.wake(twin)
    return job


def _accept_pipeline(twin: Twin, common: dict[str, Any], caller: Principal) -> Job:
    home, name = common["workspace"], common["name"]
    plan = pipeline_bodies.read_pipeline(twin, home, name, common["properties"])
    registry_environments.demand(twin, caller, *plan.steps)
    children = {
        step.name: str(uuid.uuid5(_STEPS, f"{home.lower()}/{name}/{step.name}")) for step in plan.steps
    }
    settings = {
        "outputs": {parent: list(made) for parent, made in plan.outputs.items()},
        "continue_on_failure": plan.continue_on_failure,
        "force_rerun": plan.force_rerun,
    }
    documents = [step.document() for step in plan.steps]
    job = Job(kind="Pipeline", step=settings, steps=documents, children=children, **common)
    git = {
        key: value
        for key, value in job.run_properties.items()
        if ".git." in key or key.startswith("azureml.git")
    }
    steps = [
        replace(
            job,
            kind="Step",
            name=children[step.name],
            parent=name,
            properties={},
            display_name=step.display_name,
            description="",
            tags=step.tags,
            run_properties={**git, **step.user_properties, **_module(step.name, step.component)},
            step=step.document(),
            steps=[],
            children={},
        )
        for step in plan.steps
    ]
    return jobs(twin).add(job, *steps)[0]


def _module(step: str, component: str) -> dict[str, str]:
    parts = ArmId(component).segments
    return {
        "azureml.moduleName": step,
        "azureml.moduleid": component,
        "azureml.componentName": parts[-3] if parts else "",
    }


def _changed(twin: Twin, old: Job, properties: Mapping[str, Any]) -> Job:
    """Change what may change of a job.

    Raises:
        Conflict: the body is that of another job.
    """
    for field in _FIXED:
        given = properties.get(field)
        if given is not None and old.properties.get(field) is not None and given != old.properties[field]:
            raise Conflict(
                "UserError",
                f"A job with the name '{old.name}' exists, and its {field} cannot be changed. "
                f"Use another name for a new job; of an existing one "
                f"only {', '.join(_MUTABLE)} can be changed.",
            )
    fields: dict[str, Any] = {}
    if properties.get("displayName") is not None:
        fields["display_name"] = str(properties["displayName"])
    if properties.get("description") is not None:
        fields["description"] = str(properties["description"])
    if properties.get("tags") is not None:
        fields["tags"] = _texts(properties["tags"])
    if properties.get("properties") is not None:
        fields["run_properties"] = old.run_properties | _texts(properties["properties"])
    if properties.get("isArchived") is not None:
        fields["hidden"] = bool(properties["isArchived"])
    return jobs(twin).change(old.key, **fields)


def _number(text: str) -> int:
    """Where a list goes on: below the number of the last job that was shown.

    Raises:
        InvalidRequest: it is no number; `$skip` is the twin's own word and is to be sent as it came.
    """
    if text and not text.isdigit():
        raise InvalidRequest("UserError", f"$skip: '{text}' is from no nextLink; leave it out to begin anew")
    return int(text or 0)


def _texts(values: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in (values or {}).items() if value is not None}
