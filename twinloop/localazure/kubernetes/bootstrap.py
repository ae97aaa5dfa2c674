"""What is in a cluster before anybody writes to it, and what the Azure ML extension brings."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from checks.kubernetes.kinds import Kind, by_type
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes import apply, defaults
from twinloop.localazure.kubernetes.clusters import Cluster
from twinloop.localazure.kubernetes.kinds import DEFINITIONS, kinds_of
from twinloop.localazure.kubernetes.objects import Objects, born, timestamp

NAMESPACE: Final = by_type()["v1", "Namespace"]
_ROLE: Final = by_type()["rbac.authorization.k8s.io/v1", "ClusterRole"]
# kube-apiserver makes them: pkg/controlplane/controller/systemnamespaces and the default namespace
NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_SERVER, _EXTENSION = "kube-apiserver", "azureml-extension"
_HERE = Path(__file__).parent


def bring_up_to_date(twin: Twin, cluster: Cluster) -> None:
    """Make what a new cluster has; let the extension's kinds come and go; end namespaces that are due."""
    objects = Objects(twin.store, cluster.key)
    if objects.get(NAMESPACE, "", "default") is None:
        for name in NAMESPACES:
            _make(twin, objects, NAMESPACE, {"metadata": {"name": name}}, _SERVER)
        for role in _roles():
            _make(twin, objects, _ROLE, role, _SERVER)
    definition = objects.get(DEFINITIONS, "", instance_types()["metadata"]["name"])
    if cluster.has_azureml and definition is None:
        _make(twin, objects, DEFINITIONS, instance_types(), _EXTENSION)
    elif definition is not None and not cluster.has_azureml and _is_theirs(definition):
        remove_definition(twin, cluster, definition)
    for name in cluster.release_namespaces:
        if objects.get(NAMESPACE, "", name) is None:
            _make(twin, objects, NAMESPACE, {"metadata": {"name": name}}, _EXTENSION)
    _end_namespaces(twin, objects)


def remove_definition(twin: Twin, cluster: Cluster, definition: dict[str, Any]) -> None:
    """Remove a kind, and every object of it."""
    objects, spec = Objects(twin.store, cluster.key), definition["spec"]
    for version in spec["versions"]:
        served = kinds_of(twin.store, cluster.key).find(
            spec["group"], version["name"], spec["names"]["plural"]
        )
        for obj in objects.list(served.kind) if served else ():
            objects.remove(served.kind, obj)  # type: ignore[union-attr]
    objects.remove(DEFINITIONS, definition)


def _end_namespaces(twin: Twin, objects: Objects) -> None:
    """What the namespace controller does: empty a namespace that is going, then let it go."""
    for namespace in objects.list(NAMESPACE):
        due = namespace["metadata"].get("deletionTimestamp")
        if due and due < timestamp(twin.clock.time()):
            for key in objects.in_namespace(namespace["metadata"]["name"]):
                objects.remove_key(key)
            objects.remove(NAMESPACE, namespace)


def _make(twin: Twin, objects: Objects, kind: Kind, given: dict[str, Any], manager: str) -> None:
    obj = {"apiVersion": kind.api_version, "kind": kind.kind, **json.loads(json.dumps(given))}
    defaults.fill(obj)
    born(obj, twin.clock.time())
    served = kinds_of(twin.store, objects.cluster).find(kind.group, kind.version, kind.plural)
    schema = served.schema if served else {}
    when = timestamp(twin.clock.time())
    objects.save(kind, apply.updated(None, obj, schema, manager=manager, when=when))


def _is_theirs(definition: dict[str, Any]) -> bool:
    return any(who == _EXTENSION for who, _ in apply.owners_of(definition))


@cache
def _roles() -> tuple[dict[str, Any], ...]:
    """The roles for people that every cluster has, their aggregated rules written out."""
    return tuple(json.loads((_HERE / "cluster_roles.json").read_text("utf-8"))["roles"])


@cache
def instance_types() -> dict[str, Any]:
    """The definition of Azure ML's instance types."""
    found: dict[str, Any] = json.loads((_HERE / "instance_types.json").read_text("utf-8"))["definition"]
    return found
