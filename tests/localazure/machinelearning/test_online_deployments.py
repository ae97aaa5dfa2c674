"""Online deployments that run: made, asked, replaced, watched and ended, by Azure ML's own client."""

from __future__ import annotations

import json
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import httpx
import pytest

from tests.localazure.conftest import LOCATION, refused
from tests.localazure.machinelearning.conftest import ClientError
from tests.localazure.machinelearning.serving import (
    ASKED,
    AUDIENCE,
    DEPLOYER,
    ENDPOINT,
    MAKE,
    SCORE,
    ask,
    client,
    endpoint,
    files,
    gone,
    green,
    traffic,
    watched,
    workspace,
)

__all__ = ["ask", "client", "endpoint", "files", "green", "watched", "workspace"]
INVOKE = "result = client.online_endpoints.invoke(endpoint, request_file=file, deployment_name=deployment)"


def test_an_mlflow_model_is_deployed_without_code_and_answers(client, endpoint, tmp_path):
    assert (endpoint["state"], endpoint["traffic"]) == ("Succeeded", {"blue": 100})
    (tmp_path / "request.json").write_text(json.dumps(ASKED))
    answer = client.run(INVOKE, endpoint=ENDPOINT, file=str(tmp_path / "request.json"), deployment=None)
    assert json.loads(answer) == [0, 2]


@pytest.mark.parametrize(
    ("given", "words"), [({"rows": []}, "input_data is missing"), ({"input_data": {"columns": ["x"]}}, "")]
)
def test_a_request_that_the_model_cannot_read_is_told_so(ask, given, words):
    reply = ask(given)
    assert (reply.status_code, reply.headers["ms-azureml-model-error-statuscode"]) == (424, "400")
    assert words in reply.json()["error"]["message"]


def test_only_a_token_for_azure_ml_whose_holder_may_score_is_let_in(ask):
    assert ask(ASKED).status_code == 200
    refused(
        ask(ASKED, persona="auditor"), 401, "Unauthorized", "onlineEndpoints/score/action", "Data Scientist"
    )
    refused(
        ask(ASKED, audience="https://management.azure.com"), 401, "Unauthorized", f"get one for '{AUDIENCE}'"
    )
    refused(ask(ASKED, key="nonsense"), 401, "Unauthorized", "does not verify")


def test_a_script_has_its_model_its_variables_its_headers_and_its_endpoints_identity(ask, endpoint, green):
    reply = ask({}, deployment="green", **{"x-trace": "7"})
    answer = reply.json()
    assert reply.headers["azureml-model-deployment"] == "green"
    assert (answer["greeting"], answer["word"], answer["trace"]) == ("good morning", "hello", "7")
    assert answer["as"] == endpoint["identity"]


def test_what_a_script_prints_and_raises_is_in_its_log(client, ask, green):
    refused(ask({"fail": True}, deployment="green"), 424, "ModelError", "answered 500", "Check the logs")
    logs = client.run(
        "get = client.online_deployments.get_logs\n"
        "result = [get('green', e, 50), get('green', e, 50, container_type='storage-initializer')]",
        e=ENDPOINT,
    )
    assert "the model is read" in logs[0]
    assert "ValueError: no such flower" in logs[0]
    assert "greeting" in logs[1]


def test_more_requests_at_once_than_twice_the_setting_are_refused(ask, green, tmp_path):
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(ask, {"gate": str(tmp_path / "gate")}, deployment="green") for _ in range(3)]
        done, waiting = wait(asked, return_when=FIRST_COMPLETED)
        refused(
            done.pop().result(), 429, "TooManyPendingRequests", "(2, ", "maxConcurrentRequestsPerInstance"
        )
        (tmp_path / "gate").touch()
        assert [one.result().status_code for one in waiting] == [200, 200]


