"""What watches: log workspaces with their daily cap, traces, diagnostics, alerts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from checks.catalogue.prices import PER_MONTH, Meter
from checks.cost.desk import ONE, OPEN, ZERO, Desk
from checks.cost.model import Item
from checks.cost.reading import is_open, number, text, value

LOGS = "Microsoft.OperationalInsights/workspaces"
TRACES = Meter(arm_type="Microsoft.Insights/components", sku="classic", meter="ingested")
PLATFORM = Meter(arm_type="Microsoft.Insights/diagnosticSettings", sku="", meter="platform logs")
SERIES = Meter(arm_type="Microsoft.Insights/metricAlerts", sku="", meter="time series")
QUERIES = "Microsoft.Insights/scheduledQueryRules"
EVENTS = Meter(arm_type="Microsoft.EventGrid/systemTopics", sku="", meter="operations")
ACTIONS = Meter(arm_type="Microsoft.Logic/workflows", sku="Consumption", meter="actions")
SAMPLES = Meter(arm_type="Microsoft.Monitor/accounts", sku="", meter="samples")
GRAFANA = "Microsoft.Dashboard/grafana"
INCLUDED_DAYS = Decimal(31)  # infracost/infracost@95ba4f4 internal/resources/azure/log_analytics_workspace.go
TRACES_SOURCE = "learn.microsoft.com/azure/azure-monitor/app/create-workspace-resource"
FREQUENCIES = {"PT5M": "5 minutes", "PT10M": "10 minutes", "PT15M": "15 minutes"}


def logs(desk: Desk) -> Iterator[Item]:
    """A log workspace: what comes in, up to the daily cap, and what is kept beyond the included days."""
    inputs = desk.resource.inputs
    sku = text(inputs, "sku.name") or "PerGB2018"
    if sku.lower() != "pergb2018":
        yield desk.unknown(f"logs, {sku}", f"no price rule for sku '{sku}'")
        return
    cap = number(inputs, "workspaceCapping.dailyQuotaGb")
    coming = Meter(arm_type=LOGS, sku=sku, meter="ingested")
    kept = Meter(arm_type=LOGS, sku=sku, meter="kept beyond the included days")
    if is_open(inputs, "retentionInDays"):
        yield desk.unknown("logs kept for long", OPEN)
    days = number(inputs, "retentionInDays") or INCLUDED_DAYS
    beyond = max(days - INCLUDED_DAYS, ZERO)
    if cap is None or cap < ZERO:
        yield desk.by_use("logs, no daily cap", coming)
        if beyond:
            yield desk.by_use(f"logs kept for {days:f} days", kept)
        return
    month = PER_MONTH["day"]
    yield desk.charge(
        f"logs, up to {cap:f} GB a day", coming, ZERO, cap * month, of="GB", note=f"{month} days at the cap"
    )
    if beyond:
        note = f"{cap:f} GB a day, from day 32 to day {days:f}, once that many have passed at the cap"
        yield desk.charge(f"logs kept for {days:f} days", kept, ZERO, cap * beyond, of="GB", note=note)


def traces(desk: Desk) -> Iterator[Item]:
    """Application Insights: charged in its log workspace, where it has one."""
    if _is_given(desk, "workspaceResourceId"):
        yield desk.included("traces", "charged in the log workspace, under its cap", TRACES_SOURCE)
        return
    yield desk.by_use("traces, without a log workspace", TRACES)


def _is_given(desk: Desk, name: str) -> bool:
    return name in desk.resource.inputs  # given, although its value is unknown until deployment


def diagnostics(desk: Desk) -> Iterator[Item]:
    """Platform logs: charged where they land; sent elsewhere than to a log workspace, for the sending too.

    So infracost/infracost@95ba4f4 internal/resources/azure/monitor_diagnostic_setting.go has it.
    """
    elsewhere = ("storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
    if any(_is_given(desk, name) for name in elsewhere):
        yield desk.by_use("platform logs sent elsewhere than to a log workspace", PLATFORM)


def metric_alert(desk: Desk) -> Iterator[Item]:
    """An alert on metrics: a fee per time series, at least one."""
    criteria = value(desk.resource.inputs, "criteria.allOf")
    count = Decimal(len(criteria)) if isinstance(criteria, list) and criteria else ONE
    note = "one time series per criterion; a dimension with many values has more"
    yield desk.charge("alert on metrics", SERIES, count, count, of="time series", note=note)


def query_alert(desk: Desk) -> Iterator[Item]:
    """An alert on a query: a fee by how often it runs."""
    asked = text(desk.resource.inputs, "evaluationFrequency")
    every = FREQUENCIES.get(asked)
    if every is None:
        yield desk.unknown(f"alert on a query, every {asked}", f"no sourced price of frequency '{asked}'")
        return
    yield desk.charge(
        f"alert on a query, every {every}", Meter(arm_type=QUERIES, sku=every, meter="rule"), ONE, ONE
    )


def topic(desk: Desk) -> Iterator[Item]:
    """A topic of events: each event and each try to deliver it is an operation."""
    yield desk.by_use("events and their deliveries", EVENTS)


def workflow(desk: Desk) -> Iterator[Item]:
    """A workflow of the consumption plan: each action that runs."""
    yield desk.by_use("actions of the workflow", ACTIONS)


def prometheus(desk: Desk) -> Iterator[Item]:
    """Prometheus: each sample that comes in."""
    yield desk.by_use("samples into Prometheus", SAMPLES)


def grafana(desk: Desk) -> Iterator[Item]:
    """Managed Grafana: a fee per hour by its tier."""
    sku = text(desk.resource.inputs, "sku.name")
    yield desk.charge(f"Grafana {sku}", Meter(arm_type=GRAFANA, sku=sku, meter="instance"), ONE, ONE)
