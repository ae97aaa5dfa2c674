"""What settings of serving and watching refuse: each with the key, what is allowed, and what to type next."""

import pytest

from tests.infra.test_settings_refusals import change, refusals

EVERY = {"frequency": "Day", "interval": 1}
RUN = {
    "component": {"source": "registry", "name": "x", "version": "1"},
    "cluster": "build",
    "experiment": "x",
}
HOT = {"name": "blue", "minInstances": 2, "maxInstances": 10}

ONE = [
    # stack, path, given; key, part of what is said, part of the next step
    ("dev", "alerts.emails", [], "twinloop:alerts.emails", "at least 1", "edit"),
    (
        "dev",
        "alerts.emails",
        ["a@b.example", "A@b.example"],
        "twinloop:alerts",
        "each address of emails once",
        "edit",
    ),
    (
        "dev",
        "alerts.severity.failedRuns",
        5,
        "twinloop:alerts.severity.failedRuns",
        "at least 0 and at most 4",
        "3",
    ),
    (
        "dev",
        "alerts.severity.quotaUtilization",
        None,
        "twinloop:alerts.severity.quotaUtilization",
        "is missing",
        "3",
    ),
    ("shared", "alerts.severity", {}, "twinloop:alerts.severity", "is not a known key", "config rm"),
    (
        "dev",
        "endpoints.publicAccess",
        "Open",
        "twinloop:endpoints.publicAccess",
        "'Enabled' or 'Disabled'",
        "Disabled",
    ),
    (
        "prod",
        "endpoints.publicAccess",
        "Enabled",
        "twinloop:endpoints.publicAccess",
        "network.publicAccess is Disabled",
        "Disabled",
    ),
    (
        "dev",
        "endpoints.online[0].name",
        "Taxi",
        "twinloop:endpoints.online[0].name",
        "lower-case letters",
        "config set",
    ),
    ("dev", "endpoints.batch[0].name", "taxi", "twinloop:endpoints", "'taxi' is given 2 times", "edit"),
    (
        "dev",
        "endpoints.online[0].maxLatencyMilliseconds",
        1,
        "twinloop:endpoints.online[0].maxLatencyMilliseconds",
        "at least 10",
        "500",
    ),
    (
        "dev",
        "endpoints.online[0].authMode",
        "Key",
        "twinloop:endpoints.online[0].authMode",
        "is not a known key",
        "config rm",
    ),
    (
        "dev",
        "endpoints.online[0].deployments",
        [HOT, HOT],
        "twinloop:endpoints.online[0]",
        "each name of deployments once",
        "edit",
    ),
    (
        "dev",
        "endpoints.online[0].deployments",
        [HOT | {"maxInstances": 2}],
        "twinloop:endpoints.online[0].deployments[0]",
        "nothing to scale",
        "edit",
    ),
    (
        "dev",
        "endpoints.online[0].deployments",
        [HOT | {"weekendInstances": 5}],
        "twinloop:endpoints.online[0].deployments[0]",
        "at most minInstances 2",
        "edit",
    ),
    (
        "dev",
        "schedules[0].cron",
        "0 3 1 * *",
        "twinloop:schedules[0].cron",
        "ignores days of the month",
        "0 3 * * 1",
    ),
    ("dev", "schedules[0].cron", "daily", "twinloop:schedules[0].cron", "for Mondays at three", "0 3 * * 1"),
    ("dev", "schedules[0].cron", None, "twinloop:schedules[0]", "either cron or recurrence", "edit"),
    ("dev", "schedules[0].recurrence", EVERY, "twinloop:schedules[0]", "either cron or recurrence", "edit"),
    ("dev", "schedules[0].endpoint", "bus", "twinloop:schedules[0].endpoint", "taxi, trips", "taxi"),
    (
        "dev",
        "schedules[0].run.cluster",
        "build",
        "twinloop:schedules[0].run.cluster",
        "purpose training",
        "cpu",
    ),
    (
        "dev",
        "schedules[0].run.component.source",
        "disk",
        "twinloop:schedules[0].run.component.source",
        "'registry' or 'workspace'",
        "registry",
    ),
    ("dev", "schedules[0].name", "watch-taxi", "twinloop:schedules", "each name once", "rename"),
    ("dev", "monitors[0].endpoint", "trips", "twinloop:monitors[0].endpoint", "an online endpoint", "taxi"),
    ("dev", "monitors[0].emails", [], "twinloop:monitors[0].emails", "at least 1", "edit"),
    (
        "dev",
        "monitors[0].instanceType",
        "Standard_DS3_v2",
        "twinloop:monitors[0].instanceType",
        "Standard_E4s_v3",
        "Standard_E4s_v3",
    ),
    (
        "dev",
        "monitors[0].production.path",
        "abfss://x",
        "twinloop:monitors[0].production.path",
        "azureml://datastores",
        "config set",
    ),
    (
        "dev",
        "monitors[0].dataDrift.threshold",
        0,
        "twinloop:monitors[0].dataDrift.threshold",
        "more than 0",
        "0.1",
    ),
    (
        "dev",
        "events.kinds",
        ["ModelRegistered", "ModelRegistered"],
        "twinloop:events",
        "each of kinds once",
        "edit",
    ),
    (
        "dev",
        "events.kinds",
        ["DatasetDriftDetected"],
        "twinloop:events.kinds[0]",
        "'ModelRegistered'",
        "ModelRegistered",
    ),
    ("dev", "events.keepDays", 31, "twinloop:events.keepDays", "at least 1 and at most 30", "7"),
    ("dev", "events.retrain.run", RUN, "twinloop:events.retrain.run.cluster", "purpose training", "cpu"),
    ("dev", "dashboards", {}, "twinloop:dashboards", "at least one of prometheus", "edit"),
    (
        "dev",
        "dashboards",
        {"prometheus": True},
        "twinloop:dashboards.prometheus",
        "twinloop:kubernetes only",
        "false",
    ),
    (
        "dev",
        "dashboards",
        {"grafana": {"sku": "Free"}},
        "twinloop:dashboards.grafana.sku",
        "'Standard' or 'Essential'",
        "Standard",
    ),
]


@pytest.mark.parametrize("row", ONE, ids=lambda row: f"{row[1]} {row[4]}"[:70])
def test_a_bad_value_is_refused_with_key_allowed_and_next_step(config, row):
    stack, path, given, key, said, next_step = row
    found = [problem for problem in refusals(change(config(stack), path, given), stack) if problem.key == key]
    assert found, f"nothing is said of {key}"
    assert any(said in str(problem) and next_step in problem.next_step for problem in found), [
        str(problem) for problem in found
    ]


def test_a_monitor_that_looks_for_nothing_is_refused(config):
    document = config("dev")
    for signal in ("dataDrift", "predictionDrift", "dataQuality"):
        del document["twinloop:monitors"][0][signal]
    assert "at least one of dataDrift" in "\n".join(str(problem) for problem in refusals(document))


def test_schedules_without_any_endpoint_are_refused_with_the_command_that_takes_them_away(config):
    document = change(config("dev"), "endpoints", None)
    (problem,) = [one for one in refusals(document) if one.key == "twinloop:schedules[0].endpoint"]
    assert "there is none" in str(problem)
    assert "twinloop:schedules" in problem.next_step
