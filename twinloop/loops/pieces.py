"""One step, ready to be run on this machine: of a file that was edited, or of a run that was submitted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from twinloop.loops import jobs, recipes, steps, stores
from twinloop.loops.runs import WorkspaceHistory
from twinloop.loops.sampling import TAG
from twinloop.loops.steps import Data, Step
from twinloop.loops.written_steps import Environment, FromStep, WrittenStep
from twinloop.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from azure.ai.ml import MLClient

    from twinloop.loops.document import Document
    from twinloop.loops.recipes import Known
    from twinloop.loops.steps import Bound

_LOOK_BACK = 20  # jobs in which earlier steps' outputs are looked for


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A step with values for all its inputs; data may still lie in the workspace."""

    title: str
    command: str
    code: Path | None
    inputs: Mapping[str, Bound] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)  # name -> type
    variables: Mapping[str, str] = field(default_factory=dict)
    runs_in: Known | None = None
    environment: str = ""  # as it is called
    fed_by: str = ""  # the job whose steps left its inputs
    notes: tuple[str, ...] = ()  # where what it ran in differed from the cloud's image


def of_file(client: MLClient, document: Document, written: WrittenStep, *, job: str = "") -> Piece:
    """A step of a file; what earlier steps leave is taken from a job that ran them.

    Args:
        client: on the workspace.
        document: the file.
        written: its step.
        job: whose steps' outputs to take; if empty, the newest job of this file that has them.

    Raises:
        NotFound: no job has what the step reads.
    """
    left, fed_by = _left_by_steps(client, document, written, job) if written.upstream else ({}, "")
    inputs = {
        name: Data(value.type, left[value.step, value.port]) if isinstance(value, FromStep) else value
        for name, value in written.inputs.items()
    }
    return Piece(
        title=written.name or document.path.stem,
        command=written.command,
        code=written.code,
        inputs={name: value for name, value in inputs.items() if value is not None},
        outputs=written.outputs,
        variables=written.variables,
        runs_in=recipes.known(client, written.environment),
        environment=written.environment.reference or written.environment.where,
        fed_by=fed_by,
    )


def of_run(client: MLClient, step: Step, *, code: Path | None, folder: Path) -> Piece:
    """A step that ran, with the inputs that it had.

    Args:
        client: on the workspace.
        step: from `steps.find`.
        code: an edited source folder; if None, the code as it was submitted is fetched.
        folder: where fetched code goes.

    Raises:
        NotFound: the code cannot be had.
    """
    if code is not None and not code.is_dir():
        raise NotFound(
            "There is no such folder.",
            where="--code",
            given=str(code),
            next_step="name the folder of the step's source: --code FOLDER",
        )
    source = code.resolve() if code else stores.fetch_code(client, step.code, folder) if step.code else None
    environment = Environment(reference=step.environment, where=step.environment)
    return Piece(
        title=step.name or step.job,
        command=step.command,
        code=source,
        inputs=step.given,
        outputs={name: port.type for name, port in step.outputs.items()},
        variables=step.variables,
        runs_in=recipes.known(client, environment),
        environment=step.environment.rpartition("/environments/")[2] or step.environment,
        fed_by=step.pipeline,
        notes=WorkspaceHistory(client).run(step.job).notes,
    )


def with_code(piece: Piece, code: Path) -> Piece:
    """The piece with another source folder.

    Raises:
        NotFound: it is not there.
    """
    if not code.is_dir():
        raise NotFound(
            "There is no such folder.",
            where="--code",
            given=str(code),
            next_step="name the folder of the step's source: --code FOLDER",
        )
    return replace(piece, code=code.resolve())


def _left_by_steps(
    client: MLClient, document: Document, written: WrittenStep, job: str
) -> tuple[dict[tuple[str, str], str], str]:
    wanted = {(one.step, one.port) for one in written.upstream}
    refused: NotFound | None = None
    for entity in [jobs.get(client, job)] if job else _runs_of(client, document):
        name = str(entity.name)
        runs = WorkspaceHistory(client).children(name)
        try:
            found = {(step, port): steps.left_by(client, entity, runs, step, port) for step, port in wanted}
        except NotFound as error:
            refused = refused or error
            continue
        share = (entity.tags or {}).get(TAG)
        return found, f"{name} (on a sample of {share})" if share else name
    if job and refused is not None:
        raise refused
    raise NotFound(
        f"Step {written.name} reads what earlier steps leave, and no job of this file has left it yet.",
        where=f"{document.path}: jobs.{written.name}",
        given=", ".join(sorted(f"{step}.{port}" for step, port in wanted)),
        allowed="a job of the same experiment and title whose earlier steps completed, or --job JOB",
        next_step=f"twinloop submit {document.path} --stream   (--sample 100 for a quick one)",
    )


def _runs_of(client: MLClient, document: Document) -> list[Any]:
    """Jobs that this file made, as far as its experiment and its title tell: newest first, samples last."""
    title, experiment = document.body.get("display_name"), document.body.get("experiment_name")
    found = [
        jobs.get(client, one.name)
        for one in jobs.recent(client, limit=_LOOK_BACK, wanted=jobs.Filter(experiment=experiment or ""))
        if one.type == "pipeline" and (not title or one.display_name == title)
    ]
    return sorted(found, key=lambda entity: TAG in (entity.tags or {}))
