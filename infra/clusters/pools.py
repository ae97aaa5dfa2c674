"""Pools of nodes. The first system pool is born with the cluster; the others come and go by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import containerservice as aks

from infra.sections.pools import OF_AKS, Pool

# What AKS puts on nodes at spot price; written here too, so that what is declared is what is there.
SPOT = f"{OF_AKS}scalesetpriority"


@dataclass(frozen=True, kw_only=True)
class PoolsArgs:
    """The pools and their cluster."""

    resource_group: pulumi.Input[str]
    cluster: aks.ManagedCluster
    pools: tuple[Pool, ...]
    subnet_id: pulumi.Input[str]
    version: str
    moving: bool  # whether AKS moves versions on by itself
    tags: dict[str, str]


class Pools(pulumi.ComponentResource):
    """One pool per entry of the settings, one after the other: AKS takes one change at a time."""

    pools: dict[str, aks.AgentPool]

    def __init__(self, name: str, args: PoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Pools", name, None, opts)
        self.pools = {}
        before: list[pulumi.Resource] = []
        for pool in args.pools:
            made = aks.AgentPool(
                f"{name}-{pool.name}",
                agent_pool_name=pool.name,
                resource_name_=args.cluster.name,
                resource_group_name=args.resource_group,
                **_shared(pool, args.subnet_id, args.version, args.tags),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=before,
                    # The autoscaler counts nodes; a channel that moves versions moves those of pools, too.
                    ignore_changes=["count", *(["orchestratorVersion"] if args.moving else [])],
                ),
            )
            self.pools[pool.name] = made
            before = [made]
        self.register_outputs({})


def profile(
    pool: Pool, subnet_id: pulumi.Input[str], version: str, tags: dict[str, str]
) -> aks.ManagedClusterAgentPoolProfileArgs:
    """The pool as a part of its cluster's body."""
    return aks.ManagedClusterAgentPoolProfileArgs(name=pool.name, **_shared(pool, subnet_id, version, tags))


def _shared(pool: Pool, subnet_id: pulumi.Input[str], version: str, tags: dict[str, str]) -> dict[str, Any]:
    """What both forms of a pool say."""
    spot = pool.spot is not None
    return {
        "mode": pool.mode,
        "type": "VirtualMachineScaleSets",
        "vm_size": pool.vm_size,
        "os_type": "Linux",
        "os_disk_size_gb": pool.disk_gb,
        "orchestrator_version": version,
        "vnet_subnet_id": subnet_id,
        "enable_node_public_ip": False,
        "availability_zones": list(pool.zones) or None,
        "enable_auto_scaling": True,
        "count": pool.min_nodes,
        "min_count": pool.min_nodes,
        "max_count": pool.max_nodes,
        "max_pods": pool.max_pods,
        "scale_down_mode": "Delete",
        "gpu_profile": aks.GPUProfileArgs(driver="Install") if pool.gpu else None,
        "gpu_instance_profile": pool.gpu_slice,
        "node_labels": pool.all_labels | ({SPOT: "spot"} if spot else {}),
        "node_taints": [*pool.all_taints, *([f"{SPOT}=spot:NoSchedule"] if spot else [])],
        "scale_set_priority": "Spot" if spot else None,
        "scale_set_eviction_policy": "Delete" if spot else None,
        "spot_max_price": pool.spot.max_price if pool.spot else None,
        "upgrade_settings": None if spot else _upgrades(pool),
        "tags": tags | {"purpose": pool.purpose},
    }


def _upgrades(pool: Pool) -> aks.AgentPoolUpgradeSettingsArgs:
    """Nodes are replaced by extra ones, or one by one where there is no quota for extra ones."""
    if pool.surge:
        return aks.AgentPoolUpgradeSettingsArgs(max_surge=str(pool.surge))
    return aks.AgentPoolUpgradeSettingsArgs(max_surge="0", max_unavailable="1")
