"""What must hold before an asset is registered: what it refers to exists."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest, NotEmulated
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.asset_store import assets
from twinloop.localazure.services.machinelearning.datastore_paths import (
    context_uri,
    demand_data,
    find_job,
    job_of,
    locate,
    resolve_job_output,
)
from twinloop.localazure.storage.datastore_uri import parse_datastore

Doc = dict[str, Any]
Check = Callable[[Twin, ArmId, Doc], Doc]
_VERSION_ID = re.compile(
    r"(azureml:)?(?P<owner>/subscriptions/.+?/(workspaces|registries)/[^/]+)/(?P<collection>codes|environments|components)"
    r"/(?P<name>[^/]+)/versions/(?P<version>[^/]+)",
    re.IGNORECASE,
)


def model(twin: Twin, owner: ArmId, properties: Doc) -> Doc:
    """A model's files are there; one that a job wrote keeps the job's name."""
    uri = properties.get("modelUri") or ""
    if uri.startswith("runs:/"):
        raise NotEmulated("modelUri", f"{uri}: give azureml://jobs/<job>/outputs/<output>/paths/<path>")
    job = properties.get("jobName") or job_of(uri) or None
    if not uri:
        return properties
    if job_of(uri):
        uri = resolve_job_output(twin, owner, uri)
    elif job and owner.type.lower().endswith("/workspaces") and find_job(twin, owner, job) is None:
        raise InvalidRequest(
            "UserError", f"jobName: the job '{job}' does not exist in workspace '{owner.name}'."
        )
    demand_data(twin, owner, uri)
    return properties | {"modelUri": uri, "jobName": job}


def data(twin: Twin, owner: ArmId, properties: Doc) -> Doc:
    """A data asset's datastore is there; what lies in it may come later, and may lie outside."""
    uri = resolve_job_output(twin, owner, properties.get("dataUri") or "")
    if parse_datastore(uri):
        locate(twin, owner, uri)
    kinds = ("uri_file", "uri_folder", "mltable")
    if (kind := properties.get("dataType")) and kind not in kinds:
        raise InvalidRequest("UserError", f"dataType: {kind!r} is not valid; allowed: {', '.join(kinds)}.")
    return properties | ({"dataUri": uri} if uri else {})


def environment(twin: Twin, owner: ArmId, properties: Doc) -> Doc:
    """An environment is an image, with or without conda packages, or a build context; conda text is YAML."""
    import yaml

    if conda := properties.get("condaFile"):
        try:
            parsed = yaml.safe_load(conda)
        except yaml.YAMLError as error:
            raise InvalidRequest("UserError", f"condaFile is not YAML: {error}") from error
        if not isinstance(parsed, dict) or "dependencies" not in parsed:
            raise InvalidRequest(
                "UserError",
                "condaFile: 'dependencies' is missing: a list of packages, e.g. dependencies: "
                "[python=3.11, pip, {pip: [scikit-learn]}].",
            )
    if properties.get("image") and properties.get("build"):
        raise InvalidRequest("UserError", "image and build exclude each other: give one of them.")
    build = properties.get("build")
    if not isinstance(build, dict):
        return properties
    return properties | {"build": build | {"contextUri": context_uri(twin, owner, build.get("contextUri"))}}


def component(twin: Twin, _owner: ArmId, properties: Doc) -> Doc:
    """A component's code and environment, and the components in a pipeline, are there."""
    spec = properties.get("componentSpec")
    if spec is None:
        return properties
    if not isinstance(spec, dict) or not spec.get("type"):
        raise InvalidRequest(
            "UserError", "componentSpec: an object with 'type' is required, e.g. type: command."
        )
    if spec["type"] == "command" and not spec.get("command"):
        raise InvalidRequest(
            "UserError", "componentSpec: 'command' is required for a component of type command."
        )
    references = [spec.get("code"), spec.get("environment")]
    nodes = spec.get("jobs")
    if isinstance(nodes, dict):
        references += [
            node.get("componentId") or node.get("component")
            for node in nodes.values()
            if isinstance(node, dict)
        ]
    for reference in references:
        demand_asset(twin, reference)
    return properties


def demand_asset(twin: Twin, reference: object) -> None:
    """Demand that an asset id names a version that exists; other forms of reference pass.

    Raises:
        InvalidRequest: it names one that does not.
    """
    found = _VERSION_ID.fullmatch(reference) if isinstance(reference, str) else None
    if found is None:
        return
    holder = assets(twin, ArmId(found["owner"]), found["collection"].lower())
    if holder.find(found["name"], found["version"]) is None:
        raise InvalidRequest(
            "UserError",
            f"{found['collection']} '{found['name']}:{found['version']}' does not exist in "
            f"'{holder.owner.name}'; register it first.",
        )


CHECKS: dict[str, Check] = {
    "models": model,
    "data": data,
    "environments": environment,
    "components": component,
}
