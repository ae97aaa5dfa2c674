"""What the API server fills in, by kind.

Source: k8s.io/kubernetes 1.34, pkg/apis/*/v1/defaults.go and the strategies of its registry.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

Object = dict[str, Any]
_RBAC: Final = "rbac.authorization.k8s.io"


def fill(obj: Object) -> None:
    """Fill in what a manifest of a built-in kind leaves out."""
    made = _OF_KIND.get(str(obj.get("kind")))
    if made is not None:
        made(obj)


def _namespace(obj: Object) -> None:
    meta = obj["metadata"]
    meta["labels"] = {**(meta.get("labels") or {}), "kubernetes.io/metadata.name": meta["name"]}
    spec = obj.get("spec") or {}
    spec.setdefault("finalizers", ["kubernetes"])
    obj["spec"] = spec
    obj["status"] = obj.get("status") or {"phase": "Active"}


def _limit_range(obj: Object) -> None:
    for limit in (obj.get("spec") or {}).get("limits") or ():
        if limit.get("type") != "Container":
            continue
        default = {**(limit.get("max") or {}), **(limit.get("default") or {})}
        request = {**default, **(limit.get("min") or {}), **(limit.get("defaultRequest") or {})}
        for name, values in (("default", default), ("defaultRequest", request)):
            if values:
                limit[name] = values


def _network_policy(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("podSelector", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _priority_class(obj: Object) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")
    if obj.get("globalDefault") is False:
        obj.pop("globalDefault")  # the zero value is not written


def _binding(obj: Object) -> None:
    if obj.get("roleRef"):
        obj["roleRef"].setdefault("apiGroup", _RBAC)
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            subject.setdefault("apiGroup", _RBAC)


def _secret(obj: Object) -> None:
    obj.setdefault("type", "Opaque")
    plain = obj.pop("stringData", None) or {}
    if plain:
        coded = {name: base64.b64encode(text.encode()).decode() for name, text in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **coded}


def _definition(obj: Object) -> None:
    spec = obj["spec"]
    spec.setdefault("conversion", {"strategy": "None"})
    names = spec["names"]
    names.setdefault("singular", names["kind"].lower())
    names.setdefault("listKind", f"{names['kind']}List")
    obj["status"] = {
        "acceptedNames": dict(names),
        "conditions": [
            {"type": kind, "status": "True", "reason": reason, "message": message}
            for kind, reason, message in (
                ("NamesAccepted", "NoConflicts", "no conflicts found"),
                ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
            )
        ],
        "storedVersions": [one["name"] for one in spec["versions"] if one.get("storage")],
    }


_OF_KIND: Final[Mapping[str, Callable[[Object], None]]] = {
    "Namespace": _namespace,
    "LimitRange": _limit_range,
    "NetworkPolicy": _network_policy,
    "PriorityClass": _priority_class,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "Secret": _secret,
    "CustomResourceDefinition": _definition,
}
