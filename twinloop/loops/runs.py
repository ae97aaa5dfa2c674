"""The run history behind a job: states, times and live logs of a pipeline's steps.

MLClient shows a pipeline's own log only and refuses to stream a step. Its operations on the run history know
more, but are private. This is the one file that touches them, and a test holds that they are still there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from twinloop.loops.client import quietly

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from azure.ai.ml import MLClient

TERMINAL = frozenset({"Completed", "Failed", "Canceled", "NotResponding"})
USER_LOG = "user_logs/std_log"
_REUSED = "azureml.isreused"
_REUSED_RUN = "azureml.reusedrunid"
_MODULE = "azureml.moduleName"
_NOTES = "twinloop.environmentNote"  # a JSON list of sentences, written by the twin
_NODES = "twinloop.nodes"  # of a serverless run, written by the twin


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as the run history knows it now."""

    name: str
    display_name: str
    status: str
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    logs: Mapping[str, str] = field(default_factory=dict)  # file name -> address
    reused_from: str = ""  # name of the earlier run whose result this one took
    module: str = ""  # the step's name in its pipeline, where the run says it
    notes: tuple[str, ...] = ()  # where what it ran in differs from the cloud's image; the twin's own
    nodes: str = ""  # of a serverless run; the twin's own

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in TERMINAL

    @property
    def seconds(self) -> float | None:
        """From start to end; None before it ended, or when it never started."""
        if self.started is None or self.ended is None:
            return None
        return max(0.0, (self.ended - self.started).total_seconds())


class History(Protocol):
    """What following a job needs to ask."""

    def run(self, name: str) -> Run:
        """One run with the addresses of its logs."""

    def children(self, name: str) -> list[Run]:
        """Steps of a pipeline in the order in which they came to be; their logs are left out."""

    def text(self, address: str) -> str:
        """The whole of a log as it stands now."""


class WorkspaceHistory:
    """The run history of a workspace, through MLClient's own operations."""

    def __init__(self, client: MLClient) -> None:
        self._jobs: Any = client.jobs
        self._client: Any = client

    def run(self, name: str) -> Run:
        """One run with the addresses of its logs."""
        details = self._runs.get_run_details(name)
        properties = details.properties or {}
        return Run(
            name=name,
            display_name=properties.get("azureml.displayName", "") or name,
            status=str(details.status),
            started=details.start_time_utc,
            ended=details.end_time_utc,
            error=_error(details.error),
            logs=dict(details.log_files or {}),
            reused_from=_reused(properties),
            module=properties.get(_MODULE, ""),
            notes=_notes(properties),
            nodes=properties.get(_NODES, ""),
        )

    def children(self, name: str) -> list[Run]:
        """Steps of a pipeline in the order in which they came to be."""
        operations = self._runs
        scope = operations._operation_scope
        found = operations._operation.get_child(
            scope.subscription_id, scope.resource_group_name, scope.workspace_name, name
        )
        runs = sorted(found, key=lambda one: (one.created_utc is None, one.created_utc, one.run_id))
        return [
            Run(
                name=one.run_id,
                display_name=one.display_name or one.run_id,
                status=str(one.status),
                started=one.start_time_utc,
                ended=one.end_time_utc,
                error=_error(one.error),
                reused_from=_reused(one.properties or {}),
                module=(one.properties or {}).get(_MODULE, ""),
                notes=_notes(one.properties or {}),
                nodes=(one.properties or {}).get(_NODES, ""),
            )
            for one in runs
        ]

    def outputs(self, name: str) -> dict[str, str]:
        """Addresses of what a run has left in the workspace's stores, by the output's name."""
        self._find_services()
        try:
            found = self._jobs._get_named_output_uri(name)
        except TypeError:  # the client's own fault on outputs that are models: they lie where the others do
            record = self._runs.get_run_data(name).run_metadata
            store = self._jobs._datastore_operations.get_default().name
            found = {
                key: f"azureml://datastores/{store}/paths/azureml/{name}/{key}/"
                for key in record.outputs or {}
            }
        return {key: str(value) for key, value in found.items() if key != "default"}

    def text(self, address: str) -> str:
        """The whole of a log as it stands now, which may end within a character, or hold what is no text."""
        with quietly():
            answer = self._jobs._requests_pipeline.get(address)
            answer.raise_for_status()
            return bytes(answer.content).decode("utf-8", "replace")

    def tracked(self, name: str, workspace_id: str) -> Mapping[str, Any]:
        """What the workspace's MLflow service holds of a run: `data` of what MLflow's `runs/get` answers.

        Asked here and not by MLflow's client, whose import alone takes seconds.
        """
        self._find_services()
        address = f"{str(self._jobs._api_url).rstrip('/')}/mlflow/v2.0{workspace_id}/api/2.0/mlflow/runs/get"
        with quietly():
            answer = self._jobs._requests_pipeline.get(
                address, params={"run_id": name}, headers={"Authorization": f"Bearer {self.token()}"}
            )
            answer.raise_for_status()
        data: Mapping[str, Any] = answer.json()["run"].get("data", {})
        return data

    def workspace(self) -> Any:
        """The workspace as the service describes it.

        `MLClient.workspaces.get` makes an entity of it, and imports MLflow for one property of that, which
        takes longer than all else that a command does.
        """
        scope = self._jobs._operation_scope
        return self._client.workspaces._operation.get(scope.resource_group_name, scope.workspace_name)

    @property
    def _runs(self) -> Any:
        self._find_services()
        return self._jobs._runs_operations

    def _find_services(self) -> None:
        """Tell the client where the services of its workspace are.

        It would ask `workspaces.get` for that: see `workspace`.
        """
        if not self._jobs._api_base_url:
            self._jobs._api_base_url = json.loads(self.text(self.workspace().discovery_url))["api"]

    def token(self) -> str:
        """A token of the caller for the workspace's data plane, in whichever cloud this is."""
        from azure.ai.ml._azure_environments import _get_aml_resource_id_from_metadata

        scope = f"{_get_aml_resource_id_from_metadata()}/.default"
        return str(self._jobs._credential.get_token(scope).token)


def state_of(job: Any) -> str:
    """A job's state as Azure spells it; the SDK answers with a text or with an enum of its own."""
    return str(getattr(job.status, "value", job.status) or "")


def _reused(properties: Mapping[str, str]) -> str:
    return properties.get(_REUSED_RUN, "") if properties.get(_REUSED, "").lower() == "true" else ""


def _notes(properties: Mapping[str, str]) -> tuple[str, ...]:
    text = properties.get(_NOTES, "")
    try:
        found = json.loads(text) if text else []
    except ValueError:
        found = [text]
    return tuple(str(one) for one in found) if isinstance(found, list) else (str(found),)


def _error(error: Any) -> str:
    inner = getattr(error, "error", None)
    return str(getattr(inner, "message", "") or "")
