"""Labelling projects: what is to be labelled, with which labels, and who helps; no page to label on here."""

from __future__ import annotations

import uuid
from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest, NotEmulated, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import ResourceHooks, kind_of, on_type, require, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.asset_store import assets
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace_id

router = Router("machinelearning.labelling")
Doc = dict[str, Any]
PROJECTS = f"{WORKSPACES}/labelingJobs"
_PROJECT = f"{WORKSPACE}/labelingJobs/{{id}}"
# Enumerations of pulumi_azure_native 3.29.0: ImageAnnotationType and TextAnnotationType.
_TASKS = {
    "Image": ("Classification", "BoundingBox", "InstanceSegmentation"),
    "Text": ("Classification", "NamedEntityRecognition"),
}
_COMPUTES = ("trainingComputeBinding", "inferencingComputeBinding")


@on_type(PROJECTS)
class ProjectHooks(ResourceHooks):
    """Rules of a project, and its progress."""

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """Its kind makes sense, it has labels, and what it names is there."""
        del old
        properties = body["properties"]
        if properties.get("jobType") != "Labeling":
            raise InvalidRequest("UserError", "properties.jobType of a labelling project is Labeling.")
        _check_media(properties)
        if not any(one.get("classes") for one in (properties.get("labelCategories") or {}).values()):
            raise InvalidRequest("UserError", "properties.labelCategories: at least one class to label with.")
        assist = properties.get("mlAssistConfiguration") or {}
        if assist.get("mlAssist") == "Enabled":
            for name in _COMPUTES:
                _check_compute(name, str(assist.get(name) or ""), request, twin)
        if data := (properties.get("dataConfiguration") or {}).get("dataId"):
            _check_data(str(data), twin)

    def created(self, doc: Doc, twin: Twin) -> None:
        """A new project, a new id."""
        del twin
        doc["projectId"] = str(uuid.uuid4())

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Nobody labels here: nothing is done yet of what there is."""
        del twin, api_version
        return {
            "properties": {
                "projectId": doc["projectId"],
                "createdDateTime": doc["createdAt"],
                "status": "Paused" if doc.get("paused") else "Running",
                "progressMetrics": {
                    "completedDatapointCount": 0,
                    "incrementalDataLastRefreshDateTime": None,
                    "skippedDatapointCount": 0,
                    "totalDatapointCount": 0,
                },
                "statusMessages": [],
            }
        }


def _pausing(verb: str, *, paused: bool) -> None:
    def change(request: Request, twin: Twin) -> Reply:
        doc = require(twin, workspace_id(request).child("labelingJobs", request.params["id"]))
        if bool(doc.get("paused")) == paused:
            state = "paused" if paused else "running"
            raise Conflict("UserError", f"labelling project '{doc['name']}' is {state} already.")
        doc["paused"] = paused
        twin.store.put(kind_of(PROJECTS), ArmId(doc["id"]).key, doc)
        return Reply(200)

    router.on("POST", f"{_PROJECT}/{verb}", action=f"{PROJECTS}/{verb}/action")(change)


_pausing("pause", paused=True)
_pausing("resume", paused=False)


@router.on("POST", f"{_PROJECT}/exportLabels", action=f"{PROJECTS}/exportLabels/action")
def export_labels(request: Request, twin: Twin) -> Reply:
    """There are no labels to export: nobody can label here."""
    require(twin, workspace_id(request).child("labelingJobs", request.params["id"]))
    raise NotEmulated("POST", "exportLabels of a labelling project: this twin has no page to label on")


def _check_media(properties: Doc) -> None:
    media = properties.get("labelingJobMediaProperties") or {}
    kind, task = media.get("mediaType"), media.get("annotationType")
    if kind not in _TASKS:
        raise InvalidRequest(
            "UserError",
            f"properties.labelingJobMediaProperties.mediaType: given {kind!r}; allowed: {', '.join(_TASKS)}.",
        )
    if task not in _TASKS[kind]:
        raise InvalidRequest(
            "UserError",
            f"properties.labelingJobMediaProperties.annotationType: given {task!r}; allowed for {kind}: "
            f"{', '.join(_TASKS[kind])}.",
        )


def _check_compute(name: str, given: str, request: Request, twin: Twin) -> None:
    where = ArmId(given) if "/" in given else workspace_id(request).child("computes", given or "?")
    if resource(twin, where) is None:
        raise InvalidRequest(
            "UserError",
            f"properties.mlAssistConfiguration.{name}: there is no compute '{given}' in this workspace.",
        )


def _check_data(given: str, twin: Twin) -> None:
    owner, _, rest = given.rpartition("/data/")
    name, _, version = rest.partition("/versions/")
    if not owner or not name or not version:
        raise InvalidRequest(
            "UserError",
            f"properties.dataConfiguration.dataId: given '{given}'; it is the ARM id of a version of a data "
            "asset: .../workspaces/<name>/data/<name>/versions/<version>.",
        )
    try:
        assets(twin, ArmId(owner), "data").version(name, version)
    except ResourceNotFound as missing:
        raise InvalidRequest("UserError", f"dataConfiguration.dataId: {missing.message}") from missing