def test_a_time_out_is_changed_without_a_new_process_and_then_holds(workspace, ask, green, tmp_path):
    before = ask({}, deployment="green").json()["pid"]
    body, gate = workspace.call("GET", green).json(), tmp_path / "gate"
    for timeout in ("PT0.3S", "PT60S"):
        body["properties"]["requestSettings"]["requestTimeout"] = timeout
        workspace.twin.settle(workspace.call("PUT", green, body))
        if not gate.exists():
            reply = ask({"gate": str(gate)}, deployment="green")
            refused(reply, 408, "RequestTimeout", "requestSettings.requestTimeout")
            gate.touch()
    assert ask({}, deployment="green").json()["pid"] == before


def test_traffic_goes_where_the_shares_say_and_shares_must_fit(workspace, ask, green):
    assert traffic(workspace, blue=0, green=100).status_code < 300
    assert ask({}).json()["greeting"] == "good morning"
    assert ask(ASKED, deployment="blue").json() == [0, 2], "whoever names a deployment gets it"
    refused(traffic(workspace, green=60), 400, "UserError", "add up to 60", "allowed: 100")
    refused(traffic(workspace, red=100), 400, "UserError", "'red' is not there", "blue, green")
    assert traffic(workspace).status_code < 300
    refused(ask({}), 404, "NotFound", "no deployment has traffic")
    refused(ask({}, deployment="red"), 404, "NotFound", "'red' is not there")


def test_a_mirror_is_asked_and_its_answer_dropped(workspace, ask, green, tmp_path):
    path = f"/onlineEndpoints/{ENDPOINT}"
    body = workspace.call("GET", path).json()
    body["properties"] |= {"traffic": {"blue": 100}, "mirrorTraffic": {"green": 60}}
    refused(workspace.call("PUT", path, body), 400, "UserError", "one deployment, at most 50")
    body["properties"]["mirrorTraffic"] = {"green": 50}
    workspace.twin.settle(workspace.call("PUT", path, body))
    log = f"{workspace.id}{path}/deployments/green/getLogs?api-version=2025-12-01"
    while "asked mirrored" not in workspace.twin.call("POST", log, {"tail": 50}).json()["content"]:
        assert ask(ASKED | {"mark": "mirrored"}).json() == [0, 2]
    body["properties"]["mirrorTraffic"] = {}
    workspace.twin.settle(workspace.call("PUT", path, body))


def test_a_page_shows_endpoints_with_traffic_and_log_to_those_who_may_read_them(workspace, endpoint, green):
    twin = workspace.twin
    with httpx.Client(base_url=twin.base, verify=False, trust_env=False) as browser:  # noqa: S501 - as a person
        for persona, shown in ((DEPLOYER, True), ("auditor", False)):
            headers = {"Authorization": f"Bearer {twin.admin_key}"}
            wanted = {"persona": persona, "to": "/studio/endpoints"}
            address = browser.post("/_twin/studio", json=wanted, headers=headers).json()["url"]
            page = browser.get(address, follow_redirects=True).text
            assert endpoint["uri"] in page
            assert "<td>Succeeded</td><td>100 %</td>" in page
            assert ("asked None" in page) is shown


def test_what_has_traffic_cannot_be_deleted(workspace, endpoint):
    assert traffic(workspace, blue=100).status_code < 300
    reply = workspace.call("DELETE", f"/onlineEndpoints/{ENDPOINT}/deployments/blue")
    refused(reply, 409, "UserError", "100 % of the traffic", "--traffic blue=0")


