"""The MLflow process as the local Azure has it: started when needed, kept, told of the runs that jobs are."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import re
import secrets
import sys
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import states
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.jobs.variables import tracking_uri

if TYPE_CHECKING:
    import httpx

log = logging.getLogger("twinloop.localazure.tracking")
TRACKED = "mltracked"  # job's key -> the state that MLflow was told
_STATES = {
    states.COMPLETED: "FINISHED",
    states.FAILED: "FAILED",
    states.CANCELED: "KILLED",
    states.RUNNING: "RUNNING",
}
_START_SECONDS = 60.0


class Tracking:
    """One MLflow process for all workspaces of the twin."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._client: httpx.AsyncClient | None = None
        self._secret = secrets.token_urlsafe(32)

    async def call(
        self,
        workspace: str,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes = b"",
        kind: str = "application/json",
    ) -> tuple[int, bytes, str]:
        """One request to MLflow about a workspace.

        Returns:
            Status, body and content type of the answer.
        """
        client = await self._ready()
        headers = {
            "x-twinloop-secret": self._secret,
            "x-twinloop-workspace": workspace_name(workspace),
            "content-type": kind,
        }
        url = f"{path}?{query}" if query else path
        reply = await client.request(method, url, content=body, headers=headers)
        return reply.status_code, reply.content, reply.headers.get("content-type", "application/json")

    async def sync(self, workspace: str, wanted: list[Job]) -> None:
        """Let MLflow know these runs in the state they are in; what it knows already costs nothing."""
        told = {job.key: self._twin.store.get(TRACKED, job.key) for job in wanted}
        fresh = [job for job in wanted if (told[job.key] or {}).get("status") != _status(job)]
        if not fresh:
            return
        runs = [self._run(job) for job in fresh]
        status, content, _ = await self.call(
            workspace, "POST", "/_twin/runs", body=json.dumps({"runs": runs}).encode()
        )
        if status != HTTPStatus.OK:
            raise ArmError(
                500,
                "TrackingFailed",
                f"MLflow did not take the runs: {content[:500].decode(errors='replace')}",
            )
        with self._twin.store.transaction():
            for job in fresh:
                self._twin.store.put(TRACKED, job.key, {"status": _status(job)})

    async def stop(self) -> None:
        """End the process; it holds nothing that is not on disk."""
        if self._client is not None:
            await self._client.aclose()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()

    async def _ready(self) -> httpx.AsyncClient:
        async with self._lock:
            if self._client is None or self._process is None or self._process.returncode is not None:
                self._client = await self._start()
            return self._client

    async def _start(self) -> httpx.AsyncClient:
        import httpx

        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MLFLOW_", "AZUREML_", "IDENTITY_"))
        }
        words = (self._twin.home / "log" / "mlflow.log").open("ab")
        (self._twin.azure / "mlflow").mkdir(parents=True, exist_ok=True)
        with words:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "twinloop.localazure.jobs.tracking_server",
                str(self._twin.azure / "mlflow"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=words,
                env=env,
                start_new_session=True,
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the MLflow process was started without pipes")
        self._process.stdin.write(f"{self._secret}\n".encode())
        await self._process.stdin.drain()
        line = await asyncio.wait_for(self._process.stdout.readline(), _START_SECONDS)
        if not line.strip().isdigit():
            raise ArmError(
                500,
                "TrackingFailed",
                f"the MLflow process did not start; see {self._twin.home / 'log' / 'mlflow.log'}",
            )
        log.info("MLflow serves on port %s", line.decode().strip())
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{int(line)}", trust_env=False, timeout=60.0)

    def _run(self, job: Job) -> dict[str, Any]:
        tags = {
            "mlflow.runName": job.display_name or job.name,
            "mlflow.user": job.principal["name"],
            **job.tags,
        }
        tags |= {key: value for key, value in job.run_properties.items() if key.startswith("mlflow.")}
        tags["mlflow.rootRunId"] = job.parent or job.name
        if job.parent:
            tags["mlflow.parentRunId"] = job.parent
        return {
            "id": job.name,
            "name": job.display_name or job.name,
            "experiment": job.experiment,
            "artifacts": artifact_root(self._twin, job.workspace, job.experiment),
            "user": job.principal["name"],
            "status": _status(job),
            "start": _milliseconds(job.started or job.created),
            "end": _milliseconds(job.ended) if job.ended else None,
            "tags": tags,
        }


def artifact_root(twin: Twin, workspace: str, experiment: str) -> str:
    """Where runs of an experiment keep their files, in the form that Azure ML's plug-in reads."""
    return f"{tracking_uri(twin, workspace)}/experiments/{experiment}/runs"


def workspace_name(workspace: str) -> str:
    """A workspace's name among all, good for a file's name."""
    arm_id = ArmId(workspace)
    readable = re.sub(r"[^a-z0-9-]", "-", arm_id.name.lower())
    return f"{readable}-{hashlib.sha256(arm_id.key.encode()).hexdigest()[:8]}"


def tracking(twin: Twin) -> Tracking:
    """The twin's one MLflow process."""
    found: Tracking | None = twin.services.get("tracking")
    if found is None:
        found = twin.services["tracking"] = Tracking(twin)
    return found


def wake(twin: Twin) -> None:
    """Start MLflow in the background, so that nobody waits for it when the first metric comes."""
    twin.spawn(tracking(twin).call("_", "GET", "/health"), name="wake MLflow")


def attach(twin: Twin) -> None:
    """End MLflow with the twin, and tell it of the ends of the runs it knows."""

    def told(job: Job) -> None:
        if job.ended_already and twin.store.get(TRACKED, job.key) and "tracking" in twin.services:
            twin.spawn(tracking(twin).sync(job.workspace, [job]), name=f"end of run {job.name}")

    jobs(twin).on_change(told)

    async def stop(twin: Twin) -> None:
        if "tracking" in twin.services:
            await tracking(twin).stop()

    twin.on_stop(stop)


def _status(job: Job) -> str:
    return _STATES.get(
        job.status, "SCHEDULED" if job.status in {states.NOT_STARTED, states.QUEUED} else "RUNNING"
    )


def _milliseconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
