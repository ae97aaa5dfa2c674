"""Money: a monthly budget on the stack's resource group, and who is told when it runs out."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import consumption

from infra.naming import Names
from infra.sections.core import Budget
from infra.watching.alerting import Alerting


@dataclass(frozen=True, kw_only=True)
class SpendingArgs:
    """The budget, and what it is about."""

    scope: pulumi.Input[str]
    settings: Budget
    names: Names
    told: Alerting | None = None  # whose action group hears it too


class Spending(pulumi.ComponentResource):
    """A budget with notices on what was spent and on what the month will come to."""

    def __init__(self, name: str, args: SpendingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Spending", name, None, opts)
        consumption.Budget(
            f"{name}-budget",
            budget_name=args.names.physical("budget"),
            scope=args.scope,
            category=consumption.CategoryType.COST,
            amount=args.settings.monthly_amount,
            time_grain=consumption.TimeGrainType.MONTHLY,
            time_period=consumption.BudgetTimePeriodArgs(
                start_date=f"{args.settings.start.isoformat()}T00:00:00Z"
            ),
            notifications={
                **{
                    f"actual{share}": _notice(share, "Actual", args) for share in args.settings.actual_percent
                },
                **{
                    f"forecast{share}": _notice(share, "Forecasted", args)
                    for share in args.settings.forecast_percent
                },
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _notice(share: int, kind: str, args: SpendingArgs) -> consumption.NotificationArgs:
    return consumption.NotificationArgs(
        enabled=True,
        operator="GreaterThanOrEqualTo",
        threshold=share,
        threshold_type=kind,
        contact_emails=list(args.settings.contacts),
        contact_groups=[args.told.action_group_id] if args.told else None,
    )
