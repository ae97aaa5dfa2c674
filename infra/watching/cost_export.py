"""Copies of the bill: what the stack's group cost, written to its lake day by day."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import costmanagement, storage

from infra.naming import Names
from infra.sections.spending import CostExport as CostExportSettings

CONTAINER = "costs"


@dataclass(frozen=True, kw_only=True)
class CostExportArgs:
    """What is exported, and to where."""

    scope: str
    group: pulumi.Resource
    location: str
    resource_group: pulumi.Input[str]
    account: pulumi.Resource
    account_id: pulumi.Input[str]
    account_name: str
    settings: CostExportSettings
    names: Names


class CostExport(pulumi.ComponentResource):
    """A container, and an export that writes to it by an identity of its own: the account takes no keys."""

    def __init__(self, name: str, args: CostExportArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:CostExport", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self, depends_on=[args.group])
        container = storage.BlobContainer(
            f"{name}-container",
            container_name=CONTAINER,
            account_name=args.account_name,
            resource_group_name=args.resource_group,
            public_access=storage.PublicAccess.NONE,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.account]),
        )
        costmanagement.Export(
            f"{name}-export",
            export_name=args.names.physical("cost_export"),
            scope=args.scope,
            format=costmanagement.FormatType.CSV,
            definition=costmanagement.ExportDefinitionArgs(
                type=settings.type, timeframe=costmanagement.TimeframeType.MONTH_TO_DATE
            ),
            delivery_info=costmanagement.ExportDeliveryInfoArgs(
                destination=costmanagement.ExportDeliveryDestinationArgs(
                    resource_id=args.account_id,
                    container=container.name,
                    root_folder_path=settings.folder,
                )
            ),
            schedule=costmanagement.ExportScheduleArgs(
                status=costmanagement.StatusType.ACTIVE,
                recurrence=settings.recurrence,
                recurrence_period=costmanagement.ExportRecurrencePeriodArgs(
                    from_=f"{settings.since.isoformat()}T00:00:00Z",
                    to=f"{settings.until.isoformat()}T00:00:00Z",
                ),
            ),
            identity=costmanagement.SystemAssignedServiceIdentityArgs(
                type=costmanagement.SystemAssignedServiceIdentityType.SYSTEM_ASSIGNED
            ),
            location=args.location,
            opts=child,
        )
        self.register_outputs({})
