"""MLflow's own pages for a workspace, passed on to whoever may read the workspace's runs.

MLflow's pages know nothing of roles. So what they may ask is a list here: the files of the pages, and calls
that read. All else is refused in MLflow's words. Files of runs and registered models come from where this
local Azure keeps them, as its own API gives them.
"""

from __future__ import annotations

import json
import mimetypes
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.reply import FileReply, Reply
from twinloop.localazure.jobs.records import jobs
from twinloop.localazure.jobs.tracking import tracking, workspace_name
from twinloop.localazure.pages.files import SAFE
from twinloop.localazure.pages.frame import refusal
from twinloop.localazure.pages.job_facts import RUNS_READ
from twinloop.localazure.pages.reach import workspaces
from twinloop.localazure.services.machinelearning import mlflow_registry
from twinloop.localazure.services.machinelearning.datastore_paths import locate, long_uri
from twinloop.localazure.storage.blobs import blobs

if TYPE_CHECKING:
    from twinloop.localazure.core.ids import ArmId
    from twinloop.localazure.core.request import Request
    from twinloop.localazure.pages.session import Viewer
    from twinloop.localazure.storage.datastore_uri import BlobPath

_READ = re.compile(
    r"(version|favicon\.ico|static-files/.+"
    r"|ajax-api/\d\.\d/mlflow/(server-info|ui-telemetry|unified-traces"
    r"|(experiments|runs|metrics|logged-models|traces|datasets|scorers|label-schemas|review-queues)"
    r"(/[\w./-]+)?))?"
)
_ASKED = re.compile(
    r"graphql|ajax-api/\d\.\d/mlflow/"
    r"(experiments|runs|logged-models|traces|datasets|issues|prompt-optimization/jobs)"
    r"/(search|search-datasets|metrics|batchGetInfos|calculate-filter-correlation)"
)
_REGISTRY = re.compile(r"ajax-api(/\d\.\d/mlflow/(registered-models|model-versions)(/[\w-]+)*)")
_REGISTRY_READS = ("get", "search", "get-latest-versions", "get-download-uri", "alias")
_HEADERS = {
    # its pages set styles by script; they may load, ask and send nothing but here
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


async def entry(viewer: Viewer, wanted: str) -> Reply:
    """To the pages of the workspace that is named, by its id or its name, or of the only one there is."""
    found = [home for home in workspaces(viewer) if viewer.may(RUNS_READ, home)]
    fitting = [home for home in found if wanted.lower() in {home.key, home.name.lower()}] if wanted else found
    if len(fitting) == 1:
        where = await _newest_runs(viewer, fitting[0])
        return Reply(303, None, {"location": f"/studio/mlflow/{workspace_name(fitting[0].text)}/{where}"})
    known = ", ".join(home.name for home in found) or "none"
    why = f"Name one of the workspaces whose runs {viewer.name} may read: {known}."
    return refusal(404, "Which workspace?", why, "twinloop mlflow -s dev", viewer=viewer)


async def _newest_runs(viewer: Viewer, home: ArmId) -> str:
    """The place within MLflow's pages of the runs of the newest job's experiment, else of all experiments."""
    newest = next(jobs(viewer.twin).newest(home.text), None)
    if newest is not None:
        mlflow = tracking(viewer.twin)
        await mlflow.sync(home.text, [newest])
        path, query = (
            "/api/2.0/mlflow/experiments/get-by-name",
            urlencode({"experiment_name": newest.experiment}),
        )
        status, content, _ = await mlflow.call(home.text, "GET", path, query=query)
        if status == HTTPStatus.OK:
            return f"#/experiments/{json.loads(content)['experiment']['experiment_id']}/runs"
    return "#/experiments"


async def answer(viewer: Viewer, request: Request) -> Reply | FileReply:
    """One request of MLflow's pages."""
    mark, rest = request.params["mark"], request.params.get("rest", "")
    home = next((one for one in workspaces(viewer) if workspace_name(one.text) == mark), None)
    if home is None or not viewer.may(RUNS_READ, home):
        why = f"There is no such workspace, or {viewer.name} has no role that reads its runs."
        return refusal(404, "No such workspace", why, "twinloop studio", viewer=viewer)
    if not rest and not request.path.endswith("/"):
        return Reply(303, None, {"location": f"{request.path}/"})  # its pages name their files from here
    body = await request.read()
    if (own := _own(viewer, home, rest, request, body)) is not None:
        return own
    if not (_READ if request.method == "GET" else _ASKED).fullmatch(rest) or request.method not in {
        "GET",
        "POST",
    }:
        return _refused(
            f"{request.method} {rest}: these pages read only; change things with the MLflow client"
        )
    if rest.endswith(("/runs/search", "/experiments/search", "graphql")):
        await tracking(viewer.twin).sync(home.text, jobs(viewer.twin).of_workspace(home.text))
    status, content, kind = await tracking(viewer.twin).call(
        home.text, request.method, f"/{rest}", query=request.query_string, body=body
    )
    return Reply(status, content, _HEADERS | {"content-type": kind, "cache-control": "no-cache"})


def _own(viewer: Viewer, home: ArmId, rest: str, request: Request, body: bytes) -> Reply | FileReply | None:
    """What this local Azure knows better than MLflow: registered models, and files of runs."""
    if found := _REGISTRY.fullmatch(rest):
        if (found[3] or "").lstrip("/") not in _REGISTRY_READS:
            return _refused(f"{rest}: these pages read only")
        action = mlflow_registry.action(found[1], write=False)
        if not viewer.may(action, home):
            return _refused(f"{viewer.name} has no role with {action}")
        request.principal = viewer.principal
        return mlflow_registry.answer(viewer.twin, home.text, found[1], request, body)
    if re.fullmatch(r"ajax-api/\d\.\d/mlflow/artifacts/list", rest):
        return _artifacts(viewer, home, request)
    if rest == "get-artifact":
        return _artifact(viewer, home, request)
    return None


def _place(viewer: Viewer, home: ArmId, request: Request) -> BlobPath | None:
    run = request.query.get("run_uuid") or request.query.get("run_id") or ""
    if jobs(viewer.twin).get(home.text, run) is None:
        return None
    try:
        return locate(
            viewer.twin, home, long_uri(home, "workspaceartifactstore", f"ExperimentRun/dcid.{run}/")
        )
    except ArmError:
        return None


def _artifacts(viewer: Viewer, home: ArmId, request: Request) -> Reply:
    """The files and folders of a run, one level at a time."""
    place = _place(viewer, home, request)
    path = request.query.get("path", "").strip("/")
    shown: dict[str, dict[str, object]] = {}
    base = f"{path}/" if path else ""
    if place is not None:
        for info in blobs(viewer.twin).list(place.account, place.container, place.path + base):
            below = info.name.removeprefix(place.path)
            first, _, deeper = below.removeprefix(base).partition("/")
            name = base + first
            shown[name] = (
                {"path": name, "is_dir": True}
                if deeper
                else {"path": name, "is_dir": False, "file_size": info.size}
            )
    return Reply(200, {"root_uri": "", "files": list(shown.values())})


def _artifact(viewer: Viewer, home: ArmId, request: Request) -> Reply | FileReply:
    place, path = _place(viewer, home, request), request.query.get("path", "")
    info = blobs(viewer.twin).get(place.account, place.container, place.path + path) if place else None
    if info is None or info.is_directory:
        return Reply(
            404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"the run has no file '{path}'"}
        )
    kind = mimetypes.guess_type(path)[0] or "text/plain"
    return FileReply(blobs(viewer.twin).path(info), headers=SAFE | {"content-type": kind})


def _refused(message: str) -> Reply:
    text = json.dumps({"error_code": "PERMISSION_DENIED", "message": message})
    return Reply(403, text, {"content-type": "application/json"})
