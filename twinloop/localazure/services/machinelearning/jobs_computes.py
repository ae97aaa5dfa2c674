"""Clusters while jobs run on them: which node runs what, and that they are not deleted under a job."""

from __future__ import annotations

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
class InUseHooks(ResourceHooks):
    """A cluster that jobs need stays."""

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
