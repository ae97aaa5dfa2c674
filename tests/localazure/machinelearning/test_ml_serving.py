"""Endpoints, schedules, topics and alerts of a workspace, by Azure ML's own client and by raw requests."""

from __future__ import annotations

import uuid

import pytest

from tests.localazure.conftest import refused
from tests.localazure.machinelearning.conftest import ClientError

PLATFORM = "infra-engineer"
TOPIC_TYPE = "Microsoft.MachineLearningServices.Workspaces"
KIND = "Microsoft.MachineLearningServices.{}"
STEP = {"type": "command", "name": "run", "componentId": "azureml://registries/r/components/x/versions/1"}
RETRAIN = {
    "trigger": {"triggerType": "Cron", "expression": "0 3 * * 1"},
    "action": {"actionType": "CreateJob", "jobDefinition": {"jobType": "Pipeline", "jobs": {"run": STEP}}},
}


def endpoint_name(word="oe"):
    return f"{word}-{uuid.uuid4().hex[:10]}"


def in_group(workspace, path, version, body):
    arm_id = f"{workspace.group_id}/providers/{path}"
    reply = workspace.twin.call("PUT", f"{arm_id}?api-version={version}", body)
    if reply.status_code < 300:
        workspace.twin.settle(reply)
    return reply


def topic(workspace, name, kind=TOPIC_TYPE, source=None, identity="SystemAssigned"):
    body = {
        "location": workspace.twin.location,
        "identity": {"type": identity},
        "properties": {"source": source or workspace.id, "topicType": kind},
    }
    return in_group(workspace, f"Microsoft.EventGrid/systemTopics/{name}", "2025-02-15", body)


def schedule(workspace, name, properties):
    return workspace.call("PUT", f"/schedules/{name}", {"properties": properties})


@pytest.fixture(scope="module")
def asked(workspace):
    """The workspace with its one topic."""
    assert topic(workspace, "evgt-first").status_code == 201
    return workspace


