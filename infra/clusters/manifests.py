"""Objects in the cluster as plain data: what a team's namespace holds, by its settings.

Amounts are written as the API server writes them, so that what is read back is what was declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.sections.inside import Amounts, Container, Namespace, Priority, WayOut
from infra.sections.kubernetes_ml import InstanceType
from infra.sections.pools import POOL_LABEL

Manifest = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"
AZUREML_NAMESPACE = "azureml"  # of the extension's own services: its router and relay
NAME_LABEL = "kubernetes.io/metadata.name"  # the API server sets it on every namespace
INSTANCE_TYPES_READER = "instance-types-reader"
_EVERYTHING: Mapping[str, Any] = {}
_POD_SECURITY = "pod-security.kubernetes.io"


def namespace(settings: Namespace, labels: Mapping[str, str]) -> Manifest:
    """The namespace; which pods may be as powerful as what is told by labels."""
    level = settings.pod_security
    security = {f"{_POD_SECURITY}/enforce": level}
    if level != "restricted":  # what would be refused one level higher is warned of
        security |= {f"{_POD_SECURITY}/warn": "restricted", f"{_POD_SECURITY}/audit": "restricted"}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": settings.name, "labels": {**labels, **security, "team": settings.owner}},
    }


def quota(settings: Namespace) -> Manifest:
    """What the namespace may use in all."""
    total = settings.quota
    hard = {
        "requests.cpu": cores(total.cpu),
        "requests.memory": gibibytes(total.memory_gib),
        "limits.cpu": cores(total.cpu),
        "limits.memory": gibibytes(total.memory_gib),
        "requests.nvidia.com/gpu": str(total.gpus),
        "pods": str(total.pods),
    }
    return _in(settings, "v1", "ResourceQuota", "share", spec={"hard": hard})


def limits(settings: Namespace) -> Manifest:
    """What a container gets that does not say what it needs, and the most that one gets."""
    box: Container = settings.container
    limit = {
        "type": "Container",
        "defaultRequest": _amounts(box.request),
        "default": _amounts(box.limit),
        "max": _amounts(box.most),
    }
    return _in(settings, "v1", "LimitRange", "containers", spec={"limits": [limit]})


def policies(settings: Namespace, *, azureml: bool, pods: str) -> Iterator[tuple[str, Manifest]]:
    """Who its pods talk to: nobody, but for what is said here.

    Args:
        settings: the namespace's.
        azureml: whether jobs of Azure ML run in it.
        pods: addresses of all pods of the cluster: a way out is no way into another team's.
    """
    yield "deny", _policy(settings, "deny-everything", policyTypes=["Ingress", "Egress"])
    own: Manifest = {"podSelector": dict(_EVERYTHING)}
    yield (
        "own",
        _policy(
            settings,
            "own-pods",
            policyTypes=["Ingress", "Egress"],
            ingress=[{"from": [own]}],
            egress=[{"to": [own]}],
        ),
    )
    names = {
        "namespaceSelector": {"matchLabels": {NAME_LABEL: "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    yield (
        "names",
        _policy(settings, "names", policyTypes=["Egress"], egress=[{"to": [names], "ports": ports}]),
    )
    if azureml:
        yield "azureml", _azureml(settings, pods)
    for way in settings.ways_out:
        name = f"to-{way.to.replace('.', '-').replace('/', '-')}"
        yield name, _policy(settings, name, policyTypes=["Egress"], egress=[_way_out(way)])


def binding(settings: Namespace, group: str, role: str, name: str) -> Manifest:
    """A group of Entra with a role in the namespace."""
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": settings.name},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group}],
    }


def priority(settings: Priority) -> Manifest:
    """A class of pods by how long they wait."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": settings.name},
        "value": settings.value,
        "preemptionPolicy": "PreemptLowerPriority" if settings.preempts else "Never",
        "description": settings.reason,
    }


def instance_type_reader() -> Manifest:
    """Which sizes there are, for everybody who may come in: jobs ask for them by name."""
    rule = {
        "apiGroups": ["amlarc.azureml.com"],
        "resources": ["instancetypes"],
        "verbs": ["get", "list", "watch"],
    }
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": INSTANCE_TYPES_READER},
        "rules": [rule],
    }


def readers(groups: list[str]) -> Manifest:
    """All groups that come in, as readers of instance types."""
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": INSTANCE_TYPES_READER},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": INSTANCE_TYPES_READER},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group} for group in groups],
    }


def instance_type(settings: InstanceType) -> Manifest:
    """A size of pod, on the nodes of one pool.

    Source: MicrosoftDocs/azure-ai-docs, how-to-manage-kubernetes-instance-types.md.
    """
    amounts = {"cpu": cores(settings.cpu), "memory": gibibytes(settings.memory_gib)}
    gpus = {"nvidia.com/gpu": settings.gpus} if settings.gpus else {}
    return {
        "apiVersion": "amlarc.azureml.com/v1alpha1",
        "kind": "InstanceType",
        "metadata": {"name": settings.name},
        "spec": {
            "nodeSelector": {POOL_LABEL: settings.pool},
            "resources": {"requests": amounts | gpus, "limits": amounts | gpus},
        },
    }


def cores(count: float) -> str:
    """Cores as the API server writes them: `2`, `500m`."""
    thousandths = round(count * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def gibibytes(amount: float) -> str:
    """Memory as the API server writes it: `4Gi`, `1536Mi`."""
    mebibytes = round(amount * 1024)
    return f"{mebibytes}Mi" if mebibytes % 1024 else f"{mebibytes // 1024}Gi"


def _azureml(settings: Namespace, pods: str) -> Manifest:
    """Jobs and endpoints of Azure ML talk to the extension's services, and to Azure by 443."""
    services = {"namespaceSelector": {"matchLabels": {NAME_LABEL: AZUREML_NAMESPACE}}}
    azure = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [pods]}}
    return _policy(
        settings,
        "azureml",
        policyTypes=["Ingress", "Egress"],
        ingress=[{"from": [services]}],
        egress=[{"to": [services]}, {"to": [azure], "ports": [{"port": 443, "protocol": "TCP"}]}],
    )


def _way_out(way: WayOut) -> Manifest:
    return {
        "to": [{"ipBlock": {"cidr": way.to}}],
        "ports": [{"port": port, "protocol": "TCP"} for port in way.ports],
    }


def _policy(settings: Namespace, name: str, **spec: Any) -> Manifest:
    return _in(
        settings,
        "networking.k8s.io/v1",
        "NetworkPolicy",
        name,
        spec={"podSelector": dict(_EVERYTHING), **spec},
    )


def _in(settings: Namespace, version: str, kind: str, name: str, **rest: Any) -> Manifest:
    meta = {"name": name, "namespace": settings.name}
    return {"apiVersion": version, "kind": kind, "metadata": meta, **rest}


def _amounts(amounts: Amounts) -> dict[str, str]:
    return {"cpu": cores(amounts.cpu), "memory": gibibytes(amounts.memory_gib)}
