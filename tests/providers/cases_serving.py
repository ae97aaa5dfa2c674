"""The cases of serving, alerts, events and schedules; the form is in `cases.py`."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

import uuid

from tests.providers.cases import Case, Inputs, Scene, in_group

WORKSPACE = "machinelearningservices:Workspace"
STREAM = "Microsoft-PrometheusMetrics"


def _placed(scene: Scene, more: Inputs) -> Inputs:
    return in_group(scene, {"location": "westeurope", **more})


def _in_workspace(scene: Scene, more: Inputs) -> Inputs:
    return in_group(scene, {"workspaceName": scene.name(WORKSPACE), **more})


def _endpoint(scene: Scene, name: str) -> Inputs:
    identity = scene.id("managedidentity:UserAssignedIdentity")
    return _in_workspace(
        scene,
        {
            "endpointName": name,
            "location": "westeurope",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [identity]},
            "properties": {"authMode": "AADToken", "description": "Duration of a trip"},
        },
    )


def _deployment(scene: Scene) -> Inputs:
    return _in_workspace(
        scene,
        {
            "endpointName": scene.name("machinelearningservices:OnlineEndpoint"),
            "deploymentName": "blue",
            "location": "westeurope",
            "sku": {"name": "Default", "capacity": 1},
            "properties": {
                "endpointComputeType": "Managed",
                "instanceType": "Standard_F4s_v2",
                **scene.script(),
            },
        },
    )


def _alert(scene: Scene, tag: str) -> Inputs:
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "failed",
        "metricName": "Failed Runs",
        "operator": "GreaterThan",
        "threshold": 0,
        "timeAggregation": "Total",
    }
    return in_group(
        scene,
        {
            "ruleName": f"alert-{tag}",
            "location": "global",
            "enabled": True,
            "severity": 3,
            "scopes": [scene.id(WORKSPACE)],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odataType": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [criterion],
            },
            "actions": [{"actionGroupId": scene.id("monitor:ActionGroup")}],
        },
    )


def _scaling(scene: Scene, tag: str) -> Inputs:
    week = {"name": "week", "capacity": {"minimum": "2", "maximum": "10", "default": "2"}, "rules": []}
    return _placed(
        scene,
        {
            "autoscaleSettingName": f"as-{tag}",
            "name": f"as-{tag}",
            "enabled": True,
            "targetResourceUri": scene.id("machinelearningservices:OnlineEndpoint"),
            "profiles": [week],
        },
    )


def _subscription(scene: Scene, tag: str) -> Inputs:
    queue = scene.id("storage:Queue")
    return in_group(
        scene,
        {
            "systemTopicName": scene.name("eventgrid:SystemTopic"),
            "eventSubscriptionName": f"to-{tag}",
            "eventDeliverySchema": "EventGridSchema",
            "filter": {
                "includedEventTypes": ["Microsoft.MachineLearningServices.RunStatusChanged"],
                "advancedFilters": [
                    {"operatorType": "StringContains", "key": "data.RunTags.broken", "values": ["has failed"]}
                ],
            },
            "deliveryWithResourceIdentity": {
                "identity": {"type": "SystemAssigned"},
                "destination": {
                    "endpointType": "StorageQueue",
                    "resourceId": queue.partition("/queueServices/")[0],
                    "queueName": queue.rpartition("/")[2],
                    "queueMessageTimeToLiveInSeconds": 3600,
                },
            },
        },
    )


def _rule(scene: Scene, tag: str) -> Inputs:
    account = {"name": "account", "accountResourceId": scene.id("monitor:AzureMonitorWorkspace")}
    return _placed(
        scene,
        {
            "dataCollectionRuleName": f"dcr-{tag}",
            "kind": "Linux",
            "dataCollectionEndpointId": scene.id("monitor:DataCollectionEndpoint"),
            "dataSources": {"prometheusForwarder": [{"name": "prometheus", "streams": [STREAM]}]},
            "destinations": {"monitoringAccounts": [account]},
            "dataFlows": [{"streams": [STREAM], "destinations": ["account"]}],
        },
    )


SERVES = [
    Case(
        "machinelearningservices:OnlineEndpoint",
        lambda scene, tag: _endpoint(scene, f"oe-{tag}"),
        {"properties": {"publicNetworkAccess": "Disabled"}},
        {"endpointName": "oe-other"},
        "endpointName",
    ),
    Case(
        "machinelearningservices:OnlineDeployment",
        lambda scene, tag: _deployment(scene),
        {"sku": {"name": "Default", "capacity": 2}, "tags": {"team": "trips"}},
        {"properties": {"instanceType": "Standard_F8s_v2"}},
        "properties",
    ),
    Case(
        "machinelearningservices:BatchEndpoint",
        lambda scene, tag: _endpoint(scene, f"be-{tag}"),
        {"properties": {"description": "Duration of all trips"}},
        {"endpointName": "be-other"},
        "endpointName",
    ),
    Case(
        "machinelearningservices:Schedule",
        lambda scene, tag: _in_workspace(
            scene,
            {
                "name": f"retrain-{tag}",
                "properties": {
                    "isEnabled": False,
                    "trigger": {"triggerType": "Cron", "expression": "0 3 * * 1", "timeZone": "UTC"},
                    "action": {
                        "actionType": "CreateJob",
                        "jobDefinition": {"jobType": "Pipeline", "jobs": {"run": {"type": "command"}}},
                    },
                },
            },
        ),
        {"properties": {"isEnabled": True}},
        {"name": "retrain-other"},
        "name",
    ),
]
ALERTS = [
    Case(
        "monitor:ActionGroup",
        lambda scene, tag: in_group(
            scene,
            {
                "actionGroupName": f"ag-{tag}",
                "location": "global",
                "enabled": True,
                "groupShortName": "mlp dev",
                "emailReceivers": [
                    {
                        "name": "ml-platform@example.org",
                        "emailAddress": "ml-platform@example.org",
                        "useCommonAlertSchema": True,
                    }
                ],
            },
        ),
        {"groupShortName": "mlp"},
        {"actionGroupName": "ag-other"},
        "actionGroupName",
    ),
    Case("monitor:MetricAlert", _alert, {"severity": 1}, {"ruleName": "alert-other"}, "ruleName"),
    Case(
        "monitor:AutoscaleSetting",
        _scaling,
        {"enabled": False},
        {"autoscaleSettingName": "as-other"},
        "autoscaleSettingName",
    ),
]
EVENTS = [
    Case(
        "storage:QueueServiceProperties",
        lambda scene, tag: in_group(
            scene,
            {
                "accountName": scene.name("storage:StorageAccount"),
                "queueServiceName": "default",
                "cors": {"corsRules": []},
            },
        ),
        {
            "cors": {
                "corsRules": [
                    {
                        "allowedOrigins": ["https://example.org"],
                        "allowedMethods": ["GET"],
                        "allowedHeaders": ["*"],
                        "exposedHeaders": ["*"],
                        "maxAgeInSeconds": 60,
                    }
                ]
            }
        },
        gone=False,
    ),
    Case(
        "storage:Queue",
        lambda scene, tag: in_group(
            scene, {"accountName": scene.name("storage:StorageAccount"), "queueName": f"q{tag}"}
        ),
        {"metadata": {"reader": "handler"}},
        {"queueName": "q-other"},
        "queueName",
    ),
    Case(
        "eventgrid:SystemTopic",
        lambda scene, tag: _placed(
            scene,
            {
                "systemTopicName": f"evgt-{tag}",
                "source": scene.id(WORKSPACE),
                "topicType": "Microsoft.MachineLearningServices.Workspaces",
                "identity": {"type": "SystemAssigned"},
            },
        ),
        {"tags": {"environment": "dev"}},
        {"systemTopicName": "evgt-other"},
        "systemTopicName",
    ),
    Case(
        "eventgrid:SystemTopicEventSubscription",
        _subscription,
        {"labels": ["retrain"]},
        {"eventSubscriptionName": "to-other"},
        "eventSubscriptionName",
    ),
    Case(
        "logic:Workflow",
        lambda scene, tag: _placed(
            scene,
            {
                "workflowName": f"logic-{tag}",
                "identity": {"type": "SystemAssigned"},
                "state": "Enabled",
                "definition": {"contentVersion": "1.0.0.0", "triggers": {}, "actions": {}},
            },
        ),
        {"state": "Disabled"},
        {"workflowName": "logic-other"},
        "workflowName",
    ),
]
DASHBOARDS = [
    Case(
        "monitor:AzureMonitorWorkspace",
        lambda scene, tag: _placed(scene, {"azureMonitorWorkspaceName": f"amw-{tag}"}),
        {"tags": {"environment": "dev"}},
        {"azureMonitorWorkspaceName": "amw-other"},
        "azureMonitorWorkspaceName",
    ),
    Case(
        "monitor:DataCollectionEndpoint",
        lambda scene, tag: _placed(scene, {"dataCollectionEndpointName": f"dce-{tag}", "kind": "Linux"}),
        {"description": "of the cluster"},
        {"dataCollectionEndpointName": "dce-other"},
        "dataCollectionEndpointName",
    ),
    Case(
        "monitor:DataCollectionRule",
        _rule,
        {"description": "metrics of the cluster"},
        {"dataCollectionRuleName": "dcr-other"},
        "dataCollectionRuleName",
    ),
    Case(
        "monitor:DataCollectionRuleAssociation",
        lambda scene, tag: {
            "resourceUri": scene.id("monitor:AzureMonitorWorkspace"),
            "associationName": f"assoc-{tag}",
            "dataCollectionRuleId": scene.id("monitor:DataCollectionRule"),
        },
        {"description": "metrics of the cluster"},
        {"associationName": "assoc-other"},
        "associationName",
    ),
    Case(
        "dashboard:Grafana",
        lambda scene, tag: _placed(
            scene,
            {
                "workspaceName": f"amg-{tag}",
                "sku": {"name": "Standard"},
                "identity": {"type": "SystemAssigned"},
                "properties": {"apiKey": "Disabled", "publicNetworkAccess": "Disabled"},
            },
        ),
        {"tags": {"environment": "dev"}},
        {"workspaceName": "amg-other"},
        "workspaceName",
    ),
    Case(
        "dashboard:Dashboard",
        lambda scene, tag: _placed(scene, {"dashboardName": f"dash-{tag}"}),
        {"tags": {"environment": "dev"}},
        {"dashboardName": "dash-other"},
        "dashboardName",
    ),
    Case(
        "dashboard:DashboardDefinition",
        lambda scene, tag: in_group(
            scene,
            {
                "dashboardName": scene.name("dashboard:Dashboard"),
                "definitionName": f"d{tag}",
                "properties": {"serializedData": '{"title":"runs"}'},
            },
        ),
        {"properties": {"serializedData": '{"title":"all runs"}'}},
        {"definitionName": "other"},
        "definitionName",
    ),
    Case(
        "applicationinsights:Workbook",
        lambda scene, tag: _placed(
            scene,
            {
                "resourceName": str(uuid.uuid5(uuid.NAMESPACE_URL, tag)),
                "kind": "shared",
                "category": "workbook",
                "displayName": "Runs",
                "serializedData": "{}",
            },
        ),
        {"displayName": "All runs"},
        {"resourceName": "0c5d7f0e-52f1-4f8b-a6a1-3f6f1f4f2b11"},
        "resourceName",
    ),
]
SERVING = [*SERVES, *ALERTS, *EVENTS, *DASHBOARDS]
