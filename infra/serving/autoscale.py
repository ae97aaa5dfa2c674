"""Autoscale of deployments that exist: more instances when they are busy or slow, fewer when idle."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra.naming import Names
from infra.sections.endpoints import OnlineEndpoint, ScaledDeployment

# The shape of Azure/azureml-examples, cli/deploy-moe-autoscale.sh, with bounds of our own.
BUSY, IDLE, WINDOW, COOLDOWN = 70, 25, "PT5M", "PT5M"
TIME_ZONE = "UTC"
WEEKEND, WEEK = ["Saturday"], ["Monday"]


@dataclass(frozen=True, kw_only=True)
class AutoscaleArgs:
    """The deployments of one endpoint that scale."""

    resource_group: pulumi.Input[str]
    location: str
    endpoint: OnlineEndpoint
    after: pulumi.Resource  # the endpoint
    names: Names
    tags: dict[str, str]


class Autoscale(pulumi.ComponentResource):
    """One autoscale setting per deployment that the settings name."""

    def __init__(self, name: str, args: AutoscaleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Autoscale", name, None, opts)
        for deployment in args.endpoint.deployments:
            purpose = f"{args.endpoint.name}-{deployment.name}"
            target = args.names.deployment_id(args.endpoint.name, deployment.name)
            monitor.AutoscaleSetting(
                f"{name}-{deployment.name}",
                autoscale_setting_name=args.names.physical("autoscale", purpose),
                name=args.names.physical("autoscale", purpose),
                resource_group_name=args.resource_group,
                location=args.location,
                enabled=True,
                target_resource_uri=target,
                target_resource_location=args.location,
                profiles=_profiles(args, deployment, target),
                tags=args.tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.after]),
            )
        self.register_outputs({})


def _profiles(
    args: AutoscaleArgs, deployment: ScaledDeployment, target: str
) -> list[monitor.AutoscaleProfileArgs]:
    rules = [
        _cpu(target, args.location, busy=True),
        _cpu(target, args.location, busy=False),
        _latency(args),
    ]
    week = monitor.AutoscaleProfileArgs(
        name="week",
        capacity=_capacity(deployment, deployment.min_instances),
        rules=rules,
        recurrence=_from(WEEK) if deployment.weekend_instances else None,
    )
    if deployment.weekend_instances is None:
        return [week]
    weekend = monitor.AutoscaleProfileArgs(
        name="weekend",
        capacity=_capacity(deployment, deployment.weekend_instances),
        rules=rules,
        recurrence=_from(WEEKEND),
    )
    return [week, weekend]


def _capacity(deployment: ScaledDeployment, least: int) -> monitor.ScaleCapacityArgs:
    return monitor.ScaleCapacityArgs(
        minimum=str(least), maximum=str(deployment.max_instances), default=str(least)
    )


def _from(days: list[str]) -> monitor.RecurrenceArgs:
    """From midnight of these days on, until the next profile begins."""
    return monitor.RecurrenceArgs(
        frequency=monitor.RecurrenceFrequency.WEEK,
        schedule=monitor.RecurrentScheduleArgs(time_zone=TIME_ZONE, days=days, hours=[0], minutes=[0]),
    )


def _cpu(target: str, location: str, *, busy: bool) -> monitor.ScaleRuleArgs:
    above = monitor.ComparisonOperationType.GREATER_THAN
    below = monitor.ComparisonOperationType.LESS_THAN
    more, fewer = monitor.ScaleDirection.INCREASE, monitor.ScaleDirection.DECREASE
    return monitor.ScaleRuleArgs(
        metric_trigger=monitor.MetricTriggerArgs(
            metric_name="CpuUtilizationPercentage",
            metric_resource_uri=target,
            metric_resource_location=location,
            time_grain="PT1M",
            statistic=monitor.MetricStatisticType.AVERAGE,
            time_window=WINDOW,
            time_aggregation=monitor.TimeAggregationType.AVERAGE,
            operator=above if busy else below,
            threshold=BUSY if busy else IDLE,
        ),
        scale_action=_action(more if busy else fewer, 2 if busy else 1),
    )


def _latency(args: AutoscaleArgs) -> monitor.ScaleRuleArgs:
    return monitor.ScaleRuleArgs(
        metric_trigger=monitor.MetricTriggerArgs(
            metric_name="RequestLatency",
            metric_resource_uri=args.names.online_endpoint_id(args.endpoint.name),
            metric_resource_location=args.location,
            time_grain="PT1M",
            statistic=monitor.MetricStatisticType.AVERAGE,
            time_window=WINDOW,
            time_aggregation=monitor.TimeAggregationType.AVERAGE,
            operator=monitor.ComparisonOperationType.GREATER_THAN,
            threshold=args.endpoint.max_latency_milliseconds,
        ),
        scale_action=_action(monitor.ScaleDirection.INCREASE, 1),
    )


def _action(direction: monitor.ScaleDirection, instances: int) -> monitor.ScaleActionArgs:
    return monitor.ScaleActionArgs(
        direction=direction,
        type=monitor.ScaleType.CHANGE_COUNT,
        value=str(instances),
        cooldown=COOLDOWN,
    )