def test_the_client_makes_lists_and_deletes_an_endpoint_without_traffic(workspace):
    name = endpoint_name()
    client = workspace.client(PLATFORM)
    made = client.run(
        "e = ManagedOnlineEndpoint(name=name, auth_mode='aad_token', description='trips')\n"
        "made = client.online_endpoints.begin_create_or_update(e).result()\n"
        "listed = [one.name for one in client.online_endpoints.list()]\n"
        "again = client.online_endpoints.get(name)\n"
        "result = [made.provisioning_state, again.auth_mode, again.traffic, again.scoring_uri, listed]",
        name=name,
    )
    state, mode, traffic, uri, listed = made
    assert (state, mode, traffic) == ("Succeeded", "aad_token", {})
    assert uri.startswith(workspace.twin.base), "scoring never leaves for the public cloud"
    assert name in listed
    client.run("client.online_endpoints.begin_delete(name).result()", name=name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.run("client.online_endpoints.get(name)", name=name)


def test_the_client_makes_and_deletes_a_batch_endpoint(workspace):
    name = endpoint_name("be")
    client = workspace.client(PLATFORM)
    made = client.run(
        "client.batch_endpoints.begin_create_or_update(BatchEndpoint(name=name)).result()\n"
        "result = [client.batch_endpoints.get(name).name, [b.name for b in client.batch_endpoints.list()]]\n"
        "client.batch_endpoints.begin_delete(name).result()",
        name=name,
    )
    assert made[0] == name
    assert name in made[1]


def test_deployments_of_batch_endpoints_are_refused_by_name(workspace):
    name = endpoint_name("be")
    body = {"location": "westeurope", "properties": {"authMode": "AADToken"}}
    workspace.twin.settle(workspace.call("PUT", f"/batchEndpoints/{name}", body))
    assert workspace.call("GET", f"/batchEndpoints/{name}/deployments").json() == {"value": []}
    for method, path in (("PUT", "/deployments/blue"), ("GET", "/deployments/blue")):
        reply = workspace.call(method, f"/batchEndpoints/{name}{path}", {} if method == "PUT" else None)
        refused(reply, 501, "NotEmulated", "not emulated:", f"deployments of batch endpoint '{name}'")


def test_an_endpoint_that_takes_tokens_has_no_keys_and_no_second_of_its_name(workspace):
    name = endpoint_name()
    body = {"location": "westeurope", "properties": {"authMode": "AADToken"}}
    workspace.twin.settle(workspace.call("PUT", f"/onlineEndpoints/{name}", body))
    for path in ("listKeys", "token"):
        reply = workspace.call("POST", f"/onlineEndpoints/{name}/{path}")
        refused(reply, 400, "UserError", "ask for an Entra token")


def test_an_endpoints_way_in_name_and_identity_are_for_life_and_traffic_needs_deployments(workspace):
    name = endpoint_name()
    path, body = (
        f"/onlineEndpoints/{name}",
        {"location": "westeurope", "properties": {"authMode": "AADToken"}},
    )
    workspace.twin.settle(workspace.call("PUT", path, body))
    keys = {"location": "westeurope", "properties": {"authMode": "Key"}}
    refused(workspace.call("PUT", path, keys), 409, "PropertyChangeNotAllowed", "authMode")
    busy = {"location": "westeurope", "properties": {"authMode": "AADToken", "traffic": {"blue": 100}}}
    refused(workspace.call("PUT", path, busy), 400, "UserError", "'blue'", "then the deployment")
    odd = {"location": "westeurope", "properties": {"authMode": "Password"}}
    refused(workspace.call("PUT", f"{path}x", odd), 400, "InvalidRequestContent", "authMode")


def test_the_client_lists_gets_and_disables_a_schedule(workspace):
    step = STEP | {"computeId": f"{workspace.id}/computes/cpu"}
    job = {"jobType": "Pipeline", "jobs": {"run": step}}
    action = {"action": {"actionType": "CreateJob", "jobDefinition": job}}
    assert schedule(workspace, "retrain-bus", RETRAIN | action).status_code in (200, 201)
    seen = workspace.client(PLATFORM).run(
        "one = client.schedules.get('retrain-bus')\n"
        "first = [one.name, one.is_enabled, one.trigger.expression, one.trigger.time_zone]\n"
        "client.schedules.begin_disable('retrain-bus').result()\n"
        "from azure.ai.ml._restclient.arm_ml_service.models import ScheduleListViewType\n"
        "names = [s.name for s in client.schedules.list(list_view_type=ScheduleListViewType.ALL)]\n"
        "result = [first, client.schedules.get('retrain-bus').is_enabled, names]"
    )
    assert seen[0] == ["retrain-bus", True, "0 3 * * 1", "UTC"]
    assert seen[1] is False
    assert "retrain-bus" in seen[2]


def test_a_schedule_is_triggered_by_hand_and_its_job_is_checked_as_any_other(workspace):
    assert schedule(workspace, "retrain-tram", RETRAIN).status_code in (200, 201)
    with pytest.raises(ClientError, match="component"):
        workspace.client(PLATFORM).run("result = client.schedules.trigger('retrain-tram').job_name")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"trigger": {"triggerType": "Cron", "expression": "daily"}}, "0 3 * * 1"),
        ({"trigger": {"triggerType": "Recurrence", "frequency": "Day", "interval": 0}}, "interval 0"),
        (
            {"action": {"actionType": "CreateJob", "jobDefinition": {"jobType": "Spark", "code": ""}}},
            "",
        ),
    ],
)
def test_a_schedule_that_could_never_run_is_refused(workspace, change, words):
    reply = schedule(workspace, "never", RETRAIN | change)
    assert reply.status_code == 400, reply.text
    assert words in reply.text


def test_a_monitor_of_a_deployment_that_is_not_there_is_refused(workspace):
    spark = {
        "computeType": "ServerlessSpark",
        "computeIdentity": {"computeIdentityType": "AmlToken"},
        "instanceType": "Standard_E4s_v3",
        "runtimeVersion": "3.4",
    }
    rows = {"inputDataType": "Fixed", "jobInputType": "mltable", "uri": "azureml://datastores/x/paths/y"}
    signal = {
        "signalType": "DataDrift",
        "productionData": rows,
        "referenceData": rows,
        "metricThresholds": [{"dataType": "Numerical", "metric": "JensenShannonDistance"}],
    }
    target = {"taskType": "Regression", "deploymentId": f"{workspace.id}/onlineEndpoints/x/deployments/blue"}
    definition = {"computeConfiguration": spark, "signals": {"drift": signal}, "monitoringTarget": target}
    action = {"actionType": "CreateMonitor", "monitorDefinition": definition}
    reply = schedule(workspace, "watch", RETRAIN | {"action": action})
    refused(reply, 400, "UserError", "deploymentId", "deploy first")


