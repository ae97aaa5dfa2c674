"""MLflow's tracking API under a workspace's address: the caller checked here, the answer MLflow's own."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import identities
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.jobs.tracking import artifact_root, tracking
from twinloop.localazure.services.machinelearning.mlflow_registry import answer as registry_answer
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, workspace

router = Router("machinelearning.mlflow")
RUNS = "Microsoft.MachineLearningServices/workspaces/experiments/runs"
API = f"/mlflow/{{version}}{WORKSPACE}/api/{{rest:path}}"
_READS = ("get", "search", "list", "get-history", "get-by-name", "get-latest-versions", "get-download-uri")


def admit(request: Request, twin: Twin, *, write: bool) -> str:
    """The workspace in the path, for whoever may use its runs: a running job's own token, or a role.

    Raises:
        AuthorizationFailed: neither.
    """
    home = str(workspace(request, twin)["id"])
    run = identities.run_of(twin, request.caller)
    if not run or not run.startswith(f"{ArmId(home).key}/"):
        twin.authorize(request.caller, f"{RUNS}/{'write' if write else 'read'}", home)
    return home


async def call(request: Request, twin: Twin) -> Reply:
    """One call of MLflow's API."""
    rest = "/" + request.params["rest"]
    body = await request.read()
    write = request.method != "GET" and not rest.rstrip("/").endswith(_READS)
    home = admit(request, twin, write=write)
    if rest.endswith("/model-versions/create"):
        body = await _with_place(twin, home, body)
    if (reply := registry_answer(twin, home, rest, request, body)) is not None:
        return reply
    given = _json(body)
    await _known(twin, home, rest, request, given)
    if rest.endswith("/experiments/create") and not given.get("artifact_location"):
        body = json.dumps(
            {**given, "artifact_location": artifact_root(twin, home, str(given.get("name", "")))}
        ).encode()
    path = "/api" + rest.replace("/preview/", "/")
    if path.endswith("/runs/log-batch-async"):  # answered when it is done: there is nothing to wait for
        path = path.removesuffix("-async")
    status, content, kind = await tracking(twin).call(
        home, request.method, path, query=request.query_string, body=body
    )
    return Reply(status, content, {"content-type": kind})


for _method in ("GET", "POST", "PATCH", "DELETE"):
    router.on(_method, API)(call)


async def _with_place(twin: Twin, home: str, body: bytes) -> bytes:
    """A logged model is named by its id; where it lies, MLflow knows."""
    given = _json(body)
    source = str(given.get("source") or "")
    if not source.startswith("models:/"):
        return body
    model = str(given.get("model_id") or source.removeprefix("models:/"))
    status, content, _ = await tracking(twin).call(home, "GET", f"/api/2.0/mlflow/logged-models/{model}")
    if status != HTTPStatus.OK:
        return body  # refused below, by its source
    info = json.loads(content)["model"]["info"]
    run = given.get("run_id") or info.get("source_run_id")
    return json.dumps({**given, "source": info["artifact_uri"], "model_id": model, "run_id": run}).encode()


async def _known(twin: Twin, home: str, rest: str, request: Request, given: dict[str, Any]) -> None:
    """See that MLflow knows the jobs that a call is about, before it is asked."""
    if rest.endswith("/runs/search"):
        await tracking(twin).sync(home, jobs(twin).of_workspace(home))
        return
    if rest.endswith("/experiments/get-by-name"):
        named = unquote(request.query.get("experiment_name", ""))
        first = next((job for job in jobs(twin).newest(home) if job.experiment == named), None)
        await tracking(twin).sync(home, [first] if first else [])
        return
    name = (
        given.get("run_id")
        or given.get("run_uuid")
        or given.get("source_run_id")
        or request.query.get("run_id")
        or request.query.get("run_uuid")
    )
    job: Job | None = jobs(twin).get(home, str(name)) if name else None
    if job is not None:
        await tracking(twin).sync(home, [job])


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body) if body.strip() else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
