"""Runs steps: waits for a node, binds data, starts the process, follows it to its end, keeps what it made."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

from checks.environments.recipe import BadRecipe, fidelity
from twinloop.localazure.core.errors import ArmError
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import (
    expressions,
    identities,
    outputs,
    processes,
    reuse,
    serverless,
    states,
    variables,
)
from twinloop.localazure.jobs.binding import bind
from twinloop.localazure.jobs.clusters import Clusters, Scale
from twinloop.localazure.jobs.data import DataFailed, JobData
from twinloop.localazure.jobs.durations import seconds
from twinloop.localazure.jobs.environments import EnvironmentFailed, Environments, Python
from twinloop.localazure.jobs.failures import StepFailed, ended_badly, error, named
from twinloop.localazure.jobs.folders import JobFolder, folder_of
from twinloop.localazure.jobs.identities import NoIdentity
from twinloop.localazure.jobs.processes import Command, Process
from twinloop.localazure.jobs.recipes import NOTE, recipe
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.jobs.steps import SERVERLESS, Step
from twinloop.localazure.services.machinelearning import kubernetes_computes

log = logging.getLogger("twinloop.localazure.jobs")
_LONGEST = 7 * 24 * 3600.0  # seconds; a tracking token of a job without a limit is good for so long
_EXPECTED = (StepFailed, DataFailed, EnvironmentFailed, NoIdentity, ArmError, expressions.BadExpression)


class Executor:
    """Takes each step from the queue to its end; survives the twin, as the processes do."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.jobs = jobs(twin)
        self.clusters = Clusters(self.scale, twin.clock.time)
        self.environments = Environments(twin.azure / "envs")
        self._stops: dict[str, asyncio.Event] = {}

    def scale(self, compute: str) -> Scale:
        """How many nodes a cluster, or cores a serverless queue, may have now."""
        if compute.startswith(f"{SERVERLESS}/"):
            return Scale(most=serverless.capacity(self.twin, compute))
        doc = resource(self.twin, ArmId(compute))
        if doc is None:
            return Scale(most=serverless.NODES)
        if doc["body"]["properties"].get("computeType") == kubernetes_computes.KIND:
            return Scale(most=kubernetes_computes.pods(doc, self.twin))
        inner = (doc["body"].get("properties") or {}).get("properties") or {}
        limits = inner.get("scaleSettings") or {}
        idle = limits.get("nodeIdleTimeBeforeScaleDown")
        return Scale(
            most=int(limits.get("maxNodeCount") or 1),
            least=int(limits.get("minNodeCount") or 0),
            idle_seconds=seconds(idle) if idle else Scale.idle_seconds,
        )

    def cancel(self, key: str) -> None:
        """Let a run that is on its way stop; its state says already that it must."""
        self._stops.setdefault(key, asyncio.Event()).set()

    async def run(self, job: Job, step: Step, fingerprint: str = "") -> Job:
        """Take a step to its end.

        Args:
            job: the run, not ended.
            step: what to run, inputs bound to where their data lies.
            fingerprint: what a later step must have to reuse this run; empty if it may not be reused.

        Returns:
            The job in its final state.
        """
        stop = self._stops.setdefault(job.key, asyncio.Event())
        if job.status == states.CANCEL_REQUESTED:
            stop.set()
        work = asyncio.create_task(self._work(job, step, fingerprint), name=f"job {job.name}")
        told = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await self._ended(work)
                return await self._canceled(job)
            return work.result()
        finally:
            for task in (work, told):
                await self._ended(task)
            self._stops.pop(job.key, None)

    async def _ended(self, task: asyncio.Task[object]) -> None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await task

    async def _canceled(self, job: Job) -> Job:
        folder = folder_of(self.twin.azure, job)
        process = self._process(job, folder)
        if process is not None:
            await processes.stop(process)
        await asyncio.to_thread(self._keep_logs, job, folder)
        folder.clear()
        return self._closed(job, status=states.CANCELED)

    def _closed(self, job: Job, **fields: Any) -> Job:
        """The job at its end, and with it the end of what its process could prove itself with."""
        with self.twin.store.transaction():
            identities.close(self.twin, self.jobs.by_key(job.key))
            return self.jobs.change(job.key, **fields)

    async def _work(self, job: Job, step: Step, fingerprint: str) -> Job:
        folder = folder_of(self.twin.azure, job)
        begun = job.status != states.NOT_STARTED and self._process(job, folder) is not None
        queue = serverless.queue(self.twin, job.workspace, step)
        if not begun and self.clusters.must_wait(queue.name, queue.takes):
            job = self.jobs.change(job.key, status=states.QUEUED)
        async with self.clusters.nodes(queue.name, job.key, queue.takes, at_once=begun):
            try:
                job = await self._through(job, step, folder, begun=begun, fingerprint=fingerprint)
            except _EXPECTED as failure:
                code = getattr(failure, "code", "UserError")
                job = await self._failed(job, folder, str(code), f"{named(step.name, job.name)}: {failure}")
            except Exception as failure:
                log.exception("job %s failed inside the twin", job.name)
                message = f"a defect of the twin, see log/twin.log: {failure!r}"
                job = await self._failed(job, folder, "SystemError", message)
        return job

    def _process(self, job: Job, folder: JobFolder) -> Process | None:
        """The process of a run by its own word, or in its first moments by the record."""
        known = self.jobs.by_key(job.key).process or {}
        recorded = Process(known["pid"], known["began"]) if "pid" in known else None
        return processes.find(folder.control) or recorded

    async def _failed(self, job: Job, folder: JobFolder, code: str, message: str) -> Job:
        folder.say(message)
        await asyncio.to_thread(self._keep_logs, job, folder)
        return self._closed(job, status=states.FAILED, error=error(code, message))

    async def _through(
        self, job: Job, step: Step, folder: JobFolder, *, begun: bool, fingerprint: str
    ) -> Job:
        """From a free node to the end."""
        if begun:
            process = self._process(job, folder)
            job = self.jobs.change(job.key, status=states.RUNNING)
        else:
            job, process = await self._begin(job, step, folder)
        if process is not None and not await self._followed(job, step, process):
            message = (
                f"{named(step.name, job.name)} ran longer than its limit of {step.timeout:g} s and was ended"
            )
            return await self._failed(job, folder, "JobTimeout", message)
        return await self._finish(job, step, folder, fingerprint)

    async def _begin(self, job: Job, step: Step, folder: JobFolder) -> tuple[Job, Process]:
        principal = identities.identity_of(self.twin, job, step)
        job = self.jobs.change(job.key, status=states.PREPARING, identity=principal.id)
        await asyncio.to_thread(folder.prepare)
        python = await self._python(job, step, folder)
        bound = await asyncio.to_thread(bind, self.twin, job, step, folder, principal)
        env = variables.environment(self.twin, job, step, folder, python) | bound.variables
        return self._start(job, step, folder, bound.command, env)

    def _start(
        self, job: Job, step: Step, folder: JobFolder, command: str, env: dict[str, str]
    ) -> tuple[Job, Process]:
        with self.twin.store.transaction():
            secret = self.twin.identity_secret(job.identity)
            token = identities.open_tracking(self.twin, job, step.timeout or _LONGEST)
            job = self.jobs.change(job.key, process={"secret": identities.secret_digest(secret)})
        process = processes.start(
            folder.control,
            folder.logs / "user_logs",
            Command(folder.code, command, variables.processes(step)),
            env | variables.secrets(self.twin, secret, token),
        )
        known = {**(job.process or {}), "pid": process.pid, "began": process.began}
        return self.jobs.change(job.key, status=states.RUNNING, process=known), process

    async def _python(self, job: Job, step: Step, folder: JobFolder) -> Python:
        """The interpreter of a step; where it is not the cloud's, log and record of the job say so."""
        try:
            made = await asyncio.to_thread(recipe, self.twin, step.environment)
            python = await self.environments.python(made, fidelity(step.variables), folder.say)
        except BadRecipe as error:
            raise EnvironmentFailed(str(error)) from error
        properties = {NOTE: json.dumps(python.differences)}
        if step.compute == SERVERLESS:
            folder.say(serverless.described(self.twin, job.workspace, step))
            properties[serverless.NODES_PROPERTY] = serverless.nodes(self.twin, job.workspace, step)
        for line in (python.place, *python.differences):
            folder.say(line)
        self.jobs.add_properties(job.key, properties)
        return python

    async def _followed(self, job: Job, step: Step, process: Process) -> bool:
        """Wait for the end; False if the limit of time came first."""
        if not step.timeout or not process.alive():
            await processes.ended(process)
            return True
        began = _time(job.started) if job.started else self.twin.clock.time()
        left = step.timeout - (self.twin.clock.time() - began)
        try:
            await asyncio.wait_for(processes.ended(process), max(left, 0.0))
        except TimeoutError:
            await processes.stop(process)
            return False
        return True

    async def _finish(self, job: Job, step: Step, folder: JobFolder, fingerprint: str) -> Job:
        code = processes.exit_code(folder.control)
        keeping = asyncio.create_task(self._keep(job, step, folder)) if code == 0 else None
        job = self.jobs.change(job.key, status=states.FINALIZING)
        if code is None:
            raise StepFailed(
                "its process is gone and left no exit code: the machine was restarted, or it was killed from "
                "outside; submit it again",
                "ProcessLost",
            )
        if keeping is None:
            failure = ended_badly(step.name, job.name, code, folder)
            return await self._failed(job, folder, failure["code"], failure["message"])
        kept = await keeping
        with self.twin.store.transaction():
            job = self._closed(job, status=states.COMPLETED, outputs=kept)
            if fingerprint and job.status == states.COMPLETED:
                reuse.remember(self.twin, job, fingerprint, self._data(job, step))
        self.twin.spawn(asyncio.to_thread(folder.clear), name=f"clear {job.name}")  # nobody waits for it
        return job

    async def _keep(self, job: Job, step: Step, folder: JobFolder) -> dict[str, dict[str, str]]:
        """Put outputs and logs where they are kept, beside each other: each waits for the disk."""
        logs = asyncio.create_task(asyncio.to_thread(self._keep_logs, job, folder))
        try:
            return await asyncio.to_thread(outputs.keep, self.twin, job, step, folder, self._data(job, step))
        finally:
            await logs

    def _data(self, job: Job, step: Step) -> JobData:
        return JobData(self.twin, job.workspace, identities.identity_of(self.twin, job, step))

    def _keep_logs(self, job: Job, folder: JobFolder) -> None:
        """Put the logs where `jobs.download` looks for them; the workspace writes them, not the job."""
        if not folder.logs.exists():
            return
        try:
            JobData(self.twin, job.workspace).write(folder.logs, outputs.artifacts_uri(job), "logs")
        except DataFailed as failure:
            log.warning("logs of job %s were not kept: %s", job.name, failure)


def _time(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