def test_a_source_has_one_topic_of_its_own_type(asked):
    refused(topic(asked, "evgt-second"), 409, "ResourceConflict", "one per source", "evgt-first")
    wrong = topic(asked, "evgt-third", kind="Microsoft.Storage.StorageAccounts", source=asked.storage_id)
    refused(wrong, 400, "InvalidRequest", "topicType")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"filter": {"includedEventTypes": [KIND.format("ModelLoved")]}}, "ModelRegistered"),
        ({"queue": "nowhere"}, "queue 'nowhere' is not in"),
        ({"identity": "UserAssigned"}, "give the topic that identity first"),
    ],
)
def test_a_subscription_names_events_an_identity_and_a_queue_that_there_are(asked, change, words):
    properties = {
        "filter": change.get("filter", {"includedEventTypes": [KIND.format("ModelRegistered")]}),
        "deliveryWithResourceIdentity": {
            "identity": {"type": change.get("identity", "SystemAssigned")},
            "destination": {
                "endpointType": "StorageQueue",
                "properties": {"resourceId": asked.storage_id, "queueName": change.get("queue", "ml-events")},
            },
        },
    }
    queue = f"{asked.storage_id}/queueServices/default/queues/ml-events"
    assert asked.twin.call("PUT", f"{queue}?api-version=2024-01-01", {"properties": {}}).status_code < 300
    path = "Microsoft.EventGrid/systemTopics/evgt-first/eventSubscriptions/to-events"
    reply = in_group(asked, path, "2025-02-15", {"properties": properties})
    refused(reply, 400, "InvalidRequest", words)


def test_autoscale_of_a_deployment_that_is_not_there_is_refused(workspace):
    target = f"{workspace.id}/onlineEndpoints/oe-x/deployments/blue"
    capacity = {"minimum": "2", "maximum": "10", "default": "2"}
    properties = {
        "targetResourceUri": target,
        "profiles": [{"name": "week", "capacity": capacity, "rules": []}],
    }
    body = {"location": workspace.twin.location, "properties": properties}
    reply = in_group(workspace, "Microsoft.Insights/autoscalesettings/as-x", "2021-05-01-preview", body)
    assert reply.status_code in (400, 404), reply.text
    assert "blue" in reply.text
    capacity["maximum"] = "1"
    properties["targetResourceUri"] = workspace.id
    reply = in_group(workspace, "Microsoft.Insights/autoscalesettings/as-x", "2021-05-01-preview", body)
    refused(reply, 400, "BadRequest", "minimum 2, default 2, maximum 1")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"severity": 7}, "allowed: 0 to 4"),
        ({"evaluationFrequency": "PT15M", "windowSize": "PT5M"}, "shorter than the frequency"),
        ({"windowSize": "PT2M"}, "PT1M, PT5M"),
        ({"actions": [{"actionGroupId": "/subscriptions/x"}]}, "actionGroupId"),
    ],
)
def test_an_alert_that_azure_would_refuse_is_refused(workspace, change, words):
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "failed",
        "metricName": "Failed Runs",
        "operator": "GreaterThan",
        "threshold": 0,
        "timeAggregation": "Total",
    }
    single = "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"
    properties = {
        "severity": 3,
        "enabled": True,
        "scopes": [workspace.id],
        "evaluationFrequency": "PT1M",
        "windowSize": "PT5M",
        "criteria": {"odata.type": single, "allOf": [criterion]},
    }
    body = {"location": "global", "properties": properties | change}
    reply = in_group(workspace, "Microsoft.Insights/metricAlerts/alert-x", "2018-03-01", body)
    assert reply.status_code == 400, reply.text
    assert words in reply.text


def test_an_action_group_has_a_short_name_and_each_receiver_once(workspace):
    path, version = "Microsoft.Insights/actionGroups/ag-x", "2024-10-01-preview"
    long = {"location": "global", "properties": {"groupShortName": "far too long a name", "enabled": True}}
    refused(in_group(workspace, path, version, long), 400, "BadRequest", "1 to 12 characters")
    one = {"name": "us", "emailAddress": "a@example.org"}
    twice = {"groupShortName": "us", "enabled": True, "emailReceivers": [one, one | {"name": "US"}]}
    body = {"location": "global", "properties": twice}
    refused(in_group(workspace, path, version, body), 400, "BadRequest", "given twice")