def test_a_broken_script_fails_its_deployment_with_the_reason_and_can_be_mended(client, endpoint, files):
    code = Path(files["folder"])
    (code / "score.py").write_text(
        "def init():\n    raise RuntimeError('no weights')\n\ndef run(data):\n    pass\n"
    )
    with pytest.raises(ClientError, match=r"ResourceNotReady[\s\S]*no weights"):
        client.run(MAKE, name="red", **files)
    told = client.run(
        "d = client.online_deployments.get('red', e)\n"
        "result = [d.provisioning_state, client.online_deployments.get_logs('red', e, 20)]",
        e=ENDPOINT,
    )
    assert told[0] == "Failed"
    assert told[1].rstrip().endswith("RuntimeError: no weights")
    (code / "score.py").write_text(SCORE)
    assert client.run(MAKE, name="red", **files) == "Succeeded"
    client.run("client.online_deployments.begin_delete('red', e).result()", e=ENDPOINT)
    assert "red" not in client.run("result = [d.name for d in client.online_deployments.list(e)]", e=ENDPOINT)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"endpointComputeType": "Kubernetes"}, 501, "Kubernetes"),
        ({"dataCollector": {"collections": {}}}, 501, "dataCollector"),
        ({"instanceType": "Standard_Tiny"}, 400, "given 'Standard_Tiny'"),
        ({"model": "MODELS/irises/versions/9"}, 400, "version '9' does not exist"),
        ({"model": None, "codeConfiguration": None}, 400, "model is missing"),
        ({"environmentId": "ENVIRONMENTS/nowhere/versions/1"}, 400, "'nowhere' does not exist"),
        ({"requestSettings": {"requestTimeout": "PT4M"}}, 400, "at most PT180S"),
        ({"capacity": 10}, 400, "are 48 cores of 'standardDSv2Family'"),
        ({"scaleSettings": {"scaleType": "TargetUtilization"}}, 400, "allowed: Default"),
    ],
)
def test_a_deployment_that_azure_or_this_twin_would_refuse_is_refused(
    workspace, endpoint, change, status, words
):
    model = f"{workspace.id}/models/irises/versions/1"
    properties = {
        "endpointComputeType": "Managed",
        "instanceType": "Standard_DS3_v2",
        "model": model,
    } | change
    sku = {"name": "Default", "capacity": properties.pop("capacity", 1)}
    text = json.dumps({"location": LOCATION, "sku": sku, "properties": properties})
    for word in ("models", "environments"):
        text = text.replace(word.upper(), f"{workspace.id}/{word}")
    path = f"/onlineEndpoints/{ENDPOINT}/deployments/never"
    reply = workspace.call("PUT", path, json.loads(text), api="2023-04-01-preview")
    assert reply.status_code == status, reply.text
    assert words in reply.json()["error"]["message"]
    assert workspace.call("GET", path).status_code == 404


def test_keys_open_an_endpoint_until_they_are_made_anew_and_lie_nowhere_in_clear(workspace, client):
    made = client.run(
        "e = ManagedOnlineEndpoint(name='oe-keyed', auth_mode='key')\n"
        "e = client.online_endpoints.begin_create_or_update(e).result()\n"
        "first = client.online_endpoints.get_keys('oe-keyed')\n"
        "client.online_endpoints.begin_regenerate_keys('oe-keyed', key_type='primary').result()\n"
        "second = client.online_endpoints.get_keys('oe-keyed')\n"
        "result = [e.scoring_uri, *(getattr(keys, f'{word}_key') for keys in (first, second)\n"
        "                           for word in ('primary', 'secondary'))]"
    )
    uri, former, secondary, primary, same = made
    assert secondary == same
    post = workspace.twin.client.post

    def status(key):
        return post(uri, json={}, headers={"authorization": f"Bearer {key}"}).status_code

    assert [status(key) for key in (former, primary, secondary)] == [401, 404, 404], (
        "404: nothing is deployed"
    )
    kept = [file for file in workspace.twin.home.rglob("*") if file.is_file()]
    assert not [file for file in kept if primary.encode() in file.read_bytes()]
    shown = workspace.call("GET", "/onlineEndpoints/oe-keyed").text
    assert primary not in shown
    refused(
        workspace.call("POST", "/onlineEndpoints/oe-keyed/listKeys", persona="auditor"),
        403,
        "AuthorizationFailed",
    )


def test_an_endpoint_that_a_client_reads_and_writes_stays_of_its_kind(workspace, endpoint, client):
    client.run(
        f"e = client.online_endpoints.get({ENDPOINT!r})\n"
        "e.tags = {'read': 'and written'}\n"
        "result = client.online_endpoints.begin_create_or_update(e).result().name"
    )
    found = workspace.call("GET", f"/onlineEndpoints/{ENDPOINT}").json()
    assert (found["kind"], found["tags"]) == ("Managed", {"read": "and written"})


