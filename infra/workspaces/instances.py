"""Compute instances: a machine for one person, which stops when nobody needs it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import machinelearningservices as ml

from infra.naming import Names
from infra.sections.workbench import Instances as InstancesSettings
from infra.sections.workbench import Person


@dataclass(frozen=True, kw_only=True)
class InstancesArgs:
    """Who has an instance, and when it stops."""

    resource_group: pulumi.Input[str]
    location: str
    tenant_id: str
    workspace_name: pulumi.Input[str]
    settings: InstancesSettings
    names: Names
    tags: dict[str, str]


class Instances(pulumi.ComponentResource):
    """One instance for each person.

    Without a managed identity: its user signs in once and it acts as them. With one, Azure ML would stop it
    only if that identity may write to the workspace (Microsoft, "Create an Azure Machine Learning compute
    instance", on idle shutdown).
    """

    names: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: InstancesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Instances", name, None, opts)
        self.names = {
            person.name: ml.Compute(
                f"{name}-{person.name}",
                compute_name=args.names.physical("instance", person.name),
                workspace_name=args.workspace_name,
                resource_group_name=args.resource_group,
                location=args.location,
                properties=_properties(person, args),
                tags=args.tags | {"purpose": "instance"},
                opts=pulumi.ResourceOptions(parent=self),
            ).name
            for person in args.settings.people
        }
        self.register_outputs({"names": self.names})


def _properties(person: Person, args: InstancesArgs) -> ml.ComputeInstanceArgs:
    settings = args.settings
    return ml.ComputeInstanceArgs(
        compute_type="ComputeInstance",
        disable_local_auth=True,
        properties=ml.ComputeInstancePropertiesArgs(
            vm_size=person.vm_size or settings.vm_size,
            application_sharing_policy="Personal",
            compute_instance_authorization_type="personal",
            enable_node_public_ip=False,
            enable_sso=True,
            ssh_settings=ml.ComputeInstanceSshSettingsArgs(ssh_public_access="Disabled"),
            personal_compute_instance_settings=ml.PersonalComputeInstanceSettingsArgs(
                assigned_user=ml.AssignedUserArgs(object_id=person.object_id, tenant_id=args.tenant_id)
            ),
            idle_time_before_shutdown=settings.idle,
            schedules=ml.ComputeSchedulesArgs(compute_start_stop=[_stops(settings)]),
        ),
    )


def _stops(settings: InstancesSettings) -> ml.ComputeStartStopScheduleArgs:
    hour, minute = (int(part) for part in settings.stop_at.split(":"))
    return ml.ComputeStartStopScheduleArgs(
        action="Stop",
        status="Enabled",
        trigger_type="Cron",
        cron=ml.CronArgs(expression=f"{minute} {hour} * * *", time_zone=settings.time_zone),
    )
