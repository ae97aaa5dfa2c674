"""Jobs as they are kept: one document each, changed only in a transaction, on disk before anybody acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import states
from twinloop.localazure.jobs.steps import Step, read_step

KIND = "job"
CHILDREN = "mljobchild"  # key: parent's key, then the child's place; document: the child's name
ROOTS = "mljobroot"  # key: workspace's, then the job's number; document: the name of a job that is no step

JobKind = Literal["Command", "Pipeline", "Step"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job or one step of a pipeline, from its acceptance to its end."""

    workspace: str  # ARM id
    name: str
    kind: JobKind
    experiment: str
    principal: dict[str, Any]  # who submitted it
    properties: dict[str, Any] = field(default_factory=dict)  # the ARM body as it was sent
    display_name: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    run_properties: dict[str, str] = field(default_factory=dict)
    hidden: bool = False
    status: str = states.NOT_STARTED
    created: str = ""
    started: str = ""
    ended: str = ""
    error: dict[str, Any] | None = None
    parent: str = ""  # name of the pipeline
    step: dict[str, Any] | None = None  # what to run; None for a pipeline
    steps: list[dict[str, Any]] = field(default_factory=list)  # of a pipeline
    children: dict[str, str] = field(default_factory=dict)  # of a pipeline: step's name -> job's name
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)  # name -> {uri, type}
    identity: str = ""  # principal that its process runs as
    process: dict[str, Any] | None = None  # {pid, began} of the supervisor
    number: int = 0  # of the run within the workspace

    @property
    def key(self) -> str:
        """Key of its document."""
        return job_key(self.workspace, self.name)

    @property
    def id(self) -> str:
        """Its ARM id."""
        return f"{self.workspace}/jobs/{self.name}"

    @property
    def ended_already(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in states.TERMINAL

    def what(self) -> Step:
        """The step to run.

        Raises:
            ValueError: it is a pipeline.
        """
        if self.step is None:
            raise ValueError(f"job {self.name} is a pipeline and has no command of its own")
        return read_step(self.step)


def job_key(workspace: str, name: str) -> str:
    """Key of a job's document: ids compare without case."""
    return f"{ArmId(workspace).key}/{name.lower()}"


class Jobs:
    """All jobs of the twin."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._watchers: list[Callable[[Job], None]] = []

    def on_change(self, watcher: Callable[[Job], None]) -> None:
        """Call `watcher` after each change that reached the disk."""
        self._watchers.append(watcher)

    def get(self, workspace: str, name: str) -> Job | None:
        """The job of that name."""
        doc = self._twin.store.get(KIND, job_key(workspace, name))
        return Job(**doc) if doc else None

    def by_key(self, key: str) -> Job:
        """The job of that key.

        Raises:
            KeyError: there is none.
        """
        doc = self._twin.store.get(KIND, key)
        if doc is None:
            raise KeyError(key)
        return Job(**doc)

    def add(self, *jobs: Job) -> list[Job]:
        """Keep new jobs, all or none."""
        added = []
        with self._twin.store.transaction():
            for job in jobs:
                new = replace(
                    job, created=job.created or self._now(), number=self._next_number(job.workspace)
                )
                self._twin.store.put(KIND, new.key, asdict(new))
                if new.parent:
                    at = f"{job_key(new.workspace, new.parent)}/{new.number:09d}"
                    self._twin.store.put(CHILDREN, at, {"name": new.name})
                else:
                    self._twin.store.put(ROOTS, _root_key(new), {"name": new.name})
                added.append(new)
        self._tell(added)
        return added

    def change(self, key: str, **fields: Any) -> Job:
        """Change fields of a job; a change of state that may not be is left out, the rest is not.

        Returns:
            The job as it stands now: look at its `status` to see whether the state was taken.
        """
        with self._twin.store.transaction():
            old = self.by_key(key)
            status = fields.get("status")
            if status is not None and not states.may_follow(old.status, status):
                fields.pop("status")
                fields.pop("error", None)
                status = None
            if status == states.RUNNING and not old.started:
                fields.setdefault("started", self._now())
            if status in states.TERMINAL:
                fields.setdefault("ended", self._now())
            new = replace(old, **fields)
            if new != old:
                self._twin.store.put(KIND, key, asdict(new))
        if new != old:
            self._tell([new])
        return new

    def add_properties(self, key: str, added: dict[str, str]) -> Job:
        """Set properties of a run beside those that it has."""
        with self._twin.store.transaction():
            return self.change(key, run_properties={**self.by_key(key).run_properties, **added})

    def children(self, job: Job) -> list[Job]:
        """The steps of a pipeline in the order in which they came to be."""
        rows = self._twin.store.list(CHILDREN, f"{job.key}/")
        return [child for _, row in rows if (child := self.get(job.workspace, row["name"]))]

    def newest(self, workspace: str, before: int = 0) -> Iterator[Job]:
        """The jobs of a workspace without the steps of pipelines, the newest first, each read when asked for.

        Args:
            workspace: ARM id.
            before: only those with a lower number; 0 for all.
        """
        for key in reversed(self._twin.store.keys(ROOTS, f"{ArmId(workspace).key}/")):
            if before and int(key.rpartition("/")[2]) >= before:
                continue
            row = self._twin.store.get(ROOTS, key)
            if row and (job := self.get(workspace, row["name"])):
                yield job

    def of_workspace(self, workspace: str) -> list[Job]:
        """All jobs of a workspace, the newest first; steps of pipelines included."""
        rows = self._twin.store.list(KIND, f"{ArmId(workspace).key}/")
        return sorted((Job(**doc) for _, doc in rows), key=lambda job: job.number, reverse=True)

    def remove(self, job: Job) -> None:
        """Forget a job and its steps."""
        with self._twin.store.transaction():
            for child in self.children(job):
                self._twin.store.delete(KIND, child.key)
            for key in self._twin.store.keys(CHILDREN, f"{job.key}/"):
                self._twin.store.delete(CHILDREN, key)
            self._twin.store.delete(ROOTS, _root_key(job))
            self._twin.store.delete(KIND, job.key)

    def unfinished(self) -> list[Job]:
        """All jobs that have not ended, the oldest first."""
        jobs = [Job(**doc) for _, doc in self._twin.store.list(KIND) if doc["status"] not in states.TERMINAL]
        return sorted(jobs, key=lambda job: job.created)

    def _next_number(self, workspace: str) -> int:
        key = ArmId(workspace).key
        count = (self._twin.store.get("mljobcount", key) or {"last": 0})["last"] + 1
        self._twin.store.put("mljobcount", key, {"last": count})
        return int(count)

    def _now(self) -> str:
        return self._twin.clock.now().isoformat()

    def _tell(self, jobs: list[Job]) -> None:
        for job in jobs:
            for watcher in self._watchers:
                watcher(job)


def _root_key(job: Job) -> str:
    return f"{ArmId(job.workspace).key}/{job.number:09d}"


def principal_of(job: Job) -> Principal:
    """Who submitted the job."""
    return Principal(**{**job.principal, "groups": tuple(job.principal.get("groups", ()))})


def jobs(twin: Twin) -> Jobs:
    """The twin's one keeper of jobs."""
    keeper: Jobs = twin.services.setdefault("jobs", Jobs(twin))
    return keeper
