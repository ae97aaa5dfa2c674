"""Objects as Pulumi keeps them: inputs, and the live object with what the official provider notes beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from checks.kubernetes.names import quantity
from twinloop.providers.values import UNKNOWN, Properties

Object = dict[str, Any]
# Keys of the official provider's state: provider/pkg/provider/provider.go, checkpointObject
INPUTS: Final = "__inputs"
INITIAL_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"
_OWN: Final = frozenset({INPUTS, INITIAL_VERSION, FIELD_MANAGER, "id"})
AUTONAMED: Final = "pulumi.com/autonamed"
PATCH_FORCE: Final = "pulumi.com/patchForce"
PATCH_MANAGER: Final = "pulumi.com/patchFieldManager"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
_ANNOTATIONS: Final = frozenset({PATCH_FORCE, PATCH_MANAGER})
DEFAULT_NAMESPACE: Final = "default"
_NEVER_ANSWERED: Final = frozenset({"stringData"})
_SERVERS: Final = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink"}
)
# The SDK writes underscores where a field of Kubernetes has hyphens: mapReplUnderscoreToDash in provider.go
_DASHED: Final = {
    f"x_kubernetes_{name.replace('-', '_')}": f"x-kubernetes-{name}"
    for name in (
        "embedded-resource",
        "int-or-string",
        "list-map-keys",
        "list-type",
        "map-type",
        "preserve-unknown-fields",
        "validations",
    )
}


def manifest(inputs: Mapping[str, Any]) -> Object:
    """What is sent for these inputs: nothing that is null, and nothing of Pulumi's own."""
    found: Object = _sent({name: value for name, value in inputs.items() if name not in _OWN})
    return found


def outputs_of(live: Mapping[str, Any], inputs: Mapping[str, Any], *, version: str, manager: str) -> Object:
    """The outputs of an object as it is."""
    return {
        **as_pulumi(dict(live)),
        INPUTS: dict(inputs),
        INITIAL_VERSION: version,
        FIELD_MANAGER: manager,
    }


def foreseen(inputs: Mapping[str, Any], old: Mapping[str, Any]) -> Object:
    """Outputs that nobody has seen: the inputs over what stood there; what the server sets is unknown."""
    live = {name: value for name, value in old.items() if name not in _OWN}
    merged: Object = _over(live, dict(inputs))
    if not live:
        merged["metadata"] = {
            **(merged.get("metadata") or {}),
            **dict.fromkeys(("uid", "resourceVersion", "creationTimestamp"), UNKNOWN),
        }
    return merged


def secret_of(outputs: Mapping[str, Any], *given: Properties) -> frozenset[str]:
    """Outputs that are never written in clear: what is given as secret, and the contents of a Secret."""
    named = frozenset[str]().union(*(one.secret for one in given))
    if outputs.get("kind") == "Secret" and (named & {"stringData", "data"} or named):
        named |= {"data", "stringData"}
    return (named | ({INPUTS} if named else frozenset())) & outputs.keys()


def id_of(obj: Mapping[str, Any]) -> str:
    """`namespace/name`, or the name alone where a kind has no namespaces."""
    meta = obj.get("metadata") or {}
    namespace, name = meta.get("namespace") or "", meta["name"]
    return f"{namespace}/{name}" if namespace else str(name)


def place_of(text: str) -> tuple[str, str]:
    """(namespace, name) of an id."""
    namespace, _, name = text.rpartition("/")
    return namespace, name


def annotation(obj: Mapping[str, Any], key: str) -> str:
    """An annotation, or nothing."""
    found = ((obj.get("metadata") or {}).get("annotations") or {}).get(key)
    return found if isinstance(found, str) else ""


def _sent(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            _DASHED.get(name, name): _sent(one)
            for name, one in value.items()
            if one is not None and name not in _ANNOTATIONS
        }
    return [_sent(one) for one in value] if isinstance(value, list) else value


def as_pulumi(value: Any) -> Any:
    """An object of the API with the names that the SDK uses."""
    underscored = {dashed: name for name, dashed in _DASHED.items()}
    if isinstance(value, Mapping):
        return {underscored.get(name, name): as_pulumi(one) for name, one in value.items()}
    return [as_pulumi(one) for one in value] if isinstance(value, list) else value


def _over(live: Any, given: Any) -> Any:
    if isinstance(live, Mapping) and isinstance(given, Mapping):
        return {**live, **{key: _over(live.get(key), one) for key, one in given.items()}}
    return given


def managed_inputs(live: Any, given: Any) -> Any:
    """The inputs with what has changed in the cluster since; what they do not speak of stays out."""
    if isinstance(live, Mapping) and isinstance(given, Mapping):
        found = {}
        for key, one in given.items():
            if key in live:
                found[key] = managed_inputs(live[key], one)
            elif not one or key in _NEVER_ANSWERED:
                found[key] = one  # the server does not write what is empty, nor what it takes in once
        return found
    if isinstance(live, list) and isinstance(given, list) and len(live) == len(given):
        return [managed_inputs(one, other) for one, other in zip(live, given, strict=True)]
    return given if same(live, given) else live


def all_inputs(live: Mapping[str, Any]) -> Object:
    """Every input that an existing object could have been made with: for an import."""
    found: Object = {name: one for name, one in live.items() if name != "status"}
    meta = {key: one for key, one in (live.get("metadata") or {}).items() if key not in _SERVERS}
    return {**found, "metadata": meta}


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same to a cluster: it writes quantities in its own way, 0.5 as 500m."""
    if one == other:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if not (isinstance(one, str | int | float) and isinstance(other, str | int | float)):
        return False
    try:
        return quantity(one) == quantity(other)
    except ValueError:
        return False
