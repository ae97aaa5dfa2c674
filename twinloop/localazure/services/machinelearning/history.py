"""The run history: runs, their details and children, outputs resolved, labels changed; logs by URL."""

from __future__ import annotations

import re
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.logs import log_file
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.services.machinelearning.jobs_rendering import details, run
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, workspace, workspace_id

router = Router("machinelearning.history")
RUNS = "Microsoft.MachineLearningServices/workspaces/experiments/runs"
HISTORY = f"/history/v1.0{WORKSPACE}"
_OUTPUT = re.compile(r"azureml://jobs/(?P<run>[^/]+)/outputs/(?P<name>.+)")


def _scope(request: Request) -> str:
    """Rights on runs are held on their workspace."""
    return workspace_id(request).text


@router.on("GET", f"{HISTORY}/runs/{{runId}}", action=f"{RUNS}/read", scope=_scope)
def get_run(request: Request, twin: Twin) -> Reply:
    """One run."""
    return Reply(200, run(twin, find_run(request, twin), request.caller))


@router.on(
    "GET", f"{HISTORY}/experiments/{{experimentName}}/runs/{{runId}}", action=f"{RUNS}/read", scope=_scope
)
def get_run_of_experiment(request: Request, twin: Twin) -> Reply:
    """One run, by experiment."""
    return Reply(200, run(twin, find_run(request, twin), request.caller))


@router.on("GET", f"{HISTORY}/runs/{{runId}}/details", action=f"{RUNS}/read", scope=_scope)
def get_details(request: Request, twin: Twin) -> Reply:
    """State, error and logs of a run: what following one asks again and again."""
    return Reply(200, details(twin, find_run(request, twin)))


@router.on("GET", f"{HISTORY}/runs/{{runId}}/children", action=f"{RUNS}/read", scope=_scope)
def get_children(request: Request, twin: Twin) -> Reply:
    """The steps of a pipeline."""
    children = jobs(twin).children(find_run(request, twin))
    top = request.query.get("$top") or request.query.get("top")
    return Reply(
        200, {"value": [run(twin, child, request.caller) for child in children[: int(top) if top else None]]}
    )


@router.on(
    "GET", f"{HISTORY}/runs/{{runId}}/serviceinstances/{{nodeId}}", action=f"{RUNS}/read", scope=_scope
)
def get_service_instances(request: Request, twin: Twin) -> Reply:
    """The services that a job asked for on a node (ssh, Jupyter): each says that it is not started here."""
    job = find_run(request, twin)
    asked = job.properties.get("services")
    named = asked.items() if isinstance(asked, dict) else ()
    instances = {name: _not_started(name, service) for name, service in named if isinstance(service, dict)}
    return Reply(200, {"instances": instances})


def _not_started(name: str, service: dict[str, Any]) -> dict[str, Any]:
    kind = service.get("jobServiceType") or service.get("type") or "unknown"
    message = f"service '{name}': the local Azure starts no {kind} beside a run; it follows what the run logs"
    return {
        "type": kind,
        "port": service.get("port"),
        "status": "NotEmulated",
        "error": {"error": {"code": "NotEmulated", "message": message}},
        "endpoint": None,
        "properties": {},
    }


@router.on("POST", f"{HISTORY}/rundata", action=f"{RUNS}/read", scope=_scope)
def get_run_data(request: Request, twin: Twin) -> Reply:
    """A run with its outputs as typed references."""
    return Reply(
        200,
        {
            "runMetadata": run(
                twin, _run(request, twin, str(request.json().get("runId") or "")), request.caller
            )
        },
    )


@router.on(
    "POST", f"/data/v1.0{WORKSPACE}/dataversion/batchGetResolvedUris", action=f"{RUNS}/read", scope=_scope
)
def resolve_uris(request: Request, twin: Twin) -> Reply:
    """Where outputs of runs lie."""
    values = {}
    asked = request.json().get("values") or []
    if not isinstance(asked, list):
        raise InvalidRequest("UserError", f"values: wants a list of addresses, given: {asked!r}")
    for asset in asked:
        found = _OUTPUT.fullmatch(str(asset))
        job = jobs(twin).get(_scope(request), found["run"]) if found else None
        if found and job and (output := job.outputs.get(found["name"])):
            values[asset] = {
                "uri": output["uri"],
                "type": "uri_file" if output["type"] == "uri_file" else "uri_folder",
            }
    return Reply(200, {"values": values})


@router.on(
    "PATCH", f"{HISTORY}/experiments/{{experimentName}}/runs/{{runId}}", action=f"{RUNS}/write", scope=_scope
)
def patch_run(request: Request, twin: Twin) -> Reply:
    """Change the labels of a run, or archive it."""
    job, body = find_run(request, twin), request.json()
    fields: dict[str, Any] = {}
    if body.get("displayName") is not None:
        fields["display_name"] = str(body["displayName"])
    if body.get("description") is not None:
        fields["description"] = str(body["description"])
    if body.get("tags") is not None:
        fields["tags"] = job.tags | {str(key): str(value) for key, value in body["tags"].items()}
    if body.get("properties") is not None:
        fields["run_properties"] = job.run_properties | {
            str(k): str(v) for k, v in body["properties"].items()
        }
    if body.get("hidden") is not None:
        fields["hidden"] = bool(body["hidden"])
    return Reply(200, run(twin, jobs(twin).change(job.key, **fields), request.caller))


@router.on("GET", "/_joblogs/{home}/{run}/{name:path}", auth="none")
def get_log(request: Request, twin: Twin) -> Reply | FileReply:
    """A log file as it stands; the URL's own signature is the permission."""
    place = f"{request.params['home']}/{request.params['run']}"
    until, signature = request.query.get("se", ""), request.query.get("sig", "")
    path = log_file(twin, place, request.params["name"], until, signature)
    if path is None or not path.is_file():
        return Reply(
            403 if path is None else 404,
            "this log does not exist, or its URL was not signed by this twin or is too old; ask for it anew",
        )
    return FileReply(path, headers={"content-type": "text/plain; charset=utf-8"})


def find_run(request: Request, twin: Twin) -> Job:
    """The run in the path.

    Raises:
        ResourceNotFound: there is none.
    """
    return _run(request, twin, request.params["runId"])


def _run(request: Request, twin: Twin, name: str) -> Job:
    home = workspace(request, twin)
    job = jobs(twin).get(str(home["id"]), name)
    if job is None:
        raise ResourceNotFound(
            ArmId(f"{home['id']}/runs/{name}"), f"run '{name}' was not found in workspace '{home['name']}'"
        )
    return job
