"""Jobs that were submitted: list, show, cancel."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from twinloop.loops.client import quietly
from twinloop.loops.document import nearest
from twinloop.loops.nodes import Nodes, nodes_of, nodes_of_steps
from twinloop.loops.runs import TERMINAL, WorkspaceHistory, state_of
from twinloop.problems import BadUsage, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from azure.ai.ml import MLClient

    from twinloop.loops.runs import Run

# As Azure ML spells them; the state of a run while it is queued or prepared has several names.
STATES = (
    "NotStarted",
    "Queued",
    "Preparing",
    "Provisioning",
    "Starting",
    "Running",
    "Finalizing",
    "CancelRequested",
    "Completed",
    "Failed",
    "Canceled",
    "NotResponding",
)

_JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
_OF_NAME = "--name, or `name:` in the file"


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
    nodes: str = ""  # how many of which size, as far as it is known
    environment: str = ""
    command: str = ""
    studio: str = ""
    error: str = ""
    seconds: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()  # where what it ran in differs from the cloud's image
    steps: Sequence[Run] = ()
    on: Mapping[str, Nodes] = field(default_factory=dict)  # of each step that ran

    def as_json(self) -> dict[str, Any]:
        """Plain values; log addresses are left out, as they carry a signature."""
        plain = asdict(self)
        del plain["on"]
        plain["steps"] = [
            {
                "name": step.display_name,
                "job": step.name,
                "status": step.status,
                **asdict(self.on.get(step.display_name, Nodes())),
                "seconds": step.seconds,
                "reusedFrom": step.reused_from,
                "error": step.error,
                "notes": list(step.notes),
            }
            for step in self.steps
        ]
        return plain


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which jobs of a list are wanted; empty takes all."""

    states: tuple[str, ...] = ()
    experiment: str = ""
    archived: str = "no"  # "no", "only" or "too"

    def takes(self, job: Summary) -> bool:
        """Whether a job is among them."""
        wanted = {state.lower() for state in self.states}
        return (not wanted or job.status.lower() in wanted) and (
            not self.experiment or job.experiment == self.experiment
        )


def checked_states(given: Sequence[str]) -> tuple[str, ...]:
    """States as Azure ML spells them.

    Raises:
        BadUsage: one of them is none.
    """
    spelled = {state.lower(): state for state in STATES}
    for one in given:
        if one.lower() not in spelled:
            raise BadUsage(
                f"No job is ever in state '{one}'{nearest(one, STATES)}",
                where="--status",
                given=one,
                allowed=", ".join(STATES),
                next_step="twinloop jobs list --status Failed",
            )
    return tuple(spelled[one.lower()] for one in given)


def recent(client: MLClient, *, limit: int = 20, wanted: Filter | None = None) -> list[Summary]:
    """The newest jobs of the workspace; steps of pipelines are not among them."""
    with quietly():
        return list(islice(_all(client, wanted or Filter()), limit))


def children(client: MLClient, name: str, *, limit: int = 20, wanted: Filter | None = None) -> list[Summary]:
    """Steps of a pipeline, first to last.

    Raises:
        NotFound: there is no such job.
    """
    parent = get(client, name)
    choice = wanted or Filter()
    found = (
        Summary(
            name=run.name,
            display_name=run.display_name,
            type="step",
            status=run.status,
            experiment=getattr(parent, "experiment_name", None) or "",
            created=run.started.isoformat(timespec="seconds") if run.started else "",
        )
        for run in WorkspaceHistory(client).children(name)
    )
    return list(islice((one for one in found if choice.takes(one)), limit))


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
                where="this workspace",
                given=name,
                allowed=", ".join(names[:5]) + (" ..." if names[5:] else "") or "no job at all yet",
                next_step=close or "twinloop jobs list",
            ) from error


def require_new(client: MLClient, name: str) -> None:
    """Let a name pass that no job has yet: sent again, the service would take it for the job that is there.

    Raises:
        BadUsage: there is such a job, or the name is no name.
    """
    from azure.core.exceptions import ResourceNotFoundError

    if not _JOB_NAME.fullmatch(name):
        raise BadUsage(
            "No job can be called that; nothing was submitted.",
            where=_OF_NAME,
            given=name,
            allowed="1 to 255 letters, digits, '-' and '_', with a letter or a digit first",
            next_step="what people read may be anything: --set display_name=...",
        )
    with quietly():
        try:
            there = client.jobs.get(name)
        except ResourceNotFoundError:
            return
    raise BadUsage(
        f"There is a job '{name}' already; nothing was submitted.",
        where=_OF_NAME,
        given=f"{name}, which is {state_of(there)}",
        allowed="a name that no job of this workspace has had",
        next_step="run it again with another --name, or without one",
    )


def newest(client: MLClient) -> str:
    """Name of the job that was submitted last.

    Raises:
        NotFound: nothing was submitted yet.
    """
    jobs = recent(client, limit=1)
    if not jobs:
        raise NotFound(
            "No job was submitted yet.",
            where="this workspace",
            allowed="a job that was submitted",
            next_step="twinloop submit pipelines/classical/training.yml",
        )
    return jobs[0].name


def show(client: MLClient, name: str) -> Details:
    """One job with its steps, inputs and outputs.

    Raises:
        NotFound: there is no such job.
    """
    job = get(client, name)
    history = WorkspaceHistory(client)
    run, steps = history.run(name), history.children(name)
    addresses = history.outputs(name) if run.over else {}
    pipeline = str(job.type) == "pipeline"
    own = Nodes() if pipeline else nodes_of(client, job, run)
    on = nodes_of_steps(client, job, {step.display_name: step for step in steps}) if pipeline else {}
    outputs = {key: _value(value) for key, value in (getattr(job, "outputs", None) or {}).items()}
    return Details(
        **asdict(_summary(job)),
        description=job.description or "",
        **asdict(own),
        environment=_environment(getattr(job, "environment", None)),
        command=str(getattr(job, "command", None) or ""),
        studio=job.studio_url or "",
        error=run.error,
        seconds=run.seconds,
        tags=dict(job.tags or {}),
        inputs={key: _value(value) for key, value in (getattr(job, "inputs", None) or {}).items()},
        outputs={key: value for key, value in (outputs | addresses).items() if key != "default"},
        notes=run.notes,
        steps=steps,
        on=on,
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


def _all(client: MLClient, wanted: Filter) -> Iterator[Summary]:
    from azure.ai.ml.constants import ListViewType

    view = {"only": ListViewType.ARCHIVED_ONLY, "too": ListViewType.ALL}.get(
        wanted.archived, ListViewType.ACTIVE_ONLY
    )
    for job in client.jobs.list(list_view_type=view):
        if job is not None and wanted.takes(one := _summary(job)):
            yield one


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


def _environment(given: Any) -> str:
    """An environment by the name that a person gave it, where it has one."""
    text = str(given or "")
    parts = text.rstrip("/").split("/")
    return f"{parts[-3]}:{parts[-1]}" if len(parts) > 3 and parts[-2] == "versions" else text  # noqa: PLR2004


def _value(given: Any) -> str:
    inner = getattr(given, "_data", given)
    return str(getattr(inner, "path", None) or (inner if isinstance(inner, str | int | float) else ""))
