"""What people look at: Prometheus for the cluster, Grafana, a workbook and a dashboard of ours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import applicationinsights, dashboard, monitor

from infra.naming import Names
from infra.sections.watching import Dashboards as DashboardSettings

CONTENT = Path(__file__).with_name("dashboards")
STREAM, FLOW, ACCOUNT = "Microsoft-PrometheusMetrics", "prometheus", "prometheus-account"


@dataclass(frozen=True, kw_only=True)
class BoardsArgs:
    """What is looked at, and by what."""

    resource_group: pulumi.Input[str]
    location: str
    settings: DashboardSettings
    public_access: str
    cluster_id: pulumi.Input[str] | None  # of the Kubernetes cluster that metrics are taken from
    names: Names
    tags: dict[str, str]


class Boards(pulumi.ComponentResource):
    """Each part only where settings ask for it."""

    grafana: dashboard.Grafana | None
    account: monitor.AzureMonitorWorkspace | None

    def __init__(self, name: str, args: BoardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Boards", name, None, opts)
        self.account = self._prometheus(name, args) if args.settings.prometheus else None
        self.grafana = self._grafana(name, args)
        if args.settings.workbook:
            self._workbook(name, args)
        if args.settings.dashboard:
            self._dashboard(name, args)
        self.register_outputs({})

    @property
    def principal_id(self) -> pulumi.Output[str]:
        """Object id of Grafana's own identity; empty where there is no Grafana."""
        if self.grafana is None:
            return pulumi.Output.from_input("")
        return self.grafana.identity.apply(_principal)

    def _prometheus(self, name: str, args: BoardsArgs) -> monitor.AzureMonitorWorkspace:
        names, child = args.names, pulumi.ResourceOptions(parent=self)
        account = monitor.AzureMonitorWorkspace(
            f"{name}-account",
            azure_monitor_workspace_name=names.physical("prometheus"),
            resource_group_name=args.resource_group,
            location=args.location,
            public_network_access=args.public_access,
            tags=args.tags,
            opts=child,
        )
        way_in = monitor.DataCollectionEndpoint(
            f"{name}-way-in",
            data_collection_endpoint_name=names.physical("collection_endpoint"),
            resource_group_name=args.resource_group,
            location=args.location,
            kind="Linux",
            network_acls=monitor.DataCollectionEndpointNetworkAclsArgs(
                public_network_access=args.public_access
            ),
            tags=args.tags,
            opts=child,
        )
        rule = self._rule(name, args, account, way_in)
        if args.cluster_id is not None:
            monitor.DataCollectionRuleAssociation(
                f"{name}-of-cluster",
                association_name="prometheus",
                resource_uri=args.cluster_id,
                data_collection_rule_id=rule.id,
                description="Metrics of the cluster go to Prometheus",
                opts=child,
            )
        return account

    def _rule(
        self,
        name: str,
        args: BoardsArgs,
        account: monitor.AzureMonitorWorkspace,
        way_in: monitor.DataCollectionEndpoint,
    ) -> monitor.DataCollectionRule:
        """Which stream goes where. Source: Microsoft, "Enable Prometheus for Kubernetes clusters"."""
        return monitor.DataCollectionRule(
            f"{name}-rule",
            data_collection_rule_name=args.names.physical("collection_rule"),
            resource_group_name=args.resource_group,
            location=args.location,
            kind="Linux",
            data_collection_endpoint_id=way_in.id,
            data_sources=monitor.DataCollectionRuleDataSourcesArgs(
                prometheus_forwarder=[monitor.PrometheusForwarderDataSourceArgs(name=FLOW, streams=[STREAM])]
            ),
            destinations=monitor.DataCollectionRuleDestinationsArgs(
                monitoring_accounts=[
                    monitor.MonitoringAccountDestinationArgs(name=ACCOUNT, account_resource_id=account.id)
                ]
            ),
            data_flows=[monitor.DataFlowArgs(streams=[STREAM], destinations=[ACCOUNT])],
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _grafana(self, name: str, args: BoardsArgs) -> dashboard.Grafana | None:
        settings = args.settings.grafana
        if settings is None:
            return None
        account = self.account
        sources = (
            [dashboard.AzureMonitorWorkspaceIntegrationArgs(azure_monitor_workspace_resource_id=account.id)]
            if account is not None
            else []
        )
        return dashboard.Grafana(
            f"{name}-grafana",
            workspace_name=args.names.physical("grafana"),
            resource_group_name=args.resource_group,
            location=args.location,
            sku=dashboard.ResourceSkuArgs(name=settings.sku),
            identity=dashboard.ManagedServiceIdentityArgs(
                type=dashboard.ManagedServiceIdentityType.SYSTEM_ASSIGNED
            ),
            properties=dashboard.ManagedGrafanaPropertiesArgs(
                api_key=dashboard.ApiKey.DISABLED,
                public_network_access=args.public_access,
                grafana_integrations=dashboard.GrafanaIntegrationsArgs(
                    azure_monitor_workspace_integrations=sources
                ),
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _workbook(self, name: str, args: BoardsArgs) -> None:
        applicationinsights.Workbook(
            f"{name}-workbook",
            resource_name_=str(uuid5(NAMESPACE_URL, f"{args.names.workspace_id}|workbook".lower())),
            resource_group_name=args.resource_group,
            location=args.location,
            kind="shared",
            category="workbook",
            display_name=f"Machine learning, {args.names.environment}",
            source_id=args.names.logs_id,
            serialized_data=_content("workbook.json", args.names),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _dashboard(self, name: str, args: BoardsArgs) -> None:
        board = dashboard.Dashboard(
            f"{name}-board",
            dashboard_name=args.names.physical("dashboard"),
            resource_group_name=args.resource_group,
            location=args.location,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        dashboard.DashboardDefinition(
            f"{name}-board-content",
            dashboard_name=board.name,
            definition_name="default",
            resource_group_name=args.resource_group,
            properties=dashboard.DashboardDefinitionPropertiesArgs(
                serialized_data=_content("dashboard.json", args.names)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _principal(identity: dashboard.outputs.ManagedServiceIdentityResponse | None) -> str:
    return identity.principal_id or "" if identity else ""


def _content(file: str, names: Names) -> str:
    """A file of `infra/dashboards/` with the ids of this environment, as one line of JSON."""
    text = (CONTENT / file).read_text("utf-8")
    words = {
        "SUBSCRIPTION": names.subscription_id,
        "GROUP": names.resource_group,
        "WORKSPACE": names.workspace,
        "LOCATION": names.location,
        "LOGS": names.logs_id,
        "ENVIRONMENT": names.environment,
    }
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return json.dumps(json.loads(text), separators=(",", ":"))
