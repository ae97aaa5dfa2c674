"""Clusters: nodes that come with a job and go when it has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.sections.core import Cluster


@dataclass(frozen=True, kw_only=True)
class ClustersArgs:
    """Which clusters there are, and who their jobs are."""

    resource_group: pulumi.Input[str]
    location: str
    workspace_name: pulumi.Input[str]
    clusters: tuple[Cluster, ...]
    identity_ids: Mapping[str, pulumi.Input[str]]  # by the cluster's purpose
    after: Mapping[str, Sequence[pulumi.Resource]]  # by purpose: a node pulls its image before all else
    tags: dict[str, str]


class Clusters(pulumi.ComponentResource):
    """One cluster per entry of the settings, under the name that pipelines use in every environment."""

    names: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ClustersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Clusters", name, None, opts)
        self.names = {
            cluster.name: ml.Compute(
                f"{name}-{cluster.name}",
                compute_name=cluster.name,
                workspace_name=args.workspace_name,
                resource_group_name=args.resource_group,
                location=args.location,
                identity=ml.ManagedServiceIdentityArgs(
                    type=ml.ManagedServiceIdentityType.USER_ASSIGNED,
                    user_assigned_identities=[args.identity_ids[cluster.purpose]],
                ),
                properties=_properties(cluster),
                tags=args.tags | {"purpose": cluster.purpose},
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after[cluster.purpose])),
            ).name
            for cluster in args.clusters
        }
        self.register_outputs({"names": self.names})


def _properties(cluster: Cluster) -> ml.AmlComputeArgs:
    return ml.AmlComputeArgs(
        compute_type="AmlCompute",
        disable_local_auth=True,
        properties=ml.AmlComputePropertiesArgs(
            vm_size=cluster.vm_size,
            vm_priority=cluster.priority,
            os_type="Linux",
            enable_node_public_ip=False,
            remote_login_port_public_access="Disabled",
            scale_settings=ml.ScaleSettingsArgs(
                min_node_count=cluster.min_nodes,
                max_node_count=cluster.max_nodes,
                node_idle_time_before_scale_down=f"PT{cluster.idle_seconds}S",
            ),
        ),
    )
