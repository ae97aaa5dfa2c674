"""Long-running operations over HTTP: the headers that point at them, and their answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.errors import ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import render
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import resource
from twinloop.localazure.core.router import Router

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin

router = Router("operations")
_PLACE = "/subscriptions/{subscriptionId}/providers/{namespace}/locations/{location}"
_STATUSES = _PLACE + "/operationStatuses/{operationId}"
_RESULTS = _PLACE + "/operationResults/{operationId}"
_POLL_MS = "50"


def retry_headers(request: Request) -> dict[str, str]:
    """When to ask again, as the caller reads it (azure-core 1.41, read, and azure-ai-ml 1.35.2, run).

    Go's azcore looks for milliseconds first. Python's azure-core does so only where `Retry-After` is
    missing, and go-azure-sdk reads nothing but `Retry-After`, in whole seconds.
    """
    if "azsdk-python" in request.headers.get("user-agent", ""):
        return {"retry-after-ms": _POLL_MS}
    return {"retry-after": "1", "retry-after-ms": _POLL_MS}


def headers_of(
    operation: dict[str, Any], twin: Twin, request: Request, *, also_location: bool
) -> dict[str, str]:
    """The headers that send a client to an operation."""
    arm_id = ArmId(operation["resource"])
    namespace = arm_id.type.partition("/")[0]
    tail = f"{operation['id']}?api-version={request.api_version}"
    place = operation["location"] or (twin.seed.locations[0] if twin.seed.locations else "global")
    root = f"{twin.base}/subscriptions/{arm_id.subscription}/providers/{namespace}/locations/{place}"
    headers = {"azure-asyncoperation": f"{root}/operationStatuses/{tail}", **retry_headers(request)}
    if also_location:
        headers["location"] = f"{root}/operationResults/{tail}"
    return headers


def accepted(
    doc: dict[str, Any], seconds: float, verb: str, twin: Twin, request: Request
) -> tuple[Reply, str]:
    """202 for something that takes its time, which points at a new operation; and that operation's id."""
    operation = twin.lifecycle.begin(
        resource=doc["id"],
        location=doc["body"].get("location", ""),
        seconds=seconds,
        verb=verb,
        owner=request.caller.id,
    )
    return Reply(202, None, headers_of(operation, twin, request, also_location=True)), operation["id"]


@router.on("GET", _STATUSES)
def status(request: Request, twin: Twin) -> Reply:
    """How far an operation is."""
    operation = _find(request, twin)
    body = {
        "id": request.arm_id.text,
        "name": operation["id"],
        "status": twin.lifecycle.status(operation),
        "startTime": datetime.fromtimestamp(operation["startedAt"], UTC).isoformat(),
    }
    if "error" in operation:
        body["error"] = operation["error"]
    return Reply(200, body, retry_headers(request))


@router.on("GET", _RESULTS)
def result(request: Request, twin: Twin) -> Reply:
    """202 while it goes on, then what it came to."""
    operation = _find(request, twin)
    state = twin.lifecycle.status(operation)
    if state == "InProgress":
        headers = headers_of(operation, twin, request, also_location=True)
        return Reply(202, None, {"location": headers["location"], **retry_headers(request)})
    if state == "Failed":
        return Reply(409, {"error": operation["error"]})
    doc = resource(twin, ArmId(operation["resource"])) if operation["verb"] != "DELETE" else None
    if doc is None:
        return Reply(200 if operation["verb"] == "DELETE" else 204)
    return Reply(200, render(doc, twin, request.api_version))


def _find(request: Request, twin: Twin) -> dict[str, Any]:
    operation = twin.lifecycle.find(request.params["operationId"])
    if operation is None:
        raise ResourceNotFound(
            request.params["operationId"],
            f"The operation '{request.params['operationId']}' is not known: nobody kept it, or it is "
            "of another twin. GET the resource itself to see how it ended.",
        )
    return operation
