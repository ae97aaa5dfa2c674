"""Files that runs log: kept in the workspace's artifact store, reached by signed URLs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from twinloop.localazure.core.errors import InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.identity.metadata import cloud
from twinloop.localazure.services.machinelearning.datastore_paths import locate, long_uri
from twinloop.localazure.services.machinelearning.mlflow import admit
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE
from twinloop.localazure.storage import sas
from twinloop.localazure.storage.blobs import blobs
from twinloop.localazure.storage.datastore_uri import BlobPath

router = Router("machinelearning.artifacts")
ARTIFACTS = f"/history/v1.0{WORKSPACE}/experiments/{{experimentName}}/runs/{{runId}}/artifacts"
_LIFETIME = timedelta(hours=4)


@router.on("POST", f"{ARTIFACTS}/batch/metadata")
def create_artifacts(request: Request, twin: Twin) -> Reply:
    """Where to put files, before they are sent."""
    home, run = _admit(request, twin, write=True)
    rows = request.json().get("paths") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("path") for row in rows):
        raise InvalidRequest("UserError", 'paths: wants a list of {"path": "..."}')
    paths = [str(row["path"]) for row in rows]
    signed = {path: _content(twin, home, run, path, "rcw") for path in paths}
    return Reply(
        200,
        {
            "artifacts": {path: _artifact(run, path) for path in paths},
            "artifactContentInformation": signed,
            "errors": {},
        },
    )


@router.on("GET", ARTIFACTS)
def list_artifacts(request: Request, twin: Twin) -> Reply:
    """All files of a run."""
    home, run = _admit(request, twin, write=False)
    return Reply(200, {"value": [_artifact(run, path) for path in _paths(twin, home, run)]})


@router.on("GET", f"{ARTIFACTS}/path")
def list_below(request: Request, twin: Twin) -> Reply:
    """The files of a run below a path."""
    (home, run), path = _admit(request, twin, write=False), request.query.get("path", "")
    below = [
        name for name in _paths(twin, home, run) if name == path or name.startswith(path.rstrip("/") + "/")
    ]
    return Reply(200, {"value": [_artifact(run, name) for name in below]})


@router.on("GET", f"{ARTIFACTS}/contentinfo")
def get_content(request: Request, twin: Twin) -> Reply:
    """Where to get a file."""
    (home, run), path = _admit(request, twin, write=False), request.query.get("path", "")
    if path not in _paths(twin, home, run):
        raise ResourceNotFound(ArmId(f"{home}/runs/{run}"), f"run '{run}' has no artifact '{path}'")
    return Reply(200, _content(twin, home, run, path, "r"))


def _admit(request: Request, twin: Twin, *, write: bool) -> tuple[str, str]:
    """The workspace and the run in the path, for whoever may use the files of this run."""
    run = request.params["runId"]
    return admit(request, twin, write=write, runs=(run,)), run


def _place(twin: Twin, home: str, run: str, path: str = "") -> BlobPath:
    workspace = ArmId(home)
    return locate(
        twin, workspace, long_uri(workspace, "workspaceartifactstore", f"ExperimentRun/dcid.{run}/{path}")
    )


def _paths(twin: Twin, home: str, run: str) -> list[str]:
    root = _place(twin, home, run)
    return [
        info.name.removeprefix(root.path)
        for info in blobs(twin).list(root.account, root.container, root.path)
    ]


def _content(twin: Twin, home: str, run: str, path: str, permissions: str) -> dict[str, Any]:
    place = _place(twin, home, run, path)
    words = sas.mint(
        twin, place.account, place.container, place.path, permissions=permissions, lifetime=_LIFETIME
    )
    suffix = cloud(twin)["suffixes"][
        "storage"
    ]  # the plug-in downloads only what looks like a blob of its cloud, by TLS
    uri = f"{twin.base}/{place.account}.blob.{suffix}/{place.container}/{quote(place.path)}?{words}"
    return {"contentUri": uri, "origin": "ExperimentRun", "container": f"dcid.{run}", "path": path}


def _artifact(run: str, path: str) -> dict[str, Any]:
    return {
        "artifactId": f"ExperimentRun/dcid.{run}/{path}",
        "origin": "ExperimentRun",
        "container": f"dcid.{run}",
        "path": path,
    }
