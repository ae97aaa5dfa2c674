"""What runs by the clock: retraining, and the monitors that look whether it is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.naming import Names
from infra.sections.schedules import Monitor, Schedule, Timed
from infra.serving.monitors import monitor_action
from infra.serving.runs import pipeline_body


@dataclass(frozen=True, kw_only=True)
class SchedulesArgs:
    """What runs by the clock, and where."""

    resource_group: pulumi.Input[str]
    workspace_name: pulumi.Input[str]
    registry: str
    schedules: tuple[Schedule, ...]
    monitors: tuple[Monitor, ...]
    after: Mapping[str, pulumi.Resource]  # endpoints by their names in the settings
    names: Names
    tags: dict[str, str]


class Schedules(pulumi.ComponentResource):
    """One schedule per entry of the settings, beside the endpoint that it keeps fresh or watches."""

    def __init__(self, name: str, args: SchedulesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Schedules", name, None, opts)
        for schedule in args.schedules:
            action = ml.JobScheduleActionArgs(
                action_type="CreateJob", job_definition=_job(schedule, args.names, args.registry)
            )
            self._made(name, args, schedule, action, "Trains anew for")
        for watch in args.monitors:
            self._made(name, args, watch, monitor_action(watch, args.names), "Watches")
        self.register_outputs({})

    def _made(
        self,
        name: str,
        args: SchedulesArgs,
        timed: Timed,
        action: ml.JobScheduleActionArgs | ml.CreateMonitorActionArgs,
        does: str,
    ) -> None:
        ml.Schedule(
            f"{name}-{timed.name}",
            name=timed.name,
            workspace_name=args.workspace_name,
            resource_group_name=args.resource_group,
            properties=ml.SchedulePropertiesArgs(
                display_name=timed.name,
                description=f"{does} endpoint '{timed.endpoint}'",
                is_enabled=timed.enabled,
                trigger=_trigger(timed),
                action=action,
                tags=args.tags | {"endpoint": timed.endpoint},
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.after[timed.endpoint]]),
        )


def _job(schedule: Schedule, names: Names, registry: str) -> ml.PipelineJobArgs:
    body = pipeline_body(schedule.run, names, registry)
    return ml.PipelineJobArgs(
        job_type="Pipeline",
        display_name=body["displayName"],
        experiment_name=body["experimentName"],
        settings=body["settings"],
        jobs=body["jobs"],
    )


def _trigger(timed: Timed) -> ml.CronTriggerArgs | ml.RecurrenceTriggerArgs:
    if timed.cron is not None:
        return ml.CronTriggerArgs(trigger_type="Cron", expression=timed.cron, time_zone=timed.time_zone)
    every = timed.recurrence
    if every is None:
        raise ValueError(f"{timed.name}: neither cron nor recurrence")
    return ml.RecurrenceTriggerArgs(
        trigger_type="Recurrence",
        frequency=every.frequency,
        interval=every.interval,
        schedule=ml.RecurrenceScheduleArgs(hours=[every.hour], minutes=[every.minute])
        if every.hour is not None
        else None,
        time_zone=timed.time_zone,
    )
