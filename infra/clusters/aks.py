"""The Kubernetes cluster: Entra decides who comes in, workload identity what its pods may do outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import containerservice as aks

from infra.clusters.pools import profile
from infra.naming import Names
from infra.sections.kubernetes import Kubernetes, Window

DNS_ADDRESS = 10  # of the space of services, as AKS itself takes it
# Versions move on by themselves with these channels; a minor version in the program would be a way back.
MOVING = frozenset({"stable", "rapid"})


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """Where the cluster lies, who it is, and its settings."""

    resource_group: pulumi.Input[str]
    location: str
    tenant_id: str
    settings: Kubernetes
    admin_groups: Sequence[str]
    subnet_id: pulumi.Input[str]
    logs_id: pulumi.Input[str]
    identity_ids: Mapping[str, pulumi.Input[str]]  # `aks` and `kubelet`
    kubelet: Mapping[str, pulumi.Input[str]]  # client_id and principal_id of that identity
    after: Sequence[pulumi.Resource]  # the grants that it is made with
    names: Names
    tags: dict[str, str]


class Cluster(pulumi.ComponentResource):
    """A managed cluster with its first system pool; its other pools are resources of their own."""

    cluster: aks.ManagedCluster
    cluster_id: pulumi.Output[str]
    cluster_name: pulumi.Output[str]
    issuer: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Cluster", name, None, opts)
        settings = args.settings
        self.cluster = aks.ManagedCluster(
            f"{name}-aks",
            resource_name_=args.names.cluster,
            resource_group_name=args.resource_group,
            location=args.location,
            sku=aks.ManagedClusterSKUArgs(name="Base", tier=settings.tier),
            kubernetes_version=settings.version,
            dns_prefix=args.names.cluster[:54],  # AKS takes 54 characters
            identity=aks.ManagedClusterIdentityArgs(
                type=aks.ResourceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[args.identity_ids["aks"]],
            ),
            identity_profile={
                "kubeletidentity": aks.UserAssignedIdentityArgs(
                    resource_id=args.identity_ids["kubelet"],
                    client_id=args.kubelet["client_id"],
                    object_id=args.kubelet["principal_id"],
                )
            },
            enable_rbac=True,
            disable_local_accounts=not settings.local_accounts,
            aad_profile=aks.ManagedClusterAADProfileArgs(
                managed=True,
                enable_azure_rbac=True,
                admin_group_object_ids=list(args.admin_groups),
                tenant_id=args.tenant_id,
            ),
            oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
            security_profile=_security(args),
            api_server_access_profile=_api(settings),
            network_profile=_network(settings),
            auto_upgrade_profile=aks.ManagedClusterAutoUpgradeProfileArgs(
                upgrade_channel=settings.upgrades.channel,
                node_os_upgrade_channel=settings.upgrades.node_images,
            ),
            agent_pool_profiles=[
                profile(pool, args.subnet_id, settings.version, args.tags)
                for pool in settings.pools
                if pool.purpose == "system"
            ][:1],
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                ignore_changes=["kubernetesVersion"] if settings.upgrades.channel in MOVING else None,
            ),
        )
        self.cluster_id, self.cluster_name = self.cluster.id, self.cluster.name
        self.issuer = self.cluster.oidc_issuer_profile.apply(
            lambda found: found.issuer_url or "" if found else ""
        )
        self._windows(name, args)
        self.register_outputs({"cluster_id": self.cluster_id})

    def _windows(self, name: str, args: ClusterArgs) -> None:
        """When AKS may change versions and node images by itself."""
        upgrades = args.settings.upgrades
        windows = {
            "versions": ("aksManagedAutoUpgradeSchedule", upgrades.window),
            "node-images": ("aksManagedNodeOSUpgradeSchedule", upgrades.node_window or upgrades.window),
        }
        for word, (azures, window) in windows.items():
            aks.MaintenanceConfiguration(
                f"{name}-window-{word}",
                config_name=azures,
                resource_name_=self.cluster.name,
                resource_group_name=args.resource_group,
                maintenance_window=_window(window),
                opts=pulumi.ResourceOptions(parent=self),
            )


def _security(args: ClusterArgs) -> aks.ManagedClusterSecurityProfileArgs:
    defender = aks.ManagedClusterSecurityProfileDefenderArgs(
        log_analytics_workspace_resource_id=args.logs_id,
        security_monitoring=aks.ManagedClusterSecurityProfileDefenderSecurityMonitoringArgs(enabled=True),
    )
    return aks.ManagedClusterSecurityProfileArgs(
        workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
        defender=defender if args.settings.defender else None,
    )


def _api(settings: Kubernetes) -> aks.ManagedClusterAPIServerAccessProfileArgs:
    if settings.api.access == "private":
        return aks.ManagedClusterAPIServerAccessProfileArgs(
            enable_private_cluster=True,
            enable_private_cluster_public_fqdn=settings.api.zone == "none",
            private_dns_zone=settings.api.zone,
            disable_run_command=True,  # it would run commands as cluster admin, past the network
        )
    return aks.ManagedClusterAPIServerAccessProfileArgs(
        enable_private_cluster=False,
        authorized_ip_ranges=[_as_range(one) for one in settings.api.authorised_networks],
        disable_run_command=True,
    )


def _as_range(network: str) -> str:
    return network if "/" in network else f"{network}/32"


def _network(settings: Kubernetes) -> aks.ContainerServiceNetworkProfileArgs:
    outbound = {"natGateway": "userAssignedNATGateway", "routes": "userDefinedRouting"}
    services = IPv4Network(settings.spaces.services)
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin="azure",
        network_plugin_mode="overlay",  # pods take no addresses of the network
        network_dataplane="cilium",
        network_policy="cilium",
        load_balancer_sku="standard",
        outbound_type=outbound.get(settings.egress, settings.egress),
        pod_cidr=settings.spaces.pods,
        service_cidr=settings.spaces.services,
        dns_service_ip=str(services.network_address + DNS_ADDRESS),
    )


def _window(window: Window) -> aks.MaintenanceWindowArgs:
    return aks.MaintenanceWindowArgs(
        schedule=aks.ScheduleArgs(
            weekly=aks.WeeklyScheduleArgs(day_of_week=window.day, interval_weeks=1),
        ),
        duration_hours=window.hours,
        start_time=window.start,
        utc_offset=window.utc_offset,
    )
