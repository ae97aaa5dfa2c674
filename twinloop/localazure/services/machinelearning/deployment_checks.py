"""What must hold before an online deployment is taken: sizes, counts, times; what it names exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.catalogue.vm_sizes import vm_sizes
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.resources import children_of
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.durations import seconds
from twinloop.localazure.jobs.references import References
from twinloop.localazure.serving.deployment import LONGEST_TIMEOUT, Deployment
from twinloop.localazure.serving.models import model

Doc = dict[str, Any]
# MicrosoftDocs/azure-docs, machine-learning/how-to-manage-quotas, online endpoints.
MOST_INSTANCES, MOST_DEPLOYMENTS = 50, 20
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_TIMES = ("initialDelay", "period", "timeout")
_COUNTS = ("failureThreshold", "successThreshold")
_MODELS = ("custom_model", "mlflow_model")


def problems(twin: Twin, arm_id: ArmId, body: Doc, caller: Principal) -> list[str]:
    """Everything that is wrong with a deployment, in words."""
    properties = body["properties"]
    wanted = Deployment(arm_id, properties, 1)
    found = [
        *_instances(body),
        *_times(properties),
        *_variables(properties),
        *_neighbours(twin, wanted),
    ]
    return found + _named(twin, wanted, caller)


def _instances(body: Doc) -> Iterator[str]:
    size, capacity = body["properties"].get("instanceType"), body["sku"].get("capacity")
    if size not in vm_sizes():
        yield (
            f"properties.instanceType: given '{size}'; allowed: a size of the catalogue "
            f"(checks/catalogue/vm_sizes.csv), e.g. {', '.join(list(vm_sizes())[:4])}"
        )
    if not isinstance(capacity, int) or not 1 <= capacity <= MOST_INSTANCES:
        yield f"sku.capacity: given {capacity!r}; allowed: 1 to {MOST_INSTANCES} instances"
    scale = (body["properties"].get("scaleSettings") or {}).get("scaleType")
    if scale != "Default":
        yield (
            f"properties.scaleSettings.scaleType: given '{scale}'; allowed: Default (a managed deployment is "
            "scaled by its sku.capacity, or by an autoscale setting)"
        )


def _times(properties: Doc) -> Iterator[str]:
    settings = properties.get("requestSettings") or {}
    if "requestTimeout" in settings:
        yield from _duration(settings["requestTimeout"], "requestSettings.requestTimeout", LONGEST_TIMEOUT)
    at_once = settings.get("maxConcurrentRequestsPerInstance")
    if at_once is not None and (not isinstance(at_once, int) or at_once < 1):
        yield f"requestSettings.maxConcurrentRequestsPerInstance: given {at_once!r}; allowed: at least 1"
    for name in _PROBES:
        probe = properties.get(name) or {}
        for key in _TIMES:
            if probe.get(key) is not None:
                yield from _duration(probe[key], f"{name}.{key}", float("inf"))
        for key in _COUNTS:
            count = probe.get(key)
            if count is not None and (not isinstance(count, int) or count < 1):
                yield f"properties.{name}.{key}: given {count!r}; allowed: at least 1"


def _duration(given: object, where: str, most: float) -> Iterator[str]:
    try:
        length = seconds(str(given))
    except ValueError as error:
        yield f"properties.{where}: {error}"
        return
    if length > most:
        yield f"properties.{where}: given '{given}'; allowed: at most PT{most:g}S"


def _variables(properties: Doc) -> Iterator[str]:
    for name, value in (properties.get("environmentVariables") or {}).items():
        if not isinstance(value, str):
            yield f"properties.environmentVariables.{name}: given {value!r}; allowed: a text"


def _neighbours(twin: Twin, wanted: Deployment) -> Iterator[str]:
    there = {one.key for one in children_of(twin, wanted.endpoint, "deployments")}
    if wanted.id.key not in there and len(there) >= MOST_DEPLOYMENTS:
        yield f"endpoint '{wanted.endpoint.name}' has {len(there)} deployments, the most that one may have"


def _named(twin: Twin, wanted: Deployment, caller: Principal) -> list[str]:
    """What it names, looked up as a job's are; ids take the form in which they are kept."""
    properties = wanted.properties
    look = References(twin, wanted.workspace.text)
    kind = ""
    if given := properties.get("model"):
        found = model(look, str(given), caller)
        if found is not None:
            properties["model"], kind = found.asset, found.type or "custom_model"
            if kind not in _MODELS:
                look.problems.append(f"model of type '{kind}'; on this twin: {' or '.join(_MODELS)}")
    if properties.get("codeConfiguration") is not None:
        properties["codeConfiguration"]["codeId"] = look.code(wanted.code or None, "")
        if not wanted.code and not look.problems:
            look.problems.append("codeConfiguration.codeId is missing: the folder with the entry script")
    elif not given:
        look.problems.append(
            "model is missing, and codeConfiguration too; a deployment has one of them at least"
        )
    elif kind == "custom_model":
        look.problems.append(
            "codeConfiguration is missing: a custom_model needs an entry script; an mlflow_model needs none"
        )
    if environment := properties.get("environmentId"):
        properties["environmentId"] = look.environment(str(environment), "")
    elif properties.get("codeConfiguration") is not None and kind != "mlflow_model":
        look.problems.append("environmentId is missing; only an mlflow_model brings its own")
    return look.problems
