"""What a job, its data and its token cannot get out of: a folder, a pipeline, a role."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest

from twinloop.localazure.jobs.data import DataFailed, JobData

API = "mlflow/v1.0{}/api/2.0/mlflow"
TOKEN = "python -c \"import os; print(os.environ['MLFLOW_TRACKING_TOKEN'])\"; sleep 60"


@pytest.mark.parametrize(
    "name", ["../outside", "a/../../outside", "/outside", "..", "inside/../..", "a/./../../outside"]
)
def test_a_blob_whose_name_leads_out_of_the_folder_is_not_copied(tmp_path, name):
    content = tmp_path / "content"
    content.write_text("planted")
    folder = tmp_path / "job" / "inputs"
    folder.mkdir(parents=True)
    data = object.__new__(JobData)
    data._blobs = SimpleNamespace(path=lambda _info: content)
    with pytest.raises(DataFailed, match="outside of its folder"):
        data._copy(SimpleNamespace(name=name), folder, name, "input 'raw'")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["content", "inputs", "job"]


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", "1st", "", "ä", "a\0b"])
@pytest.mark.parametrize("what", ["inputs", "outputs"])
def test_a_port_whose_name_is_no_word_is_refused(platform, environment, what, name):
    port = {"jobInputType": "literal", "value": "1"} if what == "inputs" else {"jobOutputType": "uri_folder"}
    reply = platform.submit(
        f"port-{uuid.uuid4().hex[:6]}",
        command="true",
        environmentId=environment,
        computeId=platform.cpu,
        **{what: {name: port}},
    )
    assert reply.status_code == 400
    assert "letters, digits and _ only" in reply.json()["error"]["message"]


def test_an_environment_variable_that_no_process_can_have_is_refused(platform, environment):
    reply = platform.submit(
        f"env-{uuid.uuid4().hex[:6]}",
        command="true",
        environmentId=environment,
        computeId=platform.cpu,
        environmentVariables={"a=b": "1", "c": "\0"},
    )
    assert reply.status_code == 400
    assert "environment variable 'a=b'" in reply.json()["error"]["message"]


@pytest.mark.parametrize("name", ["..%2F..%2Fjob", "a%2Fb", "%2e%2e", "a%00b", "x" * 300, "j%C3%B6b"])
def test_a_job_whose_name_is_no_word_is_refused(platform, environment, name):
    reply = platform.submit(name, command="true", environmentId=environment, computeId=platform.cpu)
    assert reply.status_code in (400, 501)


@pytest.mark.parametrize(
    "call",
    [
        "experiments/delete%3Fx=get",
        "runs/delete%3Fa=search",
        "runs/../experiments/delete/get",
        "runs%2f..%2fget",
    ],
)
def test_a_reader_s_call_of_mlflow_is_what_it_was_checked_as(twin_server, platform, call):
    platform.grant("auditor", "acdd72a7-3385-48ef-bd42-f606fba81ae7", platform.workspace)  # Reader
    path = "/" + API.format(platform.workspace) + "/" + call
    reply = twin_server.call("POST", path, {"experiment_id": "1", "run_id": "x"}, persona="auditor")
    assert reply.status_code in (403, 404, 501)


def test_what_mlflow_has_beside_tracking_and_models_is_not_reached(platform):
    for path in ("webhooks", "gateway-proxy", "users/create", "scorers/list"):
        reply = platform.call("POST", "/" + API.format(platform.workspace) + "/" + path, {"name": "x"})
        assert reply.status_code == 501


def test_where_an_experiment_keeps_its_files_is_not_the_caller_s_to_say(platform):
    root, name = "/" + API.format(platform.workspace), f"e-{uuid.uuid4().hex[:6]}"
    body = {"name": name, "artifact_location": "file:///etc"}
    assert platform.call("POST", f"{root}/experiments/create", body).status_code == 200
    made = platform.call("GET", f"{root}/experiments/get-by-name?experiment_name={name}").json()
    assert made["experiment"]["artifact_location"].startswith("azureml://")


@pytest.fixture
def running(platform, environment):
    """A job in work, and the token that it has for its metrics."""
    name = f"held-{uuid.uuid4().hex[:6]}"
    platform.submit(name, command=TOKEN, environmentId=environment, computeId=platform.cpu)
    details = platform.wait(name, "Running")
    token = ""
    while not token.strip():
        details = platform.history(f"{name}/details")
        if "user_logs/std_log.txt" in details["logFiles"]:
            token = platform.log(details)
    yield name, token.strip()
    platform.cancel(name)
    platform.wait(name)


def test_a_job_s_token_opens_its_own_run_and_for_the_rest_counts_as_its_submitter(platform, running):
    name, token = running
    root = "/" + API.format(platform.workspace)
    headers = {"Authorization": f"Bearer {token}"}

    def ask(method, path, body=None):
        return platform.twin.client.request(method, path, json=body, headers=headers)

    own = {"run_id": name, "key": "a", "value": 1.0, "timestamp": 0, "step": 0}
    assert ask("POST", f"{root}/runs/log-metric", own).status_code == 200
    other = f"{platform.workspace}-elsewhere"
    assert ask("POST", f"/{API.format(other)}/runs/log-metric", own).status_code in (403, 404)
    assert ask("GET", f"{platform.workspace}?api-version=2025-12-01").status_code == 403
    assert ask("GET", f"{platform.storage}?api-version=2024-01-01").status_code == 403


def test_a_job_s_token_ends_with_its_job(platform, environment):
    name = f"short-{uuid.uuid4().hex[:6]}"
    command = TOKEN.rpartition(";")[0]
    platform.submit(name, command=command, environmentId=environment, computeId=platform.cpu)
    token = platform.log(platform.wait(name)).strip()
    body = {"run_id": name, "key": "a", "value": 1.0, "timestamp": 0, "step": 0}
    path = "/" + API.format(platform.workspace) + "/runs/log-metric"
    reply = platform.twin.client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 403, reply.text
