"""Jobs that were submitted: list, show, cancel, download, compare."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from twinloop.loops import metrics
from twinloop.loops.client import quietly, without_bars
from twinloop.loops.document import nearest
from twinloop.loops.runs import TERMINAL, WorkspaceHistory, state_of
from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from azure.ai.ml import MLClient

    from twinloop.loops.runs import Run
    from twinloop.loops.workspaces import Workspace

_HIDDEN_OUTPUTS = frozenset({"default"})


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One job in a list."""

    name: str
    display_name: str
    type: str
    status: str
    experiment: str
    created: str = ""
    created_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Details(Summary):
    """One job with its steps."""

    description: str = ""
    compute: str = ""
    studio: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[Run] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain values; log addresses are left out, as they carry a signature."""
        plain = asdict(self)
        plain["steps"] = [
            {
                "name": step.display_name,
                "job": step.name,
                "status": step.status,
                "seconds": step.seconds,
                "reusedFrom": step.reused_from,
                "error": step.error,
            }
            for step in self.steps
        ]
        return plain


def recent(client: MLClient, *, limit: int = 20) -> list[Summary]:
    """The newest jobs of the workspace; steps of pipelines are not among them."""
    with quietly():
        found = islice((job for job in client.jobs.list() if job is not None), limit)
        return [_summary(job) for job in found]


def get(client: MLClient, name: str) -> Any:
    """The job of that name.

    Raises:
        NotFound: there is none; the nearest name is told.
    """
    from azure.core.exceptions import ResourceNotFoundError

    with quietly():
        try:
            return client.jobs.get(name)
        except ResourceNotFoundError as error:
            names = [job.name for job in recent(client, limit=50)]
            close = nearest(name, names).removeprefix("; ")
            raise NotFound(
                f"There is no job '{name}'.",
                given=name,
                allowed=", ".join(names[:5]) + (" ..." if len(names) > 5 else "") or "no job at all yet",  # noqa: PLR2004
                next_step=close or "twinloop jobs list",
            ) from error


def newest(client: MLClient) -> str:
    """Name of the job that was submitted last.

    Raises:
        NotFound: nothing was submitted yet.
    """
    jobs = recent(client, limit=1)
    if not jobs:
        raise NotFound(
            "No job was submitted yet.", next_step="twinloop submit pipelines/classical/training.yml"
        )
    return jobs[0].name


def show(client: MLClient, name: str) -> Details:
    """One job with its steps, inputs and outputs.

    Raises:
        NotFound: there is no such job.
    """
    job = get(client, name)
    return Details(
        **asdict(_summary(job)),
        description=job.description or "",
        compute=str(getattr(job, "compute", None) or ""),
        studio=job.studio_url or "",
        tags=dict(job.tags or {}),
        inputs={key: _value(value) for key, value in (getattr(job, "inputs", None) or {}).items()},
        outputs={key: _value(value) for key, value in _outputs(job).items()},
        steps=WorkspaceHistory(client).children(name),
    )


def cancel(client: MLClient, name: str) -> str:
    """Ask a job to end, and wait until it was taken.

    Returns:
        The state it is in now; a job that had ended already keeps its state.

    Raises:
        NotFound: there is no such job.
    """
    job = get(client, name)
    if state_of(job) in TERMINAL:
        return state_of(job)
    with quietly():
        client.jobs.begin_cancel(name).wait()
        return state_of(client.jobs.get(name))


def download(
    client: MLClient, name: str, *, folder: Path, output: str = "", everything: bool = False
) -> list[Path]:
    """Fetch a job's logs, one named output, or everything.

    Returns:
        The files that lie under `folder` now and did not before, or were written anew.

    Raises:
        NotFound: there is no such job or output, or nothing was to be had.
        BadUsage: the job has not ended.
    """
    job = get(client, name)
    if state_of(job) not in TERMINAL:
        raise BadUsage(
            "This job has not ended.", given=state_of(job), next_step=f"twinloop jobs stream {name}"
        )
    outputs = [key for key in _outputs(job) if key not in _HIDDEN_OUTPUTS]
    if output and output not in outputs:
        raise NotFound(
            f"This job has no output '{output}'" + nearest(output, outputs) + ".",
            where=name,
            given=output,
            allowed=", ".join(outputs) or "no named outputs",
        )
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    with quietly(), without_bars():
        client.jobs.download(name, download_path=str(folder), output_name=output or None, all=everything)
    new = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and before.get(path) != path.stat().st_mtime_ns
    ]
    if not new:
        raise NotFound("There was nothing to fetch.", where=name, given=output or "its logs")
    return new


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Several jobs side by side: rows are what they logged, columns are the jobs."""

    jobs: tuple[str, ...]
    metrics: Mapping[str, tuple[float | None, ...]]  # "step/metric" -> one value per job
    params: Mapping[str, tuple[str | None, ...]]  # only those in which the jobs differ


def compare(client: MLClient, workspace: Workspace, names: Sequence[str]) -> Comparison:
    """What several jobs logged, beside each other.

    Raises:
        NotFound: one of them does not exist.
    """
    logged = []
    for name in names:
        get(client, name)
        steps = metrics.of_steps(client, workspace, name)
        logged.append(
            (
                {f"{step}/{key}": value for step, one in steps.items() for key, value in one.metrics.items()},
                {f"{step}/{key}": value for step, one in steps.items() for key, value in one.params.items()},
            )
        )
    scores = sorted({key for one, _ in logged for key in one})
    params = sorted({key for _, one in logged for key in one})
    rows = {key: tuple(one.get(key) for _, one in logged) for key in params}
    return Comparison(
        jobs=tuple(names),
        metrics={key: tuple(one.get(key) for one, _ in logged) for key in scores},
        params={key: row for key, row in rows.items() if len(set(row)) > 1},
    )


def _summary(job: Any) -> Summary:
    context = job.creation_context
    created: datetime | None = getattr(context, "created_at", None)
    return Summary(
        name=job.name,
        display_name=job.display_name or job.name,
        type=str(job.type or ""),
        status=state_of(job),
        experiment=getattr(job, "experiment_name", None) or "",
        created=created.isoformat(timespec="seconds") if created else "",
        created_by=getattr(context, "created_by", None) or "",
    )


def _outputs(job: Any) -> Mapping[str, Any]:
    return getattr(job, "outputs", None) or {}


def _value(given: Any) -> str:
    inner = getattr(given, "_data", given)
    return str(getattr(inner, "path", None) or (inner if isinstance(inner, str | int | float) else ""))
