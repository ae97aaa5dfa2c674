"""What serves and what reacts: endpoints, autoscale, schedules, monitors, events, alerts, dashboards."""

import copy
import functools
import json

import pytest
import yaml

from checks.catalogue.resource_types import resource_types
from checks.catalogue.roles import role_named
from checks.catalogue.schemas import input_problems, schema_of
from infra.own_roles import OWN_ROLES
from infra.program import build
from infra.rights.table import Role
from infra.stackfile.files import read
from tests.infra.conftest import ROOT, declare, declared, settings_of

ENVIRONMENTS = ("dev", "staging", "prod")
OURS = {
    "ActionGroup",
    "AutoscaleSetting",
    "AzureMonitorWorkspace",
    "BatchEndpoint",
    "Dashboard",
    "DashboardDefinition",
    "DataCollectionEndpoint",
    "DataCollectionRule",
    "Grafana",
    "MetricAlert",
    "OnlineEndpoint",
    "Queue",
    "Schedule",
    "SystemTopic",
    "SystemTopicEventSubscription",
    "Workbook",
    "Workflow",
}


@functools.cache
def everything():
    """Dev with each part of serving and watching turned on: deployments, vault, connections, dashboards."""
    config = copy.deepcopy(yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"])
    config = json.loads(json.dumps(config, default=str))
    taxi = config["twinloop:endpoints"]["online"][0]
    taxi |= {
        "readsConnections": True,
        "readsSecrets": True,
        "deployments": [
            {"name": "blue", "minInstances": 2, "maxInstances": 10, "weekendInstances": 1},
            {"name": "green", "minInstances": 1, "maxInstances": 2},
        ],
    }
    config["twinloop:monitors"][0]["deployment"] = "blue"
    config["twinloop:monitors"][0]["task"] = "Classification"
    config["twinloop:dashboards"] = {"grafana": {"sku": "Standard"}, "workbook": True, "dashboard": True}
    settings = read(config, source="Pulumi.dev.yaml", stack="dev")
    return declare(lambda: build(settings)), settings


@functools.cache
def watched():
    """Prod, whose cluster is asked by Prometheus."""
    config = json.loads(
        json.dumps(yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"], default=str)
    )
    config["twinloop:dashboards"] = {"prometheus": True, "grafana": {"sku": "Standard"}}
    settings = read(config, source="Pulumi.prod.yaml", stack="prod")
    return declare(lambda: build(settings))


def granted(engine, who):
    """Role ids and scopes of whoever's rows begin with this word."""
    return {
        (row.inputs["roleDefinitionId"].rpartition("/")[2], row.inputs["scope"].rpartition("/")[2])
        for row in engine.of(":RoleAssignment")
        if row.name.startswith(f"{who}-")
    }


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_an_endpoint_has_an_identity_of_its_own_and_takes_entra_tokens_only(stack):
    engine, names = declared(stack), settings_of(stack).names
    endpoints = [*engine.of(":OnlineEndpoint"), *engine.of(":BatchEndpoint")]
    identities = [one.inputs["identity"] for one in endpoints]
    assert len(endpoints) == 2
    assert {one["type"] for one in identities} == {"UserAssigned"}
    assert len({tuple(one["userAssignedIdentities"]) for one in identities}) == 2
    assert {one.inputs["properties"]["authMode"] for one in endpoints} == {"AADToken"}
    assert {one.inputs["endpointName"] for one in endpoints} == {
        names.physical("online_endpoint", "taxi"),
        names.physical("batch_endpoint", "trips"),
    }


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_deployments_and_traffic_are_left_to_whoever_rolls_out(stack):
    engine = declared(stack)
    assert engine.of(":OnlineDeployment") == engine.of(":BatchDeployment") == []
    assert not {"traffic", "mirrorTraffic"} & engine.one(":OnlineEndpoint")["properties"].keys()
    assert set(engine.request("endpoint-online-taxi").ignoreChanges) == {
        "properties.traffic",
        "properties.mirrorTraffic",
    }


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_an_endpoint_of_an_isolated_environment_answers_inside_only(stack):
    assert declared(stack).one(":OnlineEndpoint")["properties"]["publicNetworkAccess"] == "Disabled"


def test_an_endpoint_may_read_images_and_models_and_more_only_where_settings_ask():
    names = settings_of("dev").names
    plain = {
        (role_named("AcrPull").guid, names.images),
        (role_named("Storage Blob Data Reader").guid, names.storage),
        (role_named("AzureML Metrics Writer (preview)").guid, names.workspace),
        (role_named("Storage Blob Data Contributor").guid, "monitoring"),  # collectsData
    }
    assert granted(declared("dev"), "endpoint-taxi") == plain
    engine, _ = everything()
    assert granted(engine, "endpoint-taxi") - plain == {
        (role_named("Azure Machine Learning Workspace Connection Secrets Reader").guid, names.workspace),
        (role_named("Key Vault Secrets User").guid, names.vault),
    }


def test_a_deployment_scales_once_it_is_named_and_not_before():
    assert declared("prod").of(":AutoscaleSetting") == []
    engine, settings = everything()
    blue = engine.one(":AutoscaleSetting", "autoscale-taxi-blue")
    assert blue["targetResourceUri"] == settings.names.deployment_id("taxi", "blue")
    assert engine.waits_for("autoscale-taxi-blue") >= {"endpoint-online-taxi"}
    week, weekend = blue["profiles"]
    assert (week["capacity"]["minimum"], weekend["capacity"]["minimum"]) == ("2", "1")
    assert week["recurrence"]["schedule"]["days"] == ["Monday"]
    assert weekend["recurrence"]["schedule"]["days"] == ["Saturday"]
    rules = [
        (
            rule["metricTrigger"]["metricName"],
            rule["metricTrigger"]["operator"],
            rule["metricTrigger"]["threshold"],
            rule["scaleAction"]["direction"],
            rule["scaleAction"]["value"],
        )
        for rule in week["rules"]
    ]
    assert rules == [
        ("CpuUtilizationPercentage", "GreaterThan", 70, "Increase", "2"),
        ("CpuUtilizationPercentage", "LessThan", 25, "Decrease", "1"),
        ("RequestLatency", "GreaterThan", 2000, "Increase", "1"),
    ]


def test_a_deployment_that_works_all_week_has_one_profile():
    engine, _ = everything()
    (only,) = engine.one(":AutoscaleSetting", "autoscale-taxi-green")["profiles"]
    assert "recurrence" not in only


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_a_schedule_runs_a_registered_component_by_id_and_waits_for_its_endpoint(stack):
    engine, settings = declared(stack), settings_of(stack)
    schedule = engine.one(":Schedule", "schedule-retrain-taxi")["properties"]
    step = schedule["action"]["jobDefinition"]["jobs"]["run"]
    registry = settings.shared_names.registry
    assert step["componentId"] == f"azureml://registries/{registry}/components/retrain_taxi/versions/1"
    assert step["computeId"] == f"{settings.names.workspace_id}/computes/cpu"
    assert schedule["trigger"]["expression"] == "0 3 * * 1"
    assert "endpoint-online-taxi" in engine.waits_for("schedule-retrain-taxi")


def test_nothing_runs_by_the_clock_before_there_is_something_to_run():
    for stack in ENVIRONMENTS:
        for schedule in declared(stack).of(":Schedule"):
            assert schedule.inputs["properties"]["isEnabled"] is False, f"{stack}: {schedule.name}"


def test_a_monitor_compares_on_serverless_spark_and_mails_somebody():
    action = declared("prod").one(":Schedule", "schedule-watch-taxi")["properties"]["action"]
    monitor = action["monitorDefinition"]
    assert action["actionType"] == "CreateMonitor"
    assert monitor["computeConfiguration"]["computeType"] == "ServerlessSpark"
    assert monitor["alertNotificationSettings"]["emailNotificationSettings"]["emails"]
    assert set(monitor["signals"]) == {"data-drift", "prediction-drift", "data-quality"}
    assert "deploymentId" not in monitor["monitoringTarget"], "there is none before the first roll-out"


def test_a_monitor_of_a_deployment_names_it_and_measures_classes_as_classes():
    engine, settings = everything()
    monitor = engine.one(":Schedule", "schedule-watch-taxi")["properties"]["action"]["monitorDefinition"]
    assert monitor["monitoringTarget"]["deploymentId"] == settings.names.deployment_id("taxi", "blue")
    (bound,) = monitor["signals"]["prediction-drift"]["metricThresholds"]
    assert bound["dataType"] == "Categorical"


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_events_are_delivered_by_the_topics_own_identity_once_it_may_write(stack):
    engine = declared(stack)
    for word, queue in (("to-events", "events"), ("to-retrain", "retrain")):
        delivery = engine.one(":SystemTopicEventSubscription", f"events-{word}")
        by = delivery["deliveryWithResourceIdentity"]
        assert by["identity"]["type"] == "SystemAssigned", "Event Grid passes a firewall by no other"
        assert by["destination"]["queueName"] == f"ml-{queue}"
        assert f"topic-queue-sender-{queue}-queue" in engine.waits_for(f"events-{word}")
    sender = engine.one(":RoleAssignment", "topic-queue-sender-events-queue")
    assert sender["principalId"] == "principal-of-events-topic"
    assert sender["scope"].endswith("/queueServices/default/queues/ml-events"), "of one queue only"


def test_the_retrain_handler_hears_of_broken_bounds_only():
    chosen = declared("prod").one(":SystemTopicEventSubscription", "events-to-retrain")["filter"]
    assert chosen["includedEventTypes"] == ["Microsoft.MachineLearningServices.RunStatusChanged"]
    (tag,) = chosen["advancedFilters"]
    assert tag["key"] == "data.RunTags.azureml_modelmonitor_threshold_breached"


def test_the_retrain_handler_submits_and_can_do_nothing_else():
    actions = OWN_ROLES[Role.RETRAIN_SUBMITTER].actions
    assert not [action for action in actions if "*" in action or "delete" in action]
    writes = [action for action in actions if not action.endswith("/read")]
    assert {action.split("/workspaces/")[1] for action in writes} == {
        "experiments/write",
        "experiments/runs/write",
        "experiments/runs/submit/action",
        "jobs/write",
    }
    names = settings_of("prod").names
    scopes = {scope for _, scope in granted(declared("prod"), "retrain")}
    assert scopes == {"ml-retrain", names.workspace, settings_of("prod").shared_names.registry}


def test_the_retrain_handler_deletes_an_event_only_after_its_job_was_accepted_and_starts_one_job_for_it():
    flow = declared("prod").one(":Workflow")["definition"]
    inner = flow["actions"]["when-there-is-one"]["actions"]
    assert inner["delete"]["runAfter"] == {"submit": ["Succeeded"]}
    assert "MessageId" in inner["submit"]["inputs"]["uri"], "read twice is run once"
    calls = [flow["actions"]["take"], *inner.values()]
    assert {call["inputs"]["authentication"]["type"] for call in calls} == {"ManagedServiceIdentity"}


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_the_standard_alerts_have_the_severities_of_the_settings_and_tell_the_action_group(stack):
    engine, severity = declared(stack), settings_of(stack).alerts.severity
    found = {}
    for alert in engine.of(":MetricAlert"):
        (criterion,) = alert.inputs["criteria"]["allOf"]
        found[criterion["metricName"]] = alert.inputs["severity"]
        assert alert.inputs["actions"] == [{"actionGroupId": "alerting-group-id"}]
    assert found["Failed Runs"] == severity.failed_runs
    assert found["Not Responding Runs"] == severity.not_responding_runs
    assert found["Unusable Nodes"] == severity.unusable_nodes
    assert found["Model Deploy Failed"] == severity.model_deploy_failed
    assert found["Quota Utilization Percentage"] == severity.quota_utilization
    assert {"RequestLatency_P95", "RequestsPerMinute"} <= set(found)


def test_server_errors_are_told_from_other_answers():
    alert = declared("prod").one(":MetricAlert", "alert-taxi-server-errors")
    (criterion,) = alert["criteria"]["allOf"]
    (dimension,) = criterion["dimensions"]
    assert (dimension["name"], dimension["values"]) == ("statusCodeClass", ["5xx"])


def test_a_named_deployment_is_watched_too():
    engine, settings = everything()
    target = settings.names.deployment_id("taxi", "blue")
    hot = [alert.inputs for alert in engine.of(":MetricAlert") if alert.inputs["scopes"] == [target]]
    assert {alert["criteria"]["allOf"][0]["metricName"] for alert in hot} == {
        "CpuUtilizationPercentage",
        "CpuMemoryUtilizationPercentage",
        "DiskUtilization",
    }


def test_dashboards_are_off_unless_settings_ask():
    for stack in ENVIRONMENTS:
        engine = declared(stack)
        assert engine.of("dashboard:Grafana") == engine.of(":Workbook") == []
        assert engine.of(":AzureMonitorWorkspace") == engine.of("dashboard:Dashboard") == []


def test_the_dashboard_and_the_workbook_name_this_environment_and_leave_no_word_open():
    engine, settings = everything()
    board = engine.one(":DashboardDefinition")["properties"]["serializedData"]
    book = engine.one(":Workbook")["serializedData"]
    for text in (board, book):
        assert "@" not in json.dumps(json.loads(text))
    assert settings.names.workspace in board
    assert settings.names.logs_id in book


def test_grafana_looks_by_its_own_identity_and_people_only_look():
    engine, settings = everything()
    assert engine.one("dashboard:Grafana")["properties"]["apiKey"] == "Disabled"
    assert granted(engine, "grafana") == {
        (role_named("Monitoring Reader").guid, settings.names.resource_group)
    }
    viewers = {row.name for row in engine.of(":RoleAssignment") if "grafana-viewer" in row.name}
    assert viewers == {
        f"{group}-grafana-viewer-grafana"
        for group in ("data-scientists", "ml-engineers", "platform-admins", "auditors")
    }


def test_prometheus_takes_the_metrics_of_the_cluster_inside_of_the_network():
    engine, names = watched(), settings_of("prod").names
    assert engine.one(":AzureMonitorWorkspace")["publicNetworkAccess"] == "Disabled"
    (flow,) = engine.one(":DataCollectionRule")["dataFlows"]
    assert flow["streams"] == ["Microsoft-PrometheusMetrics"]
    association = engine.one(":DataCollectionRuleAssociation")
    assert association["resourceUri"] == "cluster-aks-id"
    reader = (role_named("Monitoring Data Reader").guid, names.physical("prometheus"))
    assert reader in granted(engine, "grafana")


@pytest.mark.parametrize("make", [lambda: everything()[0], watched, lambda: declared("staging")])
def test_whatever_is_declared_here_is_a_body_that_azure_knows(make):
    for resource in make().declared:
        if resource.typ.rpartition(":")[2] in OURS:
            schema = schema_of(resource_types()[resource.typ].arm_type)
            assert input_problems(schema, resource.inputs) == [], resource.name