def test_a_token_of_the_endpoint_opens_that_endpoint_and_no_other(workspace, client):
    made = client.run(
        "answers = []\n"
        "for name in ('oe-one', 'oe-two'):\n"
        "    e = ManagedOnlineEndpoint(name=name, auth_mode='aml_token')\n"
        "    e = client.online_endpoints.begin_create_or_update(e).result()\n"
        "    answers.append([e.scoring_uri, client.online_endpoints.get_keys(name).access_token])\n"
        "result = answers"
    )
    (one, token), (two, _) = made
    for uri, status in ((one, 404), (two, 401)):
        reply = workspace.twin.client.post(uri, json={}, headers={"authorization": f"Bearer {token}"})
        assert reply.status_code == status, reply.text


def test_autoscale_and_alerts_of_a_deployment_stand_once_it_does(workspace, endpoint, watched):
    up = watched("up", "blue")
    assert up.ok, up.error
    made = sorted(step.type.rpartition(":")[2] for step in up.steps if str(step.op) == "create")
    assert made.count("AutoscaleSetting") == 1
    assert made.count("MetricAlert") == 5, "two of the endpoint, three of the deployment"
    again = watched("up", "blue", refresh=True)
    assert again.ok, again.error
    assert {str(step.op) for step in again.steps} <= {"same", "refresh"}
    assert watched("destroy", "blue").ok
    left = workspace.twin.call(
        "GET",
        f"{workspace.group_id}/providers/Microsoft.Insights/autoscalesettings?api-version=2021-05-01-preview",
    )
    assert left.json()["value"] == []


def test_autoscale_of_a_deployment_that_is_not_there_is_refused_by_its_name(endpoint, watched):
    up = watched("up", "violet")
    assert not up.ok
    assert "deployments/violet" in str(up.error)
    assert watched("destroy", "violet").ok


def test_a_killed_twin_leaves_no_process_behind_and_deployments_come_back_when_they_are_asked(
    workspace, ask, green
):
    before = ask({}, deployment="green").json()["pid"]
    workspace.twin.kill()
    assert gone(before)
    workspace.twin.start()
    assert ask({}, deployment="green").json()["pid"] != before


def test_a_deployment_that_was_being_made_when_the_twin_was_killed_is_made_by_the_next(
    workspace, ask, green, tmp_path
):
    body, slow, gate = workspace.call("GET", green).json(), green.replace("green", "slow"), tmp_path / "gate"
    body["properties"]["environmentVariables"] |= {"GATE": str(gate)}
    under_way = workspace.call("PUT", slow, body)
    assert workspace.call("GET", slow).json()["properties"]["provisioningState"] == "Creating"
    refused(workspace.call("PUT", slow, body), 409, "AnotherOperationInProgress", "creating")
    workspace.twin.kill()
    workspace.twin.start()
    gate.touch()
    assert workspace.twin.settle(under_way).json()["status"] == "Succeeded"
    assert ask({}, deployment="slow").json()["greeting"] == "good morning"
    workspace.twin.settle(workspace.call("DELETE", slow))


def test_a_deleted_deployment_ends_its_process_and_takes_its_files_along(workspace, client, ask, green):
    pid = ask({}, deployment="green").json()["pid"]
    folders = workspace.twin.home / "azure" / "serving"
    assert list(folders.glob("green-*"))
    client.run("client.online_deployments.begin_delete('green', e).result()", e=ENDPOINT)
    assert gone(pid)
    refused(ask({}, deployment="green"), 404, "NotFound")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        client.run("client.online_deployments.get('green', e)", e=ENDPOINT)
    while list(folders.glob("green-*")):
        time.sleep(0.02)


def test_a_deleted_endpoint_takes_its_deployments_along(workspace, client, ask):
    client.run("client.online_endpoints.begin_delete(e).result()", e=ENDPOINT)
    assert workspace.call("GET", f"/onlineEndpoints/{ENDPOINT}/deployments/blue").status_code == 404
    refused(ask(ASKED), 404, "NotFound", "no online endpoint")
