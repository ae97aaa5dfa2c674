"""Names of the types of this provider, and the pools of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, kind_of
from twinloop.localazure.core.router import Handler, Router
from twinloop.localazure.core.twin import Twin

CLUSTERS = "Microsoft.ContainerService/managedClusters"
POOLS = f"{CLUSTERS}/agentPools"
BINDINGS = f"{CLUSTERS}/trustedAccessRoleBindings"
_PATH = (
    f"/subscriptions/{{subscriptionId}}/resourceGroups/{{resourceGroupName}}/providers/{CLUSTERS}/{{name}}"
)
# AKS puts both on nodes at spot price, and keeps everything below the prefix for itself.
# Source: MicrosoftDocs/azure-aks-docs, articles/aks/spot-node-pool.md
RESERVED = "kubernetes.azure.com/"
SPOT = f"{RESERVED}scalesetpriority"
SPOT_TAINT = f"{SPOT}=spot:NoSchedule"


def operation(router: Router, name: str) -> Callable[[Handler], Handler]:
    """Declare the handler of an operation on a cluster, which the action of its name allows."""
    return router.on("POST", f"{_PATH}/{name}", action=f"{CLUSTERS}/{name}/action", scope=_PATH)


def cluster_id(request: Request) -> ArmId:
    """The cluster of an operation's address."""
    return ArmId(_PATH.format(**request.params))


def pools_of(twin: Twin, cluster: ArmId) -> list[Doc]:
    """The pools of a cluster, by name."""
    return [doc for _, doc in twin.store.list(kind_of(POOLS), f"{cluster.key}/agentpools/")]


def properties_of(doc: Doc) -> dict[str, Any]:
    """The stored properties of a resource."""
    found: dict[str, Any] = doc["body"].get("properties") or {}
    return found


def nodes_of(pool: dict[str, Any]) -> int:
    """How many nodes a pool has now."""
    return int(pool.get("count") or 0)
