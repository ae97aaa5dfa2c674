"""A cluster is stopped, with all its nodes, and started again."""

from __future__ import annotations

from twinloop.localazure.core.errors import Conflict
from twinloop.localazure.core.operations import accepted
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import kind_of, require
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice.types import (
    CLUSTERS,
    cluster_id,
    operation,
    properties_of,
)

router = Router("Microsoft.ContainerService")
_SECONDS = 0.2


@operation(router, "start")
def start(request: Request, twin: Twin) -> Reply:
    """Start the nodes and the API server."""
    return _turn(request, twin, "Running", "Stopped")


@operation(router, "stop")
def stop(request: Request, twin: Twin) -> Reply:
    """Stop them; what was put into the cluster stays."""
    return _turn(request, twin, "Stopped", "Running")


def _turn(request: Request, twin: Twin, wanted: str, needed: str) -> Reply:
    arm_id = cluster_id(request)
    doc = require(twin, arm_id)
    now = (properties_of(doc).get("powerState") or {}).get("code", "Running")
    if now != needed:
        message = f"'{doc['id']}': powerState is {now} already; nothing was changed."
        raise Conflict("OperationNotAllowed", message)
    doc["power"] = wanted
    properties_of(doc)["powerState"] = {"code": wanted}
    twin.store.put(kind_of(CLUSTERS), arm_id.key, doc)
    return accepted(doc, _SECONDS, "POST", twin, request)[0]
