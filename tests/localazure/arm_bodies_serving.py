"""Bodies of the types of serving, alerts, events, schedules and exports, for the tests of every ARM type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = tuple[str, dict[str, Any]]
WORKBOOK = "0c5d7f0e-52f1-4f8b-a6a1-3f6f1f4f2b11"
TOKENS = {"authMode": "AADToken", "description": "Duration of a trip"}
WEEKLY = {"triggerType": "Cron", "expression": "0 3 * * 1", "timeZone": "UTC"}
STREAM = "Microsoft-PrometheusMetrics"
DEPLOYMENT = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"


def _alert(watched: str, told: str) -> dict[str, Any]:
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "failed",
        "metricName": "Failed Runs",
        "operator": "GreaterThan",
        "threshold": 0,
        "timeAggregation": "Total",
    }
    return {
        "severity": 3,
        "enabled": True,
        "scopes": [watched],
        "evaluationFrequency": "PT1M",
        "windowSize": "PT5M",
        "criteria": {
            "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            "allOf": [criterion],
        },
        "actions": [{"actionGroupId": told}],
    }


def _scaling(target: str, location: str) -> dict[str, Any]:
    return {
        "name": "as-a",
        "enabled": True,
        "targetResourceUri": target,
        "targetResourceLocation": location,
        "profiles": [
            {
                "name": "week",
                "capacity": {"minimum": "2", "maximum": "10", "default": "2"},
                "rules": [
                    {
                        "metricTrigger": {
                            "metricName": "CpuUtilizationPercentage",
                            "metricResourceUri": target,
                            "timeGrain": "PT1M",
                            "statistic": "Average",
                            "timeWindow": "PT5M",
                            "timeAggregation": "Average",
                            "operator": "GreaterThan",
                            "threshold": 70,
                        },
                        "scaleAction": {
                            "direction": "Increase",
                            "type": "ChangeCount",
                            "value": "2",
                            "cooldown": "PT5M",
                        },
                    }
                ],
            }
        ],
    }


def export(account: str) -> dict[str, Any]:
    """A daily export of costs to a container of the account."""
    return {
        "definition": {"type": "ActualCost", "timeframe": "MonthToDate"},
        "deliveryInfo": {"destination": {"resourceId": account, "container": "curated"}},
        "schedule": {
            "recurrence": "Daily",
            "recurrencePeriod": {"from": "2026-12-01T00:00:00Z", "to": "2036-12-01T00:00:00Z"},
            "status": "Active",
        },
    }


def _deployment(workspace: str) -> dict[str, Any]:
    """Of an entry script; `scoring_assets` registers what it names."""
    code = {"codeId": f"{workspace}/codes/score/versions/1", "scoringScript": "score.py"}
    return {
        "endpointComputeType": "Managed",
        "instanceType": "Standard_F4s_v2",
        "environmentId": f"{workspace}/environments/here/versions/1",
        "codeConfiguration": code,
    }


def _schedule(workspace: str) -> dict[str, Any]:
    step = {"type": "command", "name": "run", "componentId": f"{workspace}/components/train/versions/1"}
    return {
        "isEnabled": False,
        "trigger": WEEKLY,
        "action": {
            "actionType": "CreateJob",
            "jobDefinition": {"jobType": "Pipeline", "jobs": {"run": step}},
        },
    }


def _delivery(account: str) -> dict[str, Any]:
    return {
        "eventDeliverySchema": "EventGridSchema",
        "filter": {"includedEventTypes": ["Microsoft.MachineLearningServices.ModelRegistered"]},
        "deliveryWithResourceIdentity": {
            "identity": {"type": "SystemAssigned"},
            "destination": {
                "endpointType": "StorageQueue",
                "properties": {"resourceId": account, "queueName": "ml-events"},
            },
        },
    }


def _watched(group: str, here: dict[str, Any]) -> list[Row]:
    """Prometheus, Grafana, a workbook, a dashboard."""
    insights, boards = f"{group}/providers/Microsoft.Insights", f"{group}/providers/Microsoft.Dashboard"
    account = f"{group}/providers/Microsoft.Monitor/accounts/amw-a"
    rule = {
        "dataCollectionEndpointId": f"{insights}/dataCollectionEndpoints/dce-a",
        "dataSources": {"prometheusForwarder": [{"name": "prometheus", "streams": [STREAM]}]},
        "destinations": {"monitoringAccounts": [{"name": "account", "accountResourceId": account}]},
        "dataFlows": [{"streams": [STREAM], "destinations": ["account"]}],
    }
    grafana = boards.partition("/resourceGroups/rg-")[2].partition("/")[0]
    return [
        (account, {**here, "properties": {"publicNetworkAccess": "Disabled"}}),
        (
            f"{insights}/dataCollectionEndpoints/dce-a",
            {**here, "kind": "Linux", "properties": {"networkAcls": {"publicNetworkAccess": "Disabled"}}},
        ),
        (f"{insights}/dataCollectionRules/dcr-a", {**here, "kind": "Linux", "properties": rule}),
        (
            f"{account}/providers/Microsoft.Insights/dataCollectionRuleAssociations/prometheus",
            {"properties": {"dataCollectionRuleId": f"{insights}/dataCollectionRules/dcr-a"}},
        ),
        (
            f"{boards}/grafana/amg-{grafana}",
            {**here, "sku": {"name": "Standard"}, "properties": {"apiKey": "Disabled"}},
        ),
        (f"{boards}/dashboards/dash-a", dict(here)),
        (
            f"{boards}/dashboards/dash-a/dashboardDefinitions/default",
            {"properties": {"serializedData": '{"title":"runs"}'}},
        ),
        (
            f"{insights}/workbooks/{WORKBOOK}",
            {
                **here,
                "kind": "shared",
                "properties": {"displayName": "Runs", "category": "workbook", "serializedData": "{}"},
            },
        ),
    ]


def serving(group: str, ids: Mapping[str, str], here: dict[str, Any]) -> list[Row]:
    """One of each type, in an order in which they can be made.

    Args:
        group: id of the resource group.
        ids: ids of what stands already, by the words of `test_arm_types`.
        here: the location, as a body has it.
    """
    insights, tag = f"{group}/providers/Microsoft.Insights", ids["workspace"].rpartition("-")[2]
    told, topic = (
        f"{insights}/actionGroups/ag-a",
        f"{group}/providers/Microsoft.EventGrid/systemTopics/evgt-a",
    )
    assigned = {"type": "UserAssigned", "userAssignedIdentities": {ids["identity"]: {}}}
    source = {
        "source": ids["workspace"],
        "topicType": "Microsoft.MachineLearningServices.Workspaces",
    }
    return [
        (told, {"location": "global", "properties": {"groupShortName": "mlp dev", "enabled": True}}),
        (
            f"{insights}/metricAlerts/alert-a",
            {"location": "global", "properties": _alert(ids["workspace"], told)},
        ),
        (
            f"{ids['workspace']}/onlineEndpoints/oe-{tag}",
            {**here, "kind": "Managed", "identity": assigned, "properties": TOKENS},
        ),
        (
            f"{ids['workspace']}/onlineEndpoints/oe-{tag}/deployments/blue",
            {**here, "sku": {"name": "Default", "capacity": 1}, "properties": _deployment(ids["workspace"])},
        ),
        (f"{ids['workspace']}/batchEndpoints/be-{tag}", {**here, "identity": assigned, "properties": TOKENS}),
        (
            f"{insights}/autoscalesettings/as-a",
            {
                **here,
                "properties": _scaling(f"{ids['workspace']}/onlineEndpoints/oe-{tag}", here["location"]),
            },
        ),
        (f"{ids['workspace']}/schedules/retrain", {"properties": _schedule(ids["workspace"])}),
        (f"{ids['account']}/queueServices/default", {"properties": {"cors": {"corsRules": []}}}),
        (f"{ids['account']}/queueServices/default/queues/ml-events", {"properties": {}}),
        (topic, {**here, "identity": {"type": "SystemAssigned"}, "properties": source}),
        (f"{topic}/eventSubscriptions/to-events", {"properties": _delivery(ids["account"])}),
        (
            f"{group}/providers/Microsoft.Logic/workflows/logic-a",
            {
                **here,
                "identity": {"type": "SystemAssigned"},
                "properties": {"definition": {"contentVersion": "1.0.0.0", "triggers": {}, "actions": {}}},
            },
        ),
        *_watched(group, here),
    ]
