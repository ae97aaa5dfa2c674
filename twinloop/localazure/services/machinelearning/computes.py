"""Compute clusters: what Azure takes, what their sizes mean in cores, and which nodes they have now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from checks.catalogue.vm_sizes import vm_sizes
from twinloop.localazure.core.errors import InvalidRequest, NotEmulated
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import ResourceHooks, on_type, require, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning import instances, kubernetes_computes, quotas
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace_id

if TYPE_CHECKING:
    from twinloop.localazure.jobs.clusters import Clusters

router = Router("machinelearning")
Doc = dict[str, Any]
COMPUTES = f"{WORKSPACES}/computes"
CLUSTER = "AmlCompute"
STORED = ("SynapseSpark",)  # kept as they are: nothing runs on them here
EMULATED = (CLUSTER, instances.KIND, kubernetes_computes.KIND, *STORED)
_PRIORITIES = ("Dedicated", "LowPriority")
_DURATION = re.compile(r"P(?=\d|T\d)(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
DEFAULT_IDLE = "PT120S"


@on_type(COMPUTES)
class ComputeHooks(ResourceHooks):
    """Rules of a cluster, and its nodes."""

    def prepare(self, body: Doc, old: Doc | None, twin: Twin) -> None:
        """Settle how nodes are reached: Azure decides at birth what "NotSpecified" means, and keeps to it."""
        del twin
        properties = body.get("properties")
        cluster = properties.get("properties") if isinstance(properties, dict) else None
        if (
            not isinstance(properties, dict)
            or not isinstance(cluster, dict)
            or properties.get("computeType") != CLUSTER
            or cluster.get("remoteLoginPortPublicAccess", "NotSpecified") != "NotSpecified"
        ):
            return
        before = (old["body"]["properties"].get("properties") or {}) if old else {}
        closed = "Disabled" if cluster.get("subnet") else "Enabled"
        cluster["remoteLoginPortPublicAccess"] = before.get("remoteLoginPortPublicAccess") or closed

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The size exists, the limits make sense, and the quota allows the largest case."""
        properties = body["properties"]
        kind = properties.get("computeType")
        if kind not in EMULATED:
            raise NotEmulated(
                request.method, f"computes of type {kind!r} (this twin has: {', '.join(EMULATED)})"
            )
        parent = request.arm_id.parent
        owner = resource(twin, parent) if parent else None
        body.setdefault("location", owner["body"].get("location") if owner else None)
        if kind in STORED:
            return
        if kind == kubernetes_computes.KIND:
            kubernetes_computes.check(body, old, request, twin)
            return
        cluster = properties.setdefault("properties", {}) or {}
        properties["properties"] = cluster
        size = _check_size(cluster, request.arm_id.name)
        before = old["body"]["properties"].get("properties", {}) if old else None
        if kind == instances.KIND:
            instances.check(body, request, twin)
            quotas.demand(twin, request.arm_id, body, size, before)
            return
        cluster.setdefault("vmPriority", "Dedicated")
        if cluster["vmPriority"] not in _PRIORITIES:
            raise InvalidRequest(
                "ValidationError",
                f"vmPriority: {cluster['vmPriority']!r} is not valid; allowed: {', '.join(_PRIORITIES)}.",
            )
        _check_scale(cluster, request.arm_id.name)
        quotas.demand(twin, request.arm_id, body, size, before)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Nodes as they are now."""
        del api_version
        properties = doc["body"]["properties"]
        kind = properties.get("computeType")
        if kind != CLUSTER:
            shown = instances.rendered(doc, twin) if kind == instances.KIND else {}
            return _of_every_kind(doc, shown, attached=kind in {kubernetes_computes.KIND, *STORED})
        nodes = node_counts(twin, doc["id"])
        least = (properties.get("properties", {}).get("scaleSettings") or {}).get("minNodeCount", 0)
        have = max(nodes["running"] + nodes["idle"], least)
        states = {
            "runningNodeCount": nodes["running"],
            "idleNodeCount": have - nodes["running"],
            "preparingNodeCount": 0,
            "leavingNodeCount": 0,
            "preemptedNodeCount": 0,
            "unusableNodeCount": 0,
        }
        return _of_every_kind(
            doc,
            {
                "currentNodeCount": have,
                "targetNodeCount": have,
                "nodeStateCounts": states,
                "allocationState": "Steady",
                "allocationStateTransitionTime": doc["changedAt"],
                "errors": None,
            },
        )

    def updated(self, doc: Doc, twin: Twin) -> None:
        """Let waiting jobs in where the limit was raised."""
        _clusters(twin).resized(doc["id"])


def node_counts(twin: Twin, compute: str) -> dict[str, int]:
    """How many nodes run and idle, as the executor of jobs knows."""
    return _clusters(twin).counts(compute)


def _clusters(twin: Twin) -> Clusters:
    from twinloop.localazure.jobs.runner import runner  # the runner, in turn, looks at computes

    return runner(twin).executor.clusters


@router.on("POST", f"{WORKSPACE}/computes/{{computeName}}/listKeys", action=f"{COMPUTES}/listKeys/action")
def list_keys(request: Request, twin: Twin) -> Reply:
    """A cluster without local accounts has no keys."""
    doc = require(twin, workspace_id(request).child("computes", request.params["computeName"]))
    return Reply(200, {"computeType": doc["body"]["properties"]["computeType"]})


def _of_every_kind(doc: Doc, shown: Doc, *, attached: bool = False) -> Doc:
    body = doc["body"]
    return {
        "properties": {
            "computeLocation": body["properties"].get("computeLocation") or body.get("location"),
            "isAttachedCompute": attached,
            "createdOn": doc["createdAt"],
            "modifiedOn": doc["changedAt"],
            "provisioningErrors": None,
            "properties": shown,
        }
    }


def _check_size(cluster: Doc, name: str) -> str:
    size = str(cluster.get("vmSize") or "")
    known = {one.lower(): one for one in vm_sizes()}
    if size.lower() not in known:
        near = [one for one in vm_sizes() if one.lower().startswith(size.lower()[:12])][:4] if size else []
        hint = f" Near it: {', '.join(near)}." if near else " GET .../locations/<region>/vmSizes lists them."
        raise InvalidRequest(
            "ValidationError", f"computes/{name}: vmSize {size!r} is not a known size.{hint}"
        )
    return known[size.lower()]


def _check_scale(cluster: Doc, name: str) -> None:
    scale = cluster.setdefault("scaleSettings", {})
    least, most = scale.setdefault("minNodeCount", 0), scale.get("maxNodeCount")
    if not isinstance(most, int) or not isinstance(least, int) or not 0 <= least <= most:
        raise InvalidRequest(
            "ValidationError",
            f"computes/{name}: scaleSettings: minNodeCount={least!r} and maxNodeCount={most!r} "
            "must be whole numbers with 0 <= min <= max.",
        )
    idle = scale.setdefault("nodeIdleTimeBeforeScaleDown", DEFAULT_IDLE)
    if not isinstance(idle, str) or not _DURATION.fullmatch(idle):
        raise InvalidRequest(
            "ValidationError",
            f"computes/{name}: nodeIdleTimeBeforeScaleDown {idle!r} is not an ISO 8601 duration, "
            "e.g. PT120S.",
        )
