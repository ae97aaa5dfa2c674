"""Environments of the registries that this twin has: found by name, read by those who may."""

from __future__ import annotations

from checks.environments.curated import REGISTRY, Asked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.resources import kind_of
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.steps import Step
from twinloop.localazure.services.machinelearning.asset_store import assets

_REGISTRIES = "Microsoft.MachineLearningServices/registries"


class NotThere(ValueError):
    """A registry, an environment or a version that does not exist; the message says what does."""


def version_id(twin: Twin, asked: Asked) -> str:
    """ARM id of the version that is asked for.

    Raises:
        NotThere: it does not exist.
    """
    known = {doc["name"].lower(): doc for _, doc in twin.store.list(kind_of(_REGISTRIES))}
    doc = known.get(asked.registry.lower())
    if doc is None:
        names = ", ".join(sorted([REGISTRY, *known]))
        raise NotThere(f"registry '{asked.registry}' does not exist on this twin; there are: {names}")
    store = assets(twin, ArmId(doc["id"]), "environments")
    if asked.label and asked.label.lower() != "latest":
        raise NotThere(f"label '{asked.label}' is not known; write labels/latest or versions/N")
    found = store.find(asked.name, asked.version) if asked.version else store.latest(asked.name)
    if found is None:
        versions = [str(one["version"]) for one in store.versions(asked.name)]
        there = (
            f"its versions: {', '.join(versions)}"
            if versions
            else "there are: " + (", ".join(str(one["name"]) for one in store.containers()) or "none")
        )
        raise NotThere(
            f"environment '{asked.name}' {asked.version} does not exist in registry '{asked.registry}'; "
            f"{there}"
        )
    return store.id(found["name"], found["version"]).text


def demand(twin: Twin, caller: Principal, *steps: Step) -> None:
    """Demand that who submits a job may read the registries that its environments are in.

    Raises:
        AuthorizationFailed: they may not.
    """
    for step in steps:
        registry = ArmId("/".join(ArmId(step.environment).segments[:-4]))
        if registry.type.lower() == _REGISTRIES.lower():
            twin.authorize(caller, f"{_REGISTRIES}/assets/read", registry)
