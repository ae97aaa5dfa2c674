"""What the pipelines and jobs of a checkout need to reach, read from their files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from checks.reachability_model import JobNeeds

_FOLDER = "pipelines"
_SCHEMA = re.compile(r"(Job|Deployment)\.schema\.json$", re.IGNORECASE)
_KINDS = frozenset({"pipeline", "command", "sweep", "parallel", "spark", "automl"})
_DATASTORE = re.compile(r"azureml://datastores/([^/]+)/|azureml:([\w-]+)$")
_SERVERLESS = "serverless"
_OWN = ("mcr.microsoft.com/", ".azurecr.io/")  # reached without any index: Microsoft's, and the workspace's


@dataclass
class _Found:
    """What is met on the way through one file and the components beside it."""

    computes: dict[str, None] = field(default_factory=dict)
    datastores: dict[str, None] = field(default_factory=dict)
    indexes: dict[str, None] = field(default_factory=dict)
    parallel: bool = False


def job_needs(checkout: Path) -> tuple[JobNeeds, ...]:
    """Needs of every job and deployment under `pipelines/`; files that are no jobs are passed over.

    Args:
        checkout: the folder of `Pulumi.yaml`.
    """
    found = []
    for path in sorted((*(checkout / _FOLDER).rglob("*.yml"), *(checkout / _FOLDER).rglob("*.yaml"))):
        body = _read(path)
        if not _is_job(body):
            continue
        met = _Found()
        _walk(body, path.parent, met)
        name = path.relative_to(checkout).as_posix()
        found.append(
            JobNeeds(
                name=str(body.get("display_name") or body.get("name") or path.stem),
                file=name,
                computes=tuple(met.computes),
                datastores=tuple(met.datastores),
                indexes=tuple(met.indexes),
                parallel=met.parallel,
            )
        )
    return tuple(found)


def _read(path: Path) -> dict[str, Any]:
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}  # `twinloop submit` says what is wrong with it; here it is no job
    return body if isinstance(body, dict) else {}


def _is_job(body: dict[str, Any]) -> bool:
    return bool(_SCHEMA.search(str(body.get("$schema") or ""))) or str(body.get("type")) in _KINDS


def _walk(body: dict[str, Any], folder: Path, met: _Found) -> None:
    settings = body.get("settings") if isinstance(body.get("settings"), dict) else {}
    for value in (body.get("compute"), (settings or {}).get("default_compute")):
        name = str(value or "").removeprefix("azureml:")
        if name and name != _SERVERLESS and "${{" not in name:
            met.computes[name] = None
    met.parallel = met.parallel or body.get("type") == "parallel"
    for store in _stores(body, settings or {}):
        met.datastores[store] = None
    for index in _indexes(body.get("environment"), folder):
        met.indexes[index] = None
    for inner in (body.get("component"), body.get("trial")):
        if isinstance(inner, dict):
            _walk(inner, folder, met)
        elif isinstance(inner, str) and not inner.startswith("azureml:"):
            path = folder / inner.removeprefix("file:")
            _walk(_read(path), path.parent, met)
    steps = body.get("jobs")
    for step in steps.values() if isinstance(steps, dict) else ():
        if isinstance(step, dict):
            _walk(step, folder, met)


def _stores(body: dict[str, Any], settings: dict[str, Any]) -> Iterator[str]:
    named = str(settings.get("default_datastore") or "")
    if named.startswith("azureml:"):
        yield named.removeprefix("azureml:")
    for kind in ("inputs", "outputs"):
        specs = body.get(kind)
        for spec in specs.values() if isinstance(specs, dict) else ():
            path = spec.get("path") if isinstance(spec, dict) else spec
            if (match := _DATASTORE.match(str(path))) and match[1]:
                yield match[1]


def _indexes(environment: object, folder: Path) -> Iterator[str]:
    """Indexes of an environment that is built for the job; one that is registered was built already."""
    if not isinstance(environment, dict):
        return
    image = str(environment.get("image") or "")
    if image and not any(own in image for own in _OWN):
        yield "Docker Hub"
    conda = environment.get("conda_file")
    content = _read(folder / conda) if isinstance(conda, str) else conda
    if isinstance(content, dict):
        dependencies = content.get("dependencies") or ()
        if any(isinstance(one, str) for one in dependencies):
            yield "conda"
        if any(isinstance(one, dict) and one.get("pip") for one in dependencies):
            yield "PyPI"
    if environment.get("build"):
        yield "PyPI"
