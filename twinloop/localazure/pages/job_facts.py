"""What a job's page tells, gathered for one viewer at one moment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.jobs.folders import SYSTEM_LOG, JobFolder, folder_of
from twinloop.localazure.jobs.recipes import NOTE
from twinloop.localazure.jobs.records import Job, jobs
from twinloop.localazure.pages.wording import between

if TYPE_CHECKING:
    from twinloop.localazure.core.twin import Twin
    from twinloop.localazure.jobs.steps import Step
    from twinloop.localazure.pages.session import Viewer

_WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
JOBS_READ = f"{_WORKSPACE}/jobs/read"
RUNS_READ = f"{_WORKSPACE}/experiments/runs/read"
_NOTE = "environment "
_NOTES = 64 * 1024  # bytes of a system log that are looked through


@dataclass(frozen=True)
class Facts:
    """One job with its pipeline, its steps and its files."""

    viewer: Viewer
    job: Job
    parent: Job | None
    children: tuple[Job, ...]
    now: datetime
    reads_runs: bool
    """Whether the viewer may read what runs log: logs, metrics, parameters."""

    @property
    def twin(self) -> Twin:
        """The twin."""
        return self.viewer.twin

    @property
    def home(self) -> ArmId:
        """The workspace."""
        return ArmId(self.job.workspace)

    @property
    def step(self) -> Step | None:
        """What it runs; None for a pipeline."""
        return self.job.what() if self.job.kind != "Pipeline" else None

    @property
    def runs(self) -> tuple[Job, ...]:
        """The steps, or the job itself where it has none: those that run something."""
        return self.children or (self.job,)

    @property
    def tree(self) -> tuple[Job, ...]:
        """The job and its steps."""
        return (self.job, *self.children)

    def folder(self, job: Job) -> JobFolder:
        """Where a run's files lie."""
        return folder_of(self.twin.azure, job)

    def waited(self, job: Job) -> float | None:
        """Seconds from acceptance to start."""
        return between(job.created, job.started or (self.now if not job.ended_already else ""))

    def ran(self, job: Job) -> float | None:
        """Seconds from start to end, or until now."""
        return between(job.started, job.ended or self.now) if job.started else None

    def notes(self, job: Job) -> list[str]:
        """What differs from the cloud's environment: as the run says, or the lines of its system log."""
        if told := _sentences(job.run_properties.get(NOTE, "")):
            return told
        path = self.folder(job).logs / SYSTEM_LOG
        if not self.reads_runs or not path.is_file():
            return []
        with path.open("rb") as file:
            lines = file.read(_NOTES).decode(errors="replace").splitlines()
        return list(dict.fromkeys(line for line in lines if line.startswith(_NOTE)))


def _sentences(text: str) -> list[str]:
    """A JSON list of sentences; nothing where somebody made it something else, as a property can be."""
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return []
    return [str(line) for line in found] if isinstance(found, list) else []


def gather(viewer: Viewer, workspace: str, name: str) -> Facts | None:
    """The facts of a job; None if there is none, or the viewer may not know."""
    twin = viewer.twin
    job = jobs(twin).get(workspace, name) if workspace and name else None
    if job is None or not viewer.may(JOBS_READ, job.workspace):
        return None
    keeper = jobs(twin)
    return Facts(
        viewer=viewer,
        job=job,
        parent=keeper.get(workspace, job.parent) if job.parent else None,
        children=tuple(keeper.children(job)),
        now=twin.clock.now(),
        reads_runs=viewer.may(RUNS_READ, job.workspace),
    )
