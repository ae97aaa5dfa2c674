"""Takes accepted jobs and sees them to their end, over restarts of the twin."""

from __future__ import annotations

import logging
import shutil
from typing import Any

from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import states
from twinloop.localazure.jobs.executor import Executor
from twinloop.localazure.jobs.failures import error
from twinloop.localazure.jobs.folders import folder_of
from twinloop.localazure.jobs.pipelines import PipelineRun
from twinloop.localazure.jobs.records import Job, jobs

log = logging.getLogger("twinloop.localazure.jobs")


class Runner:
    """All jobs that are on their way."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.jobs = jobs(twin)
        self.executor = Executor(twin)
        self._pipelines: dict[str, PipelineRun] = {}
        self._under_way: set[str] = set()

    @property
    def busy(self) -> bool:
        """Whether any job is on its way."""
        return bool(self._under_way)

    def accept(self, job: Job) -> None:
        """Run a job that is kept already; steps of pipelines are run by their pipeline."""
        if job.kind == "Step" or job.key in self._under_way:
            return
        self._under_way.add(job.key)
        self.twin.spawn(self._see_through(job.key), name=f"job {job.name}")

    def cancel(self, job: Job) -> Job:
        """Stop a job; the wish is on disk before anything is ended."""
        if job.ended_already:
            return job
        job = self.jobs.change(job.key, status=states.CANCEL_REQUESTED)
        if job.key in self._pipelines:
            self._pipelines[job.key].cancel()
        else:
            self.executor.cancel(job.key)
        return job

    def forget(self, job: Job) -> None:
        """Drop an ended job with its steps, their logs and folders; what it put into datastores stays."""
        for one in (job, *self.jobs.children(job)):
            shutil.rmtree(folder_of(self.twin.azure, one).root, ignore_errors=True)
        self.jobs.remove(job)

    def resume(self) -> None:
        """Take up every job that had not ended when the twin did."""
        for job in self.jobs.unfinished():
            self.accept(job)

    async def _see_through(self, key: str) -> None:
        try:
            job = self.jobs.by_key(key)
        except KeyError:  # its acceptance was undone
            self._under_way.discard(key)
            return
        try:
            await self._run(job)
        except Exception as failure:
            log.exception("job %s failed inside the twin", job.name)
            reason = error("SystemError", f"a defect of the twin, see log/twin.log: {failure!r}")
            self.jobs.change(key, status=states.FAILED, error=reason)
        finally:
            self._under_way.discard(key)
            self._pipelines.pop(key, None)

    async def _run(self, job: Job) -> None:
        if job.kind == "Command":
            await self.executor.run(job, job.what())
            return
        pipeline = self._pipelines[job.key] = PipelineRun(self.twin, self.executor, job)
        await pipeline.run()


def runner(twin: Twin) -> Runner:
    """The twin's one runner."""
    found: Any = twin.services.get("runner")
    if found is None:
        found = twin.services["runner"] = Runner(twin)
    return found  # type: ignore[no-any-return]
