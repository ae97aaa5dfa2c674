"""What an API server refuses of a manifest although its schema takes it: names, labels, quantities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from checks.kubernetes.kinds import kind_of
from checks.kubernetes.names import label_value_problem, name_problem, quantity
from checks.kubernetes.schemas import Problem, problems, schema_of

# scheduling.k8s.io/v1: pkg/apis/scheduling/types.go, HighestUserDefinablePriority
_HIGHEST_PRIORITY: Final = 1_000_000_000
_LEVELS: Final = ("privileged", "baseline", "restricted")  # of k8s.io/pod-security-admission/api
_POD_SECURITY: Final = tuple(f"pod-security.kubernetes.io/{mode}" for mode in ("enforce", "audit", "warn"))


def manifest_problems(manifest: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with a manifest of a built-in kind; of others nothing is said."""
    kind = kind_of(manifest)
    if kind is None:
        return []
    return [*problems(manifest, schema_of(kind)), *semantic_problems(manifest)]


def semantic_problems(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    """What the schema does not say."""
    kind, meta = str(manifest.get("kind", "")), manifest.get("metadata") or {}
    if not isinstance(meta, Mapping):
        return
    name = meta.get("name")
    if isinstance(name, str) and (words := name_problem(kind, name)):
        yield Problem(".metadata.name", "value", f'Invalid value: "{name}": {words}')
    labels = meta.get("labels") or {}
    for key, value in labels.items() if isinstance(labels, Mapping) else ():
        if isinstance(value, str) and (words := label_value_problem(value)):
            yield Problem(".metadata.labels", "value", f'Invalid value: "{value}": {words} (label {key})')
    check = _OF_KIND.get(kind)
    if check is not None:
        yield from check(manifest)


def _namespace(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    labels = (manifest.get("metadata") or {}).get("labels") or {}
    for key in _POD_SECURITY:
        if key in labels and labels[key] not in _LEVELS:
            yield Problem(
                f".metadata.labels[{key}]",
                "value",
                f'Invalid value: "{labels[key]}": must be one of {", ".join(_LEVELS)}',
            )


def _quota(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _quantities((manifest.get("spec") or {}).get("hard"), ".spec.hard")


def _limit_range(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    for at, limit in enumerate((manifest.get("spec") or {}).get("limits") or ()):
        path, parsed = f".spec.limits[{at}]", dict[str, Any]()
        for part in ("min", "defaultRequest", "default", "max"):
            yield from _quantities(limit.get(part), f"{path}.{part}")
            parsed[part] = _numbers(limit.get(part))
        for low, high in (
            ("min", "max"),
            ("min", "defaultRequest"),
            ("defaultRequest", "default"),
            ("default", "max"),
        ):
            for name in parsed[low].keys() & parsed[high].keys():
                if parsed[low][name] > parsed[high][name]:
                    yield Problem(
                        f"{path}.{low}[{name}]",
                        "value",
                        f'Invalid value: "{limit[low][name]}": {low} value {limit[low][name]} is greater '
                        f"than {high} value {limit[high][name]}",
                    )


def _priority_class(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    value = manifest.get("value")
    if isinstance(value, int) and value > _HIGHEST_PRIORITY:
        yield Problem(
            ".value",
            "value",
            f"Forbidden: maximum allowed value of a user defined priority is {_HIGHEST_PRIORITY}",
        )


def _binding(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    reference = manifest.get("roleRef") or {}
    if reference.get("kind") not in {"Role", "ClusterRole", None}:
        yield Problem(
            ".roleRef.kind",
            "value",
            f'Unsupported value: "{reference.get("kind")}": supported values: "ClusterRole", "Role"',
        )
    for at, subject in enumerate(manifest.get("subjects") or ()):
        if subject.get("kind") not in {"User", "Group", "ServiceAccount"}:
            yield Problem(
                f".subjects[{at}].kind",
                "value",
                f'Unsupported value: "{subject.get("kind")}": supported values: "ServiceAccount", "User", '
                '"Group"',
            )


def _rules(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    for at, rule in enumerate(manifest.get("rules") or ()):
        if not rule.get("verbs"):
            yield Problem(
                f".rules[{at}].verbs", "required", "Required value: verbs must contain at least one value"
            )


def _quantities(values: Any, path: str) -> Iterator[Problem]:
    for name, value in values.items() if isinstance(values, Mapping) else ():
        try:
            if quantity(value) < 0:
                yield Problem(
                    f"{path}[{name}]",
                    "value",
                    f'Invalid value: "{value}": must be greater than or equal to 0',
                )
        except ValueError as wrong:
            yield Problem(f"{path}[{name}]", "value", f'Invalid value: "{value}": {wrong}')


def _numbers(values: Any) -> dict[str, Any]:
    found = {}
    for name, value in values.items() if isinstance(values, Mapping) else ():
        try:
            found[name] = quantity(value)
        except ValueError:
            continue
    return found


_OF_KIND: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[Problem]]]] = {
    "Namespace": _namespace,
    "ResourceQuota": _quota,
    "LimitRange": _limit_range,
    "PriorityClass": _priority_class,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "Role": _rules,
    "ClusterRole": _rules,
}
