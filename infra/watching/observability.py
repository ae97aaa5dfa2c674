"""Where logs and traces go, and which logs each resource sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import applicationinsights, monitor, operationalinsights

from infra.naming import Names
from infra.reading import id_of_read
from infra.sections.core import Logs
from infra.sections.network import PrivateLinkScope
from infra.sections.taken import TakenLogs

Source = Literal["workspace", "blobs", "vault", "images", "registry", "cluster"]

# Categories by source: those that are always sent, and those that settings `logs.categories: all` adds.
CATEGORIES: dict[Source, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "workspace": (
        (
            "AmlComputeClusterEvent",
            "AmlComputeJobEvent",
            "AmlComputeCpuGpuUtilization",
            "AmlRunStatusChangedEvent",
        ),
        (
            "AmlComputeInstanceEvent",
            "AmlDataLabelEvent",
            "AmlDataSetEvent",
            "AmlDataStoreEvent",
            "AmlDeploymentEvent",
            "AmlEnvironmentEvent",
            "AmlInferencingEvent",
            "AmlModelsEvent",
            "AmlPipelineEvent",
            "AmlRunEvent",
        ),
    ),
    "blobs": (("StorageWrite", "StorageDelete"), ("StorageRead",)),
    "vault": (("AuditEvent",), ()),
    "images": (("ContainerRegistryLoginEvents",), ("ContainerRegistryRepositoryEvents",)),
    "registry": (("AmlRegistryWriteEventsLog",), ("AmlRegistryReadEventsLog",)),
    "cluster": (
        ("kube-apiserver", "cluster-autoscaler", "guard"),  # guard: who came in by Entra
        ("kube-audit-admin", "kube-controller-manager", "kube-scheduler"),
    ),
}
METRICS: dict[Source, str] = {
    "workspace": "AllMetrics",
    "blobs": "Transaction",
    "images": "AllMetrics",
    "cluster": "AllMetrics",
}


@dataclass(frozen=True, kw_only=True)
class LogsArgs:
    """Settings of the log workspace, or the one that is taken."""

    resource_group: pulumi.Input[str]
    location: str
    settings: Logs | TakenLogs
    names: Names
    tags: dict[str, str]
    scope: PrivateLinkScope | None = None  # how it is reached, where Azure Monitor has a private link


class LogStore(pulumi.ComponentResource):
    """A log workspace: made with a daily cap, or taken."""

    logs_id: pulumi.Output[str]

    def __init__(self, name: str, args: LogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:LogStore", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        if isinstance(settings, TakenLogs):
            taken = operationalinsights.Workspace.get(f"{name}-taken", settings.existing, child)
            self.logs_id = id_of_read(taken, settings.existing)
        else:
            self.logs_id = self._made(name, args, settings).id
        self.register_outputs({"logs_id": self.logs_id})

    def _made(self, name: str, args: LogsArgs, settings: Logs) -> operationalinsights.Workspace:
        return operationalinsights.Workspace(
            f"{name}-workspace",
            workspace_name=args.names.physical("logs"),
            resource_group_name=args.resource_group,
            location=args.location,
            sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
            retention_in_days=settings.retention_days,
            workspace_capping=operationalinsights.WorkspaceCappingArgs(daily_quota_gb=settings.daily_cap_gb),
            features=operationalinsights.WorkspaceFeaturesArgs(
                disable_local_auth=True, enable_log_access_using_only_resource_permissions=True
            ),
            public_network_access_for_ingestion=_public(args.scope, "ingestion"),
            public_network_access_for_query=_public(args.scope, "query"),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )


@dataclass(frozen=True, kw_only=True)
class TracesArgs:
    """Where traces are kept."""

    resource_group: pulumi.Input[str]
    location: str
    logs_id: pulumi.Input[str]
    names: Names
    tags: dict[str, str]
    scope: PrivateLinkScope | None = None  # how they are reached, where Azure Monitor has a private link


class Traces(pulumi.ComponentResource):
    """Application insights on the log workspace; its connection string is a credential and goes nowhere."""

    insights_id: pulumi.Output[str]

    def __init__(self, name: str, args: TracesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Traces", name, None, opts)
        component = applicationinsights.Component(
            f"{name}-insights",
            resource_name_=args.names.physical("insights"),
            resource_group_name=args.resource_group,
            location=args.location,
            kind="web",
            application_type="web",
            ingestion_mode="LogAnalytics",
            workspace_resource_id=args.logs_id,
            public_network_access_for_ingestion=_public(args.scope, "ingestion"),
            public_network_access_for_query=_public(args.scope, "query"),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.insights_id = component.id
        self.register_outputs({"insights_id": self.insights_id})


def _public(scope: PrivateLinkScope | None, way: Literal["ingestion", "query"]) -> str | None:
    """Whether public addresses answer; as Azure has it by default where there is no private link."""
    if scope is None:
        return None
    return "Disabled" if getattr(scope, way) == "PrivateOnly" else "Enabled"


@dataclass(frozen=True, kw_only=True)
class DiagnosticsArgs:
    """Which resources send logs, and where to."""

    logs_id: pulumi.Input[str]
    categories: Literal["essential", "all"]
    sources: Mapping[str, tuple[Source, pulumi.Input[str]]]  # by name: what it is, and its id


class Diagnostics(pulumi.ComponentResource):
    """One diagnostic setting per resource that has logs."""

    def __init__(self, name: str, args: DiagnosticsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Diagnostics", name, None, opts)
        for source, (kind, resource_id) in args.sources.items():
            essential, more = CATEGORIES[kind]
            sent = (*essential, *more) if args.categories == "all" else essential
            monitor.DiagnosticSetting(
                f"{name}-{source}",
                name="to-log-workspace",
                resource_uri=resource_id,
                workspace_id=args.logs_id,
                logs=[
                    monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in sent
                ],
                metrics=[monitor.DiagnosticsMetricSettingsArgs(category=METRICS[kind], enabled=True)]
                if kind in METRICS
                else None,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
