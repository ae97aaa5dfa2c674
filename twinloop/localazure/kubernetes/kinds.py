"""The kinds that one cluster serves: the table's, and those of its custom resource definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from checks.kubernetes.kinds import Kind, builtin_kinds
from checks.kubernetes.schemas import ANYTHING, Node, custom_schema, schema_of
from twinloop.localazure.core.store import Store
from twinloop.localazure.kubernetes.objects import Objects

DEFINITIONS: Final = next(kind for kind in builtin_kinds() if kind.kind == "CustomResourceDefinition")
# What a cluster would run. Reading lists of them is how clients find out, so they are refused by name.
RUNNING: Final = frozenset(
    {
        "bindings", "componentstatuses", "cronjobs", "daemonsets", "endpoints", "endpointslices", "events",
        "horizontalpodautoscalers", "jobs", "leases", "nodes", "persistentvolumeclaims", "persistentvolumes",
        "poddisruptionbudgets", "pods", "podtemplates", "replicasets", "replicationcontrollers", "services",
        "statefulsets", "ingresses", "controllerrevisions",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Served:
    """A kind as this cluster serves it."""

    kind: Kind
    schema: Node
    custom: bool = False
    has_status: bool = False  # writes to the object leave its status alone


@dataclass(frozen=True)
class Kinds:
    """All kinds of one cluster."""

    served: tuple[Served, ...]

    def find(self, group: str, version: str, plural: str) -> Served | None:
        """The kind at a path of the API."""
        return next(
            (
                one
                for one in self.served
                if (one.kind.group, one.kind.version, one.kind.plural) == (group, version, plural)
            ),
            None,
        )

    def groups(self) -> Mapping[str, list[str]]:
        """Group -> versions, the core group left out."""
        found: dict[str, list[str]] = {}
        for one in self.served:
            versions = found.setdefault(one.kind.group, [])
            if one.kind.version not in versions:
                versions.append(one.kind.version)
        found.pop("", None)
        return found


_BUILT_IN = tuple(
    Served(kind, schema_of(kind), has_status=kind.kind in {"Namespace", "ResourceQuota", "Deployment"})
    for kind in builtin_kinds()
)


def kinds_of(store: Store, cluster: str) -> Kinds:
    """What a cluster serves now."""
    custom = [
        one
        for definition in Objects(store, cluster).list(DEFINITIONS)
        if not definition["metadata"].get("deletionTimestamp")
        for one in _custom(definition)
    ]
    return Kinds((*_BUILT_IN, *custom))


def _custom(definition: Mapping[str, Any]) -> list[Served]:
    spec = definition["spec"]
    names = spec["names"]
    return [
        Served(
            Kind(
                kind=names["kind"],
                group=spec["group"],
                version=version["name"],
                plural=names["plural"],
                namespaced=spec["scope"] == "Namespaced",
                short=tuple(names.get("shortNames") or ()),
                source=f"customresourcedefinition {definition['metadata']['name']}",
            ),
            custom_schema((version.get("schema") or {}).get("openAPIV3Schema") or ANYTHING),
            custom=True,
            has_status="status" in (version.get("subresources") or {}),
        )
        for version in spec["versions"]
        if version.get("served")
    ]
