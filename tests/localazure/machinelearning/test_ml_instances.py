"""Compute instances: made for one person by the client, started and stopped, and stopped by themselves."""

from __future__ import annotations

import pytest

ACT = "/computes/{}/{}"


def instance(workspace, name, **properties):
    inner = {"vmSize": "Standard_F2s_v2", "idleTimeBeforeShutdown": "PT30M", **properties}
    body = {"location": "westeurope", "properties": {"computeType": "ComputeInstance", "properties": inner}}
    return workspace.call("PUT", f"/computes/{name}", body)


def shown(workspace, name):
    return workspace.call("GET", f"/computes/{name}").json()["properties"]["properties"]


@pytest.fixture
def slow(make_twin, new_workspace):
    """A workspace whose time the test moves."""
    return new_workspace(make_twin("--manual-clock"))


STOP_AT_SEVEN = {
    "computeStartStop": [
        {
            "action": "Stop",
            "triggerType": "Cron",
            "cron": {"expression": "0 19 * * *", "timeZone": "UTC", "startTime": "2026-01-01T00:00:00"},
        }
    ]
}


def test_the_client_makes_starts_stops_restarts_and_deletes_an_instance(workspace, name):
    client = workspace.client("infra-engineer")
    made = client.run(
        "c = client.compute.begin_create_or_update(ComputeInstance(name=n, size='Standard_F2s_v2', "
        "idle_time_before_shutdown_minutes=30, enable_node_public_ip=False)).result(); "
        "result = [c.name, c.size, c.state, c.idle_time_before_shutdown_minutes, "
        "c.last_operation is not None]",
        n=name,
    )
    assert made == [name, "Standard_F2s_v2", "Running", 30, True]
    for verb, state in (("stop", "Stopped"), ("start", "Running"), ("restart", "Running")):
        client.run(f"client.compute.begin_{verb}(n).wait()", n=name)
        assert client.run("result = client.compute.get(n).state", n=name) == state
    client.run("client.compute.begin_delete(n).wait()", n=name)
    assert workspace.call("GET", f"/computes/{name}").status_code == 404


def test_an_instance_stops_after_its_idle_time_and_by_its_schedule(slow):
    assert instance(slow, "idle").status_code == 201
    assert instance(slow, "daily", idleTimeBeforeShutdown=None, schedules=STOP_AT_SEVEN).status_code == 201
    slow.twin.advance(29 * 60)
    assert shown(slow, "idle")["state"] == "Running"
    slow.twin.advance(2 * 60)
    stopped = shown(slow, "idle")
    assert (stopped["state"], stopped["lastOperation"]["operationTrigger"]) == ("Stopped", "IdleShutdown")
    slow.twin.advance(24 * 3600)
    slow.twin._tokens.clear()  # they have expired
    stopped = shown(slow, "daily")
    assert (stopped["state"], stopped["lastOperation"]["operationTrigger"]) == ("Stopped", "Schedule")
    assert "T19:00:00" in stopped["lastOperation"]["operationTime"]
    slow.twin.settle(slow.call("POST", "/computes/idle/start"))
    slow.twin.advance(60)
    assert shown(slow, "idle")["state"] == "Running"
    slow.twin.restart()
    assert shown(slow, "idle")["state"] == "Running", "and a restart of the twin does not forget it"


def test_a_stopped_instance_refuses_jobs_with_what_to_type(workspace, name):
    workspace.twin.settle(instance(workspace, name))
    workspace.twin.settle(workspace.call("POST", f"/computes/{name}/stop"))
    body = {
        "properties": {
            "jobType": "Command",
            "command": "true",
            "computeId": f"{workspace.id}/computes/{name}",
            "environmentId": "azureml://registries/azureml/environments/sklearn-1.5/versions/1",
        }
    }
    reply = workspace.call("PUT", f"/jobs/{name}", body)
    assert reply.status_code == 400, reply.text
    message = reply.json()["error"]["message"]
    assert "is in state Stopped" in message
    assert f"begin_start('{name}')" in message


def test_what_is_asked_of_an_instance_in_a_wrong_state_is_refused(workspace, name):
    workspace.twin.settle(instance(workspace, name))
    reply = workspace.call("POST", f"/computes/{name}/start")
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "ComputeInstanceInvalidState")
    assert workspace.call("POST", f"/computes/{name}/stop", persona="nobody").status_code == 403


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"idleTimeBeforeShutdown": "PT5M"}, "PT15M to P3D"),
        ({"idleTimeBeforeShutdown": "30 minutes"}, "is not a duration"),
        ({"schedules": {"computeStartStop": [{"action": "Halt"}]}}, "allowed: Start, Stop"),
        (
            {"schedules": {"computeStartStop": [{"action": "Stop", "cron": {"expression": "0 25 * * *"}}]}},
            "hour '25' is not within 0 to 23",
        ),
        (
            {"personalComputeInstanceSettings": {"assignedUser": {"objectId": "a", "tenantId": "b"}}},
            "tenantId of this tenant",
        ),
    ],
)
def test_what_azure_would_refuse_of_an_instance_is_refused(workspace, name, changed, words):
    reply = instance(workspace, name, **changed)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_the_name_of_an_instance_is_taken_in_the_whole_region(workspace, new_workspace, name):
    workspace.twin.settle(instance(workspace, name))
    other = new_workspace(workspace.twin)
    reply = instance(other, name)
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "ComputeInstanceNameAlreadyExists")
