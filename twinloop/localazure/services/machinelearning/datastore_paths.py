"""From an address of data to the place in the blob store that it means, by datastores and jobs."""

from __future__ import annotations

import re
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import children_of, resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.records import KIND as JOBS
from twinloop.localazure.jobs.records import job_key
from twinloop.localazure.storage.blobs import blobs
from twinloop.localazure.storage.datastore_uri import BlobPath, DatastorePath, parse_blob_url, parse_or_refuse

_JOB_OUTPUT = re.compile(
    r"azureml://jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(/paths/(?P<path>.*))?", re.IGNORECASE
)
_CONTAINER_KEYS = ("containerName", "filesystem")


def locate(twin: Twin, workspace: ArmId, uri: str) -> BlobPath:
    """Account, container and path that an address means in this workspace.

    Raises:
        InvalidRequest: it is no such address, or its datastore does not exist or holds no blobs.
    """
    parsed = parse_or_refuse(uri)
    if isinstance(parsed, BlobPath):
        return parsed
    store = datastore(twin, workspace, parsed)
    properties = store["body"]["properties"]
    container = next((properties[key] for key in _CONTAINER_KEYS if properties.get(key)), "")
    if not container or not properties.get("accountName"):
        raise InvalidRequest(
            "UserError",
            f"{uri}: the datastore '{parsed.datastore}' is a {properties.get('datastoreType')}, "
            "which holds no blobs.",
        )
    return BlobPath(account=properties["accountName"].lower(), container=container, path=parsed.path)


def datastore(twin: Twin, workspace: ArmId, path: DatastorePath) -> dict[str, Any]:
    """The datastore's document.

    Raises:
        InvalidRequest: there is none of that name.
    """
    owner = ArmId(path.workspace_id) if path.workspace else workspace
    doc = resource(twin, owner.child("datastores", path.datastore))
    if doc is None:
        raise InvalidRequest(
            "UserError",
            f"The datastore '{path.datastore}' does not exist in workspace '{owner.name}'. Declare "
            "it, or use workspaceblobstore.",
        )
    return doc


def long_uri(workspace: ArmId, name: str, path: str) -> str:
    """The address of a path in a datastore that holds in any workspace."""
    return (
        f"azureml://subscriptions/{workspace.subscription}/resourcegroups/{workspace.group}"
        f"/workspaces/{workspace.name}/datastores/{name}/paths/{path}"
    )


def job_of(uri: str) -> str:
    """The job whose output an address names; empty if it names none."""
    found = _JOB_OUTPUT.fullmatch(uri)
    return found["job"] if found else ""


def resolve_job_output(twin: Twin, workspace: ArmId, uri: str) -> str:
    """The datastore address behind `azureml://jobs/<job>/outputs/<name>/paths/<path>`; others as they are.

    Raises:
        InvalidRequest: the job, or its output, does not exist.
    """
    if not (found := _JOB_OUTPUT.fullmatch(uri)):
        return uri
    job = find_job(twin, workspace, found["job"])
    if job is None:
        raise InvalidRequest(
            "UserError", f"{uri}: the job '{found['job']}' does not exist in workspace '{workspace.name}'."
        )
    outputs = job.get("outputs") or {}
    if found["output"] == "artifacts":  # where a job's run keeps what it logs
        base = long_uri(workspace, "workspaceartifactstore", f"ExperimentRun/dcid.{found['job']}/")
    elif found["output"] in outputs:
        base = outputs[found["output"]]["uri"]
    else:
        known = ", ".join(sorted(outputs)) or "none"
        raise InvalidRequest(
            "UserError",
            f"{uri}: the job '{found['job']}' has no output '{found['output']}' (it has: {known}).",
        )
    return base.rstrip("/") + "/" + (found["path"] or "").lstrip("/")


def find_job(twin: Twin, workspace: ArmId, name: str) -> dict[str, Any] | None:
    """The record of a job, or None."""
    return twin.store.get(JOBS, job_key(workspace.text, name))


def context_uri(twin: Twin, workspace: ArmId, given: object) -> str:
    """The address of a build context, whole.

    The client puts it together from the host of the datastore's account and the container, and so loses the
    account, which here is the first part of the path.

    Raises:
        InvalidRequest: there is none.
    """
    if not isinstance(given, str) or not given:
        raise InvalidRequest("UserError", "build.contextUri is missing: the address of the uploaded context.")
    place = parse_blob_url(given)
    for arm_id in children_of(twin, workspace, "datastores") if place else ():
        properties = (resource(twin, arm_id) or {"body": {"properties": {}}})["body"]["properties"]
        if place and place.account == str(properties.get("containerName") or "").lower():
            path = "/".join(part for part in (place.container, place.path) if part)
            return f"{twin.base}/{properties['accountName']}/{properties['containerName']}/{path}"
    return given


def demand_data(twin: Twin, workspace: ArmId, uri: str) -> None:
    """Demand that something lies at an address.

    Raises:
        InvalidRequest: nothing does.
    """
    place = locate(twin, workspace, uri)
    if not blobs(twin).exists(place.account, place.container, place.path):
        raise InvalidRequest(
            "UserError",
            f"Nothing is stored at '{uri}' (account '{place.account}', container "
            f"'{place.container}', path '{place.path}'). "
            "Upload it first, or give the path that the job wrote.",
        )
