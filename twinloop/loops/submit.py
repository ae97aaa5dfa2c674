"""Submit a job's file: its wires checked, what it needs checked, then sent by the official client."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinloop.loops import code_paths, jobs, needs, wiring
from twinloop.loops.client import quietly, without_bars
from twinloop.loops.document import Document, Override, load
from twinloop.loops.schema_words import problems_of
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from azure.ai.ml import MLClient


def read(path: Path, overrides: Iterable[Override] = ()) -> Document:
    """A job's file with its changes made and its wiring checked; asks nothing of any cloud.

    Raises:
        NotFound: the file, or a component's, does not exist.
        BadUsage: the file is not a job's, a change meets nothing, or wires do not join ports that exist.
    """
    document = load(path, overrides)
    wiring.check(document)
    return document


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How a job is to be sent, beside what its file says."""

    name: str = ""  # unique in the workspace; Azure ML makes one if empty
    experiment: str = ""  # to file it under; the file's own if empty
    tags: Mapping[str, str] = field(default_factory=dict)  # to be added
    validate: bool = True  # False: the client's own checks are left out, as `--skip-validation` of az does


_NONE = Wishes()


def submit(client: MLClient, document: Document, wishes: Wishes = _NONE) -> Any:
    """Send a checked job.

    Args:
        client: on the workspace that shall run it.
        document: from `read`.
        wishes: name, experiment, tags.

    Returns:
        The job as Azure ML accepted it (`azure.ai.ml.entities.Job`).

    Raises:
        NotFound: the workspace lacks a compute, environment or datastore that the file names.
        BadUsage: a key is unknown, or a value is not what its key takes.
    """
    with quietly():
        if name := wishes.name or document.body.get("name"):
            jobs.require_new(client, str(name))
        code_paths.check(document)
        needs.check(client, document)
        changes: list[dict[str, Any]] = [{change.text: change.value} for change in document.overrides]
        if wishes.name:
            changes.append({"name": wishes.name})
        if wishes.experiment:
            changes.append({"experiment_name": wishes.experiment})
        with _of_file(document.path):
            job = _loaded(document, changes)
        if wishes.tags:
            job.tags = {**(job.tags or {}), **wishes.tags}
        with without_bars(), _of_file(document.path):
            return client.jobs.create_or_update(job, skip_validation=not wishes.validate)


@contextmanager
def _of_file(path: Path) -> Iterator[None]:
    """Tell what the service or the client finds wrong with a job as a fault of its file.

    Raises:
        BadUsage: it found something.
    """
    from azure.ai.ml.exceptions import ErrorCategory, MlException
    from azure.core.exceptions import HttpResponseError

    from twinloop.loops.refusals import BAD_REQUEST, is_refusal, plain

    try:
        yield
    except (HttpResponseError, MlException) as error:
        told = getattr(error, "status_code", None) == BAD_REQUEST or (
            isinstance(error, MlException) and error.error_category == ErrorCategory.USER_ERROR
        )
        if not told or is_refusal(error):
            raise
        raise BadUsage(
            "The job was not accepted; nothing was submitted.",
            where=str(path),
            given=plain(error),
            allowed="command, pipeline" if "job type" in plain(error) else "",
            next_step=f"edit {path.name}, then: twinloop submit {path}",
        ) from error


def _loaded(document: Document, changes: list[dict[str, Any]]) -> Any:
    from azure.ai.ml import load_job
    from marshmallow.exceptions import ValidationError

    try:
        return load_job(str(document.path), params_override=changes)
    except ValidationError as error:
        found = problems_of(str(error))
        raise BadUsage(
            f"The file does not fit the schema of its type in {len(found)} place(s); nothing was submitted.",
            where=str(document.path),
            given="\n".join(found),
            allowed=f"keys and values of its schema; paths that are there, seen from {document.path.parent}",
            next_step=f"edit {document.path.name}, then: twinloop submit {document.path}",
        ) from error
