"""Runs pipelines: each step when what it waits for is there; earlier runs answer where nothing changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import reuse, states
from twinloop.localazure.jobs.data import JobData
from twinloop.localazure.jobs.executor import Executor
from twinloop.localazure.jobs.failures import error
from twinloop.localazure.jobs.folders import PIPELINE_LOG, folder_of
from twinloop.localazure.jobs.identities import NoIdentity, identity_of
from twinloop.localazure.jobs.outputs import artifacts_uri
from twinloop.localazure.jobs.recipes import NOTE
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.jobs.steps import Input, Step, read_step

REUSED = "azureml.isreused"
REUSED_RUN = "azureml.reusedrunid"


class PipelineRun:
    """One pipeline on its way."""

    def __init__(self, twin: Twin, executor: Executor, job: Job) -> None:
        self.twin = twin
        self.executor = executor
        self.jobs = jobs(twin)
        self.job = job
        self.steps = {doc["name"]: read_step(doc) for doc in job.steps}
        self.settings: dict[str, Any] = dict(job.step or {})
        self.stop = asyncio.Event()
        self.running: dict[asyncio.Task[Job], str] = {}
        self.folder = folder_of(twin.azure, job)

    async def run(self) -> Job:
        """Take the pipeline to its end, or on from where the twin left it."""
        if self.job.status == states.CANCEL_REQUESTED:
            self.stop.set()
        self.job = self.jobs.change(self.job.key, status=states.RUNNING)
        self._say(f"Running pipeline {self.job.display_name or self.job.name} with {len(self.steps)} steps")
        children = {name: self._child(name) for name in self.steps}
        while True:
            if not self.stop.is_set():
                self._start_ready(children)
            if not self.running:
                break
            await self._one_more(children)
        return self._end(children)

    def cancel(self) -> None:
        """Stop: running steps are ended, no other is started."""
        self.stop.set()
        for name in list(self.running.values()):
            child = self.jobs.change(self._child(name).key, status=states.CANCEL_REQUESTED)
            self.executor.cancel(child.key)

    def _child(self, name: str) -> Job:
        child = self.jobs.get(self.job.workspace, self.job.children[name])
        if child is None:
            raise KeyError(f"pipeline {self.job.name}: its step '{name}' has no job")
        return child

    def _start_ready(self, children: dict[str, Job]) -> None:
        """Start every step whose inputs are there; reused steps end at once and let others in."""
        again = True
        while again:
            again = False
            for name, child in children.items():
                if child.ended_already or name in self.running.values():
                    continue
                before = [children[other] for other in self.steps[name].after]
                if any(other.ended_already and other.status != states.COMPLETED for other in before):
                    children[name] = self._skip(name, before)
                    again = True
                elif all(other.status == states.COMPLETED for other in before):
                    children[name] = self._start(name, child, children)
                    again = again or children[name].ended_already

    def _start(self, name: str, child: Job, children: dict[str, Job]) -> Job:
        step = self._bound(self.steps[name], children)
        uris = {key: given.uri for key, given in step.inputs.items() if given.is_data}
        mark = ""
        if step.deterministic:
            try:
                data = JobData(self.twin, self.job.workspace, identity_of(self.twin, child, step))
                mark = reuse.fingerprint(self.twin, step, uris, data)
            except NoIdentity:
                mark = ""
            if child.status == states.NOT_STARTED and not self.settings.get("force_rerun"):
                former = reuse.find(
                    self.twin, self.job.workspace, mark, JobData(self.twin, self.job.workspace)
                )
                if former is not None:
                    return self._reused(name, child, former)
        self._say(f"Starting step {name} (run {child.name})")
        task = asyncio.create_task(self.executor.run(child, step, mark), name=f"step {child.name}")
        self.running[task] = name
        return child

    def _reused(self, name: str, child: Job, former: Job) -> Job:
        self._say(
            f"Step {name} (run {child.name}) is answered by run {former.name}: "
            "nothing it depends on has changed"
        )
        properties = {**child.run_properties, REUSED: "true", REUSED_RUN: former.name}
        properties |= {NOTE: former.run_properties[NOTE]} if NOTE in former.run_properties else {}
        done = {"started": former.started, "ended": former.ended}
        return self.jobs.change(
            child.key, status=states.COMPLETED, outputs=former.outputs, run_properties=properties, **done
        )

    def _bound(self, step: Step, children: dict[str, Job]) -> Step:
        """The step with the places of other steps' outputs in place of wires."""

        def bind(given: Input) -> Input:
            if not given.step:
                return given
            return replace(given, uri=children[given.step].outputs[given.output]["uri"])

        return replace(step, inputs={name: bind(given) for name, given in step.inputs.items()})

    async def _one_more(self, children: dict[str, Job]) -> None:
        """Wait until a step ends or the pipeline is to stop."""
        told = asyncio.create_task(self.stop.wait())
        try:
            extra = set() if self.stop.is_set() else {told}
            await asyncio.wait({*self.running, *extra}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
        for task in [task for task in self.running if task.done()]:
            name = self.running.pop(task)
            children[name] = child = task.result()
            self._say(f"Step {name} (run {child.name}) {child.status}")
            if child.status == states.FAILED and not self.settings.get("continue_on_failure"):
                self._say((child.error or {}).get("message", ""))
                self.cancel()

    def _skip(self, name: str, before: Iterable[Job]) -> Job:
        child = self._child(name)
        missing = ", ".join(
            f"'{other.run_properties.get('azureml.moduleName', other.name)}'"
            for other in before
            if other.status != states.COMPLETED
        )
        self._say(f"Step {name} is not run: {missing} did not complete")
        reason = error("NotRun", f"Step '{name}' was not run, because {missing} did not complete")
        return self.jobs.change(child.key, status=states.CANCELED, error=reason)

    def _end(self, children: dict[str, Job]) -> Job:
        for name, child in children.items():
            if not child.ended_already:
                reason = error("NotRun", f"Step '{name}' was not run, because the pipeline was stopped")
                children[name] = self.jobs.change(child.key, status=states.CANCELED, error=reason)
        failed = [child for child in children.values() if child.status == states.FAILED]
        status = (
            states.FAILED
            if failed
            else states.COMPLETED
            if all(c.status == states.COMPLETED for c in children.values())
            else states.CANCELED
        )
        self._say(f"Pipeline {status}")
        outputs = {
            parent: children[step].outputs[name]
            for parent, (step, name) in self.settings.get("outputs", {}).items()
            if name in children[step].outputs
        }
        why = (
            error("UserError", "\n".join((child.error or {}).get("message", child.name) for child in failed))
            if failed
            else None
        )
        JobData(self.twin, self.job.workspace).write(self.folder.logs, artifacts_uri(self.job), "logs")
        return self.jobs.change(self.job.key, status=status, outputs=outputs, error=why)

    def _say(self, line: str) -> None:
        stamp = self.twin.clock.now().isoformat(timespec="milliseconds")
        for part in line.splitlines():
            self.folder.say(f"[{stamp}] {part}", PIPELINE_LOG)
