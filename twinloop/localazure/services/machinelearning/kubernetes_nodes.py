"""Which nodes of a cluster Azure ML's pods can run on: by labels that they ask for and taints that they pass.

Source: MicrosoftDocs/azure-ai-docs, articles/machine-learning/reference-kubernetes.md, "Supported Azure
Machine Learning taints and tolerations"; for GPUs Azure/AKS #1449 (ExtendedResourceToleration).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.catalogue.vm_sizes import VmSize
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice.machines import most_of, size_named
from twinloop.localazure.services.containerservice.types import nodes_of, pools_of, properties_of

_PREFIX = "ml.azure.com/"
EVERYBODY, SERVICES, WORKLOADS = f"{_PREFIX}amlarc", f"{_PREFIX}amlarc-system", f"{_PREFIX}amlarc-workload"
GPU = "nvidia.com/gpu"
Pool = dict[str, Any]


def nodes_for_services(twin: Twin, cluster: ArmId, selector: Mapping[str, str]) -> int:
    """Nodes that the extension's own services can run on now."""
    passed = {EVERYBODY: "true", SERVICES: "true"}
    return sum(nodes_of(pool) for pool in _fitting(twin, cluster, selector, passed))


def pools_for_jobs(
    twin: Twin, cluster: ArmId, selector: Mapping[str, str], of: Mapping[str, str], *, gpus: bool
) -> list[Pool]:
    """Pools that a job's pods can run on.

    Args:
        twin: where.
        cluster: which cluster.
        selector: labels that the instance type asks for.
        of: values that pods of this job tolerate: resource-group, workspace and compute.
        gpus: whether the pods ask for GPUs.
    """
    passed = {EVERYBODY: "true", WORKLOADS: "true"} | {f"{_PREFIX}{key}": value for key, value in of.items()}
    return _fitting(twin, cluster, selector, passed | ({GPU: "present"} if gpus else {}))


def pods_of(pool: Pool, resources: Mapping[str, str]) -> int:
    """How many pods with these limits the pool holds at its largest."""
    size = size_named(str(pool.get("vmSize") or ""))
    return most_of(pool) * _per_node(size, resources) if size else 0


def _per_node(size: VmSize, resources: Mapping[str, str]) -> int:
    room = [
        int(have // wanted)
        for have, wanted in (
            (float(size.vcpus), _cores(resources.get("cpu", "0"))),
            (float(size.gpus), float(resources.get(GPU, "0") or 0)),
        )
        if wanted > 0
    ]
    return min(room, default=1)


def _cores(text: str) -> float:
    return float(text[:-1]) / 1000 if text.endswith("m") else float(text)


def _fitting(
    twin: Twin, cluster: ArmId, selector: Mapping[str, str], passed: Mapping[str, str]
) -> list[Pool]:
    return [
        pool
        for pool in map(properties_of, pools_of(twin, cluster))
        if _has(pool.get("nodeLabels") or {}, selector) and _lets_in(pool.get("nodeTaints") or (), passed)
    ]


def _has(labels: Mapping[str, str], selector: Mapping[str, str]) -> bool:
    return all(str(labels.get(key, "")).lower() == value.lower() for key, value in selector.items())


def _lets_in(taints: Iterable[str], passed: Mapping[str, str]) -> bool:
    for text in taints:
        head, _, effect = text.rpartition(":")
        key, _, value = head.partition("=")
        if effect != "PreferNoSchedule" and passed.get(key, "\0").lower() != value.lower():
            return False
    return True
