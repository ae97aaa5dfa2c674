"""Who is told: the action group that budgets and alerts of the stack notify."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from infra.naming import Names
from infra.sections.alerting import Receivers

WORLD = "global"  # alerts go out from everywhere: an action group of one region stays silent when it fails
SHORT_NAME_LENGTH = 12  # Azure's own limit; it stands in front of each mail's subject and SMS


@dataclass(frozen=True, kw_only=True)
class AlertingArgs:
    """Who gets the mails."""

    resource_group: pulumi.Input[str]
    settings: Receivers
    names: Names
    tags: dict[str, str]


class Alerting(pulumi.ComponentResource):
    """One action group per stack: everything that raises an alert notifies it."""

    action_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: AlertingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Alerting", name, None, opts)
        group = monitor.ActionGroup(
            f"{name}-group",
            action_group_name=args.names.action_group,
            resource_group_name=args.resource_group,
            location=WORLD,
            enabled=True,
            group_short_name=short_name(args.names),
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name=mail.lower(), email_address=mail, use_common_alert_schema=True
                )
                for mail in args.settings.emails
            ],
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.action_group_id = group.id
        self.register_outputs({"action_group_id": self.action_group_id})


def short_name(names: Names) -> str:
    """What a mail's subject begins with: workload and environment, as far as Azure lets them in."""
    return f"{names.workload} {names.environment}"[:SHORT_NAME_LENGTH].strip(" -")
