"""MLflow's tracking API under a workspace's address: the caller checked here, the answer MLflow's own."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from twinloop.localazure.core.errors import NotEmulated
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request, read_object
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import identities
from twinloop.localazure.jobs.records import Job, jobs, principal_of
from twinloop.localazure.jobs.tracking import artifact_root, tracking
from twinloop.localazure.services.machinelearning.mlflow_registry import action as registry_action
from twinloop.localazure.services.machinelearning.mlflow_registry import answer as registry_answer
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, workspace

router = Router("machinelearning.mlflow")
RUNS = "Microsoft.MachineLearningServices/workspaces/experiments/runs"
API = f"/mlflow/{{version}}{WORKSPACE}/api/{{rest:path}}"
_SAFE = ("GET", "HEAD")
# What of MLflow's API there is: plain names only, so that what was checked is what MLflow is asked.
_OFFERED = re.compile(
    r"/\d\.\d(/preview)?/mlflow/(experiments|runs|metrics|artifacts|logged-models|registered-models|model-versions)"
    r"(/[\w-]+)*"
)
_RUN_NAMES = ("run_id", "run_uuid", "source_run_id")
_READS = ("get", "search", "list", "get-history", "get-by-name", "get-latest-versions", "get-download-uri")


def admit(request: Request, twin: Twin, *, write: bool, runs: Collection[str] = (), action: str = "") -> str:
    """The workspace in the path, for whoever may do this in it.

    A running job's own token opens the runs of its own pipeline; for all else its submitter's roles count.

    Args:
        request: whose path names the workspace.
        twin: the twin.
        write: whether something changes.
        runs: the runs that the call is about, if it is about certain ones.
        action: what it takes; to read or write runs if not given.

    Raises:
        AuthorizationFailed: neither the job nor a role allows it.
    """
    home, caller = str(workspace(request, twin)["id"]), request.caller
    if (key := identities.run_of(twin, caller)).startswith(f"{ArmId(home).key}/"):
        own = jobs(twin).by_key(key)
        if runs and all(_same_tree(own, jobs(twin).get(home, run)) for run in runs):
            return home
        caller = principal_of(own)
    twin.authorize(caller, action or f"{RUNS}/{'write' if write else 'read'}", home)
    return home


def _same_tree(own: Job, other: Job | None) -> bool:
    return other is not None and (other.parent or other.name) == (own.parent or own.name)


async def call(request: Request, twin: Twin) -> Reply:
    """One call of MLflow's API."""
    rest = "/" + request.params["rest"]
    if not _OFFERED.fullmatch(rest):
        raise NotEmulated(request.method, request.path)
    body = await request.read()
    given = read_object(body)
    write = request.method not in _SAFE and not (
        request.method == "POST" and rest.rpartition("/")[2] in _READS
    )
    if action := registry_action(rest, write=write):
        home = admit(request, twin, write=write, action=action)
    else:
        home = admit(request, twin, write=write, runs=_runs(request, given))
    if rest.endswith("/model-versions/create"):
        body = await _with_place(twin, home, body)
    if (reply := registry_answer(twin, home, rest, request, body)) is not None:
        return reply
    await _known(twin, home, rest, request, given)
    if rest.endswith("/experiments/create"):  # where artifacts lie is never the caller's to say
        place = artifact_root(twin, home, str(given.get("name", "")))
        body = json.dumps({**given, "artifact_location": place}).encode()
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
    given = read_object(body)
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
    found = (jobs(twin).get(home, name) for name in _runs(request, given))
    if known := [job for job in found if job is not None]:
        await tracking(twin).sync(home, known)


def _runs(request: Request, given: dict[str, Any]) -> set[str]:
    """The runs that a call names, wherever it names them: all of them, as MLflow may go by any."""
    named = [given.get(key) for key in _RUN_NAMES] + [
        value for key, value in parse_qsl(request.query_string) if key in _RUN_NAMES
    ]
    return {str(name) for name in named if name}
