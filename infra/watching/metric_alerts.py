"""Alerts on metrics: what goes wrong in the workspace, and at each endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import monitor

from infra.naming import Names
from infra.sections.alerting import Severities
from infra.sections.endpoints import OnlineEndpoint

WORLD = "global"
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
FULL = 90  # percent
SERVER_ERRORS = 1  # a minute, on average of the window


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One alert: a metric of one resource, and when it is too much."""

    name: str
    of: pulumi.Input[str]  # ARM id of what is watched
    namespace: str
    metric: str
    severity: int
    description: str
    above: float
    aggregation: str = "Total"
    dimensions: Sequence[tuple[str, str]] = field(default=())


@dataclass(frozen=True, kw_only=True)
class MetricAlertsArgs:
    """What is watched, and who is told."""

    resource_group: pulumi.Input[str]
    action_group_id: pulumi.Input[str]
    watches: tuple[Watch, ...]
    names: Names
    tags: dict[str, str]


class MetricAlerts(pulumi.ComponentResource):
    """One metric alert per row, all to the one action group."""

    def __init__(self, name: str, args: MetricAlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:MetricAlerts", name, None, opts)
        for watch in args.watches:
            monitor.MetricAlert(
                f"{name}-{watch.name}",
                rule_name=args.names.physical("metric_alert", watch.name),
                resource_group_name=args.resource_group,
                location=WORLD,
                description=watch.description,
                enabled=True,
                severity=watch.severity,
                scopes=[watch.of],
                evaluation_frequency="PT1M",
                window_size="PT5M",
                auto_mitigate=True,
                criteria=_criteria(watch),
                actions=[monitor.MetricAlertActionArgs(action_group_id=args.action_group_id)],
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def workspace_watches(workspace_id: pulumi.Input[str], severity: Severities) -> tuple[Watch, ...]:
    """The five standard alerts on a workspace.

    Source: Azure/azure-monitor-baseline-alerts@b772e9f, services/MachineLearningServices/workspaces/
    alerts.yaml (metrics, windows, bounds of all five; it gives each severity 3).
    """
    rows = (
        ("failed-runs", "Failed Runs", severity.failed_runs, "A run failed"),
        (
            "not-responding-runs",
            "Not Responding Runs",
            severity.not_responding_runs,
            "A run does not respond any more",
        ),
        ("unusable-nodes", "Unusable Nodes", severity.unusable_nodes, "A node is paid for and of no use"),
        (
            "model-deploy-failed",
            "Model Deploy Failed",
            severity.model_deploy_failed,
            "The deployment of a model failed",
        ),
    )
    failures = tuple(
        Watch(
            name=name,
            of=workspace_id,
            namespace=WORKSPACES,
            metric=metric,
            severity=grave,
            description=words,
            above=0,
        )
        for name, metric, grave, words in rows
    )
    quota = Watch(
        name="quota-utilization",
        of=workspace_id,
        namespace=WORKSPACES,
        metric="Quota Utilization Percentage",
        severity=severity.quota_utilization,
        description="The quota of cores is nearly used up: the next node may not come",
        above=FULL,
        aggregation="Average",
    )
    return (*failures, quota)


def endpoint_watches(
    endpoint: OnlineEndpoint, names: Names, endpoint_id: pulumi.Input[str]
) -> tuple[Watch, ...]:
    """Slow and failing answers of an endpoint, and deployments of it that run hot.

    Source: MicrosoftDocs, supported metrics of `workspaces/onlineEndpoints` and of its `deployments`.
    """
    space, grave = f"{WORKSPACES}/onlineEndpoints", endpoint.severity
    bound = endpoint.max_latency_milliseconds
    slow = Watch(
        name=f"{endpoint.name}-latency",
        of=endpoint_id,
        namespace=space,
        metric="RequestLatency_P95",
        severity=grave,
        description=f"Five in a hundred answers take longer than {bound} ms",
        above=bound,
        aggregation="Average",
    )
    failing = Watch(
        name=f"{endpoint.name}-server-errors",
        of=endpoint_id,
        namespace=space,
        metric="RequestsPerMinute",
        severity=grave,
        description="Requests are answered with a server error",
        above=SERVER_ERRORS,
        aggregation="Average",
        dimensions=(("statusCodeClass", "5xx"),),
    )
    hot = tuple(
        Watch(
            name=f"{endpoint.name}-{deployment.name}-{word}",
            of=names.deployment_id(endpoint.name, deployment.name),
            namespace=f"{space}/deployments",
            metric=metric,
            severity=grave,
            description=words,
            above=FULL,
            aggregation="Average",
        )
        for deployment in endpoint.deployments
        for word, metric, words in (
            ("cpu", "CpuUtilizationPercentage", "A deployment is busier than scaling mends"),
            ("memory", "CpuMemoryUtilizationPercentage", "A deployment's memory is nearly used up"),
            ("disk", "DiskUtilization", "A deployment's disk is nearly full"),
        )
    )
    return (slow, failing, *hot)


def _criteria(watch: Watch) -> monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs:
    return monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
        odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
        all_of=[
            monitor.MetricCriteriaArgs(
                criterion_type="StaticThresholdCriterion",
                name=watch.name,
                metric_name=watch.metric,
                metric_namespace=watch.namespace,
                operator="GreaterThan",
                threshold=watch.above,
                time_aggregation=watch.aggregation,
                dimensions=[
                    monitor.MetricDimensionArgs(name=name, operator="Include", values=[value])
                    for name, value in watch.dimensions
                ],
            )
        ],
    )
