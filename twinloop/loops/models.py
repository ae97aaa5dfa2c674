"""Registered models, and the way back from each to its job, its data and its code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from twinloop.loops.client import quietly
from twinloop.loops.document import nearest
from twinloop.loops.runs import state_of
from twinloop.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.ai.ml import MLClient

_LINEAGE = ("job", "data_sha256", "data_rows", "split_seed", "commit", "uncommitted_changes")


@dataclass(frozen=True, kw_only=True)
class Model:
    """One version of a registered model."""

    name: str
    version: str
    type: str
    description: str = ""
    created: str = ""
    created_by: str = ""
    path: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def lineage(self) -> dict[str, str]:
        """What the register step wrote down of job, data and code; empty if it was registered otherwise."""
        return {key: self.tags[key] for key in _LINEAGE if key in self.tags}

    @property
    def scores(self) -> dict[str, str]:
        """What the evaluation measured on the test rows."""
        return {key: value for key, value in self.tags.items() if key.startswith("test_")}


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """A model and what it came from, as far as the workspace still knows it."""

    model: Model
    job: str = ""
    job_status: str = ""
    submitted_by: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)  # of the job: data addresses and settings
    missing: str = ""  # what could not be followed, in words


def names(client: MLClient) -> list[Model]:
    """The newest version of each registered model."""
    with quietly():
        found = []
        for container in client.models.list():
            versions = _versions(client, container.name)
            found.extend(versions[:1])
        return found


def versions(client: MLClient, name: str) -> list[Model]:
    """Every version of a model, newest first.

    Raises:
        NotFound: there is no such model; the nearest name is told.
    """
    with quietly():
        found = _versions(client, name)
        if found:
            return found
        present = [str(container.name) for container in client.models.list()]
    raise NotFound(
        f"There is no model '{name}'" + nearest(name, present) + ".",
        where="this workspace",
        given=name,
        allowed=", ".join(present) or "no model was registered yet",
        next_step="twinloop models list" if present else "twinloop submit pipelines/classical/training.yml",
    )


def show(client: MLClient, name: str, version: str = "") -> Lineage:
    """One version (the newest if none is given) and what it came from.

    Raises:
        NotFound: there is no such model or version.
    """
    from azure.core.exceptions import ResourceNotFoundError

    known = versions(client, name)
    model = next((one for one in known if one.version == version), known[0] if not version else None)
    if model is None:
        raise NotFound(
            f"There is no version '{version}' of model '{name}'.",
            where=f"model {name}",
            given=version,
            allowed=", ".join(one.version for one in known),
            next_step=f"twinloop models show {name}",
        )
    job_name = model.lineage.get("job", "")
    if not job_name:
        return Lineage(model=model, missing="it carries no lineage tags: it was not registered by a pipeline")
    with quietly():
        try:
            job = client.jobs.get(job_name)
        except ResourceNotFoundError:
            return Lineage(model=model, job=job_name, missing=f"job {job_name} is gone")
    return Lineage(
        model=model,
        job=job_name,
        job_status=state_of(job),
        submitted_by=str(getattr(job.creation_context, "created_by", None) or ""),
        inputs={key: _text(value) for key, value in (getattr(job, "inputs", None) or {}).items()},
    )


def _versions(client: MLClient, name: str) -> list[Model]:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        found = [_model(one) for one in client.models.list(name=name)]
    except ResourceNotFoundError:
        return []
    return sorted(found, key=lambda one: int(one.version) if one.version.isdigit() else -1, reverse=True)


def _model(entity: Any) -> Model:
    context = entity.creation_context
    created = getattr(context, "created_at", None)
    return Model(
        name=str(entity.name),
        version=str(entity.version),
        type=str(entity.type or ""),
        description=entity.description or "",
        created=created.isoformat(timespec="seconds") if created else "",
        created_by=getattr(context, "created_by", None) or "",
        path=str(entity.path or ""),
        tags=dict(entity.tags or {}),
    )


def _text(given: Any) -> str:
    inner = getattr(given, "_data", given)
    return str(getattr(inner, "path", None) or (inner if isinstance(inner, str | int | float) else ""))
