"""What is taken into a cluster: the form of an object, its schema, its rules, what may not change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from checks.kubernetes.manifests import semantic_problems
from checks.kubernetes.names import name_problem
from checks.kubernetes.schemas import problems
from twinloop.localazure.kubernetes.kinds import Served
from twinloop.localazure.kubernetes.status import StatusError, bad_request, invalid

Object = dict[str, Any]
_STRICT = "strict decoding error"


def readable(given: Any, served: Served, namespace: str, name: str) -> Object:
    """A body as an object of this kind at this place, without what is null.

    Raises:
        StatusError: 400, it is of another kind, place or name.
    """
    if not isinstance(given, dict):
        raise bad_request("the body of the request must be an object")
    kind = served.kind
    obj: Object = without_null(given)
    told = (obj.setdefault("apiVersion", kind.api_version), obj.setdefault("kind", kind.kind))
    if told != (kind.api_version, kind.kind):
        raise bad_request(
            f"the API version in the data ({told[0]}, Kind={told[1]}) does not match the expected "
            f"API version ({kind.api_version}, Kind={kind.kind})"
        )
    meta = obj.setdefault("metadata", {})
    if not isinstance(meta, dict):
        raise bad_request("metadata must be an object")
    if name and meta.setdefault("name", name) != name:
        raise bad_request(
            f"the name of the object ({meta['name']}) does not match the name on the URL ({name})"
        )
    if kind.namespaced and meta.setdefault("namespace", namespace) != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if not kind.namespaced:
        meta.pop("namespace", None)
    if meta.get("generateName") and not meta.get("name"):
        raise StatusError(501, "NotEmulated", "not emulated: metadata.generateName; give metadata.name")
    return obj


def check_typed(obj: Object, served: Served, *, apply: bool) -> None:
    """Refuse fields that the schema does not have.

    Raises:
        StatusError: as the API server refuses an apply configuration, or strict decoding.
    """
    found = [one for one in problems(obj, served.schema) if one.fault in {"unknown", "type"}]
    if not found:
        return
    kind, meta = served.kind, obj["metadata"]
    if apply:
        where = f"{meta.get('namespace', '')}/{meta.get('name', '')}"
        words = "\n".join(f"{one.path}: {one.words}" for one in found)
        words = words if len(found) == 1 else f"errors:\n{words}"
        raise StatusError(
            500,
            "InternalError",
            f"failed to create typed patch object ({where}; {kind.group}/{kind.version}, Kind={kind.kind}): "
            f"{words}",
        )
    unknown = [f'unknown field "{one.path.lstrip(".")}"' for one in found if one.fault == "unknown"]
    wrong = [f"{one.path.lstrip('.')}: {one.words}" for one in found if one.fault == "type"]
    what = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
    raise bad_request(what + (", ".join(wrong) or f"{_STRICT}: {', '.join(unknown)}"))


def check_whole(obj: Object, served: Served, old: Object | None) -> None:
    """Refuse an object that breaks a rule, or changes what is fixed.

    Raises:
        StatusError: 422.
    """
    kind, name = served.kind, str(obj["metadata"].get("name") or "")
    found = []
    if not name:
        found.append((".metadata.name", "Required value: name or generateName is required"))
    elif served.custom and (words := name_problem(kind.kind, name)):
        found.append((".metadata.name", f'Invalid value: "{name}": {words}'))
    found += [
        (one.path, one.words)
        for one in (*problems(obj, served.schema), *(() if served.custom else semantic_problems(obj)))
    ]
    found += _fixed(obj, old) if old is not None else []
    if kind.kind == "CustomResourceDefinition":
        found += _definition(obj)
    if found:
        raise invalid(f"{kind.kind}.{kind.group}" if kind.group else kind.kind, name, found)


def without_null(value: Any) -> Any:
    """Null stands for: not given."""
    if isinstance(value, dict):
        return {name: without_null(one) for name, one in value.items() if one is not None}
    return [without_null(one) for one in value] if isinstance(value, list) else value


# kind -> field, what is said. Source: k8s.io/kubernetes 1.34, pkg/apis/*/validation
_IMMUTABLE: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "RoleBinding": (("roleRef", "cannot change roleRef"),),
    "ClusterRoleBinding": (("roleRef", "cannot change roleRef"),),
    "PriorityClass": (
        ("value", "may not be changed in an update."),
        ("preemptionPolicy", "field is immutable"),
    ),
    "Secret": (("type", "field is immutable"),),
}


def _fixed(obj: Object, old: Object) -> list[tuple[str, str]]:
    found = [
        (f".{field}", f"Invalid value: {obj.get(field)!r}: {words}")
        for field, words in _IMMUTABLE.get(str(obj["kind"]), ())
        if obj.get(field) != old.get(field)
    ]
    if obj["kind"] in {"Secret", "ConfigMap"} and old.get("immutable"):
        found += [
            (f".{field}", "Forbidden: field is immutable when `immutable` is set")
            for field in ("data", "binaryData", "immutable")
            if obj.get(field) != old.get(field)
        ]
    if obj["kind"] == "Deployment" and _selector(obj) != _selector(old):
        found.append((".spec.selector", "Invalid value: field is immutable"))
    return found


def _selector(obj: Object) -> Any:
    return (obj.get("spec") or {}).get("selector")


def _definition(obj: Object) -> list[tuple[str, str]]:
    spec = obj.get("spec") or {}
    wanted = f"{(spec.get('names') or {}).get('plural')}.{spec.get('group')}"
    found = []
    if obj["metadata"].get("name") != wanted:
        found.append((".metadata.name", f'Invalid value: must be spec.names.plural+"."+spec.group: {wanted}'))
    stored = [one for one in spec.get("versions") or () if one.get("storage")]
    if len(stored) != 1:
        found.append(
            (".spec.versions", "Invalid value: must have exactly one version marked as storage version")
        )
    return found
