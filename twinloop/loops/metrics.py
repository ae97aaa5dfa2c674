"""Metrics and parameters of runs, read with MLflow: MLClient has no door to them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinloop.loops.client import quietly
from twinloop.loops.runs import WorkspaceHistory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure.ai.ml import MLClient

    from twinloop.loops.runs import Run
    from twinloop.loops.workspaces import Workspace

_TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105 - a variable's name


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
    with quietly(), _tracking(client, workspace) as mlflow:
        for run in runs or (history.run(job),):
            logged = _logged(mlflow, run.reused_from or run.name)
            if logged.metrics or logged.params:
                found[run.display_name] = logged
    return found


def _logged(mlflow: Any, run: str) -> Logged:
    data = mlflow.get_run(run).data
    return Logged(metrics=dict(data.metrics), params=dict(data.params))


@contextmanager
def _tracking(client: MLClient, workspace: Workspace) -> Iterator[Any]:
    """MLflow's client on the workspace, with the caller's own token in the variable that MLflow reads."""
    import mlflow

    history = WorkspaceHistory(client)
    before = os.environ.get(_TOKEN)
    os.environ[_TOKEN] = history.token()
    try:
        yield mlflow.MlflowClient(tracking_uri=history.mlflow_address(workspace.id))
    finally:
        os.environ.pop(_TOKEN, None)
        if before is not None:
            os.environ[_TOKEN] = before
