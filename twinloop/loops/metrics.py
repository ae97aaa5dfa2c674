"""Metrics and parameters of runs, of the workspace's MLflow service: MLClient has no door to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twinloop.loops.runs import WorkspaceHistory

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from twinloop.loops.runs import Run
    from twinloop.loops.workspaces import Workspace


@dataclass(frozen=True, kw_only=True)
class Logged:
    """What a run logged: the last value of each metric, and its parameters."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


def of_steps(
    client: MLClient, workspace: Workspace, job: str, steps: tuple[Run, ...] | None = None
) -> dict[str, Logged]:
    """What each step of a pipeline logged, by the step's name; a reused step answers with its original's.

    Args:
        client: on the workspace.
        workspace: where the job is.
        job: its name; a job without steps answers for itself.
        steps: its steps, if they are known already.
    """
    history = WorkspaceHistory(client)
    runs = tuple(history.children(job)) if steps is None else steps
    found = {}
    for run in runs or (history.run(job),):
        held = history.tracked(run.reused_from or run.name, workspace.id)
        logged = Logged(
            metrics={one["key"]: float(one["value"]) for one in held.get("metrics", ())},
            params={one["key"]: one["value"] for one in held.get("params", ())},
        )
        if logged.metrics or logged.params:
            found[run.display_name] = logged
    return found
