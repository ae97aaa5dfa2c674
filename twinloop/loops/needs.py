"""What a job's file expects to be there (computes, environments, datastores), asked for before any upload."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twinloop.loops.document import Document, nearest, read_yaml
from twinloop.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from azure.ai.ml import MLClient

_NAME = re.compile(r"azureml:([^/:@]+)(?::([^/@]+)|@(\w+))?")
_DATASTORE = re.compile(r"azureml://datastores/([^/]+)/")
SERVERLESS = "serverless"
_CURATED = "AzureML-"


@dataclass(frozen=True)
class Need:
    """One thing that must exist: `kind` is compute, environment or datastore."""

    kind: str
    name: str
    where: str
    version: str = ""
    label: str = ""


def needs_of(document: Document) -> list[Need]:
    """Everything that the file and the components beside it name, each once."""
    found: dict[tuple[str, str, str, str], Need] = {}
    for need in _needs(document.body, "", document.path.parent):
        found.setdefault((need.kind, need.name, need.version, need.label), need)
    return list(found.values())


def check(client: MLClient, document: Document) -> None:
    """Refuse a job that names what the workspace does not have.

    Raises:
        NotFound: what is missing, what there is, and what to type.
    """
    for need in needs_of(document):
        if not _exists(client, need):
            raise _missing(client, need, document.path)


def _needs(body: dict[str, Any], where: str, folder: Path) -> Iterator[Need]:
    prefix = f"{where}." if where else ""
    settings = body.get("settings") or {}
    for key, value in (
        ("compute", body.get("compute")),
        ("settings.default_compute", settings.get("default_compute")),
    ):
        yield from _named("compute", value, prefix + key)
    yield from _named("datastore", settings.get("default_datastore"), f"{prefix}settings.default_datastore")
    yield from _named("environment", body.get("environment"), f"{prefix}environment")
    for kind in ("inputs", "outputs"):
        for name, spec in (body.get(kind) or {}).items():
            path = spec.get("path") if isinstance(spec, dict) else spec
            if match := _DATASTORE.match(str(path)):
                yield Need("datastore", match[1], f"{prefix}{kind}.{name}")
    component = body.get("component")
    if isinstance(component, dict):
        yield from _needs(component, f"{prefix}component", folder)
    elif isinstance(component, str) and not component.startswith("azureml:"):
        path = folder / component.removeprefix("file:")
        yield from _needs(read_yaml(path), f"{prefix}component", path.parent)
    for name, step in (body.get("jobs") or {}).items():
        yield from _needs(step, f"{prefix}jobs.{name}", folder)


def _named(kind: str, value: object, where: str) -> Iterator[Need]:
    """A reference by name; inline environments, ARM ids and registries need nothing of this workspace."""
    if not isinstance(value, str) or value in {SERVERLESS, f"azureml:{SERVERLESS}"}:
        return
    if kind == "environment" and value.startswith(f"azureml:{_CURATED}"):
        return  # the service looks these up in the registry azureml
    if match := _NAME.fullmatch(value):
        yield Need(kind, match[1], where, match[2] or "", match[3] or "")
    elif kind != "environment" and re.fullmatch(r"[\w-]+", value):
        yield Need(kind, value, where)


def _exists(client: MLClient, need: Need) -> bool:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        if need.kind == "compute":
            client.compute.get(need.name)
        elif need.kind == "datastore":
            client.datastores.get(need.name)
        elif need.version:
            client.environments.get(need.name, version=need.version)
        else:
            client.environments.get(need.name, label=need.label or "latest")
    except ResourceNotFoundError:
        return False
    return True


def _settable(where: str) -> str:
    """The key at fault, but not of a component's own file, which `--set` does not reach."""
    return "settings.default_compute" if "component" in where.split(".") else where


def _missing(client: MLClient, need: Need, path: Path) -> NotFound:
    lists: dict[str, Callable[[], Any]] = {
        "compute": client.compute.list,
        "datastore": client.datastores.list,
        "environment": client.environments.list,
    }
    present = sorted(str(one.name) for one in lists[need.kind]())
    key = need.where if need.kind != "environment" else f"{need.where} (or its component's)"
    close = nearest(need.name, present)
    best = close.split("'")[1] if close else next(iter(present), "")
    type_this = {
        "compute": f"--set {_settable(need.where)}=azureml:{best}" if present else "twinloop up -s dev",
        "datastore": "name one of these in the file",
        "environment": "give image and conda_file in the component instead, or name one of these",
    }[need.kind]
    version = f":{need.version}" if need.version else f"@{need.label}" if need.label else ""
    return NotFound(
        f"The workspace has no {need.kind} '{need.name}{version}'; nothing was submitted.",
        where=f"{path}: {key}",
        given=f"azureml:{need.name}{version}",
        allowed=", ".join(present) or f"it has no {need.kind} at all",
        next_step=f"{close.removeprefix('; ')} {type_this}".strip(),
    )
