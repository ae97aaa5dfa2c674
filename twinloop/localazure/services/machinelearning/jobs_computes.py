"""Clusters while jobs run on them: how many nodes they have, and that they are not deleted under a job."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import Conflict
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type, require
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.runner import runner
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace_id

router = Router("machinelearning.computes")
COMPUTES = f"{WORKSPACES}/computes"


@on_type(COMPUTES)
class NodeHooks(ResourceHooks):
    """The nodes of a cluster are those that its jobs need, between its limits."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Node counts as they stand."""
        del api_version
        if str(doc["body"]["properties"].get("computeType", "")).lower() != "amlcompute":
            return {}
        counts = runner(twin).executor.clusters.counts(doc["id"])
        now = counts["running"] + counts["idle"]
        states = {
            "idleNodeCount": counts["idle"],
            "runningNodeCount": counts["running"],
            "preparingNodeCount": 0,
            "leavingNodeCount": 0,
            "unusableNodeCount": 0,
            "preemptedNodeCount": 0,
        }
        inner = {
            "currentNodeCount": now,
            "targetNodeCount": now,
            "nodeStateCounts": states,
            "allocationState": "Steady",
            "errors": None,
        }
        return {"properties": {"properties": inner}}

    def updated(self, doc: Doc, twin: Twin) -> None:
        """A raised limit lets waiting jobs in."""
        runner(twin).executor.clusters.resized(doc["id"])

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """Jobs end first."""
        counts = runner(twin).executor.clusters.counts(doc["id"])
        if counts["running"] or counts["runs"]:
            raise Conflict(
                "ComputeInUse",
                f"cluster '{doc['name']}' runs jobs on {counts['running']} nodes, {counts['runs']} wait; "
                "cancel them or wait for their end, then delete it",
            )


@router.on("POST", f"{WORKSPACE}/computes/{{name}}/listNodes", action=f"{COMPUTES}/listNodes/action")
def list_nodes(request: Request, twin: Twin) -> Reply:
    """The nodes of a cluster that run something, with the run that each runs."""
    doc = require(twin, workspace_id(request).child("computes", request.params["name"]))
    runs = runner(twin).executor.clusters.runs(doc["id"])
    nodes = [
        {"nodeId": f"node-{index}", "privateIpAddress": "127.0.0.1", "nodeState": "running", "runId": run}
        for index, run in enumerate(runs)
    ]
    return Reply(200, {"nodes": nodes})
