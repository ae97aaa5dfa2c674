"""Connections and labelling projects: made by the client, secrets told to those who may have them only."""

from __future__ import annotations

import pytest

KEY = "a-key-that-nobody-prints"
LABELS = {"state": {"displayName": "state", "classes": {"ok": {"displayName": "ok"}}}}
PREVIEW = "2024-01-01-preview"


def connection(workspace, name, **properties):
    body = {
        "properties": {
            "category": "Git",
            "target": "https://git.example.com/models",
            "authType": "None",
            **properties,
        }
    }
    return workspace.call("PUT", f"/connections/{name}", body)


def project(workspace, name, **properties):
    body = {
        "properties": {
            "jobType": "Labeling",
            "labelingJobMediaProperties": {"mediaType": "Image", "annotationType": "Classification"},
            "labelCategories": LABELS,
            **properties,
        }
    }
    return workspace.call("PUT", f"/labelingJobs/{name}", body, api=PREVIEW)


def test_the_client_makes_lists_reads_and_deletes_a_connection(workspace, name):
    client = workspace.client("infra-engineer")
    made = client.run(
        "from azure.ai.ml.entities import ApiKeyConfiguration\n"
        "c = client.connections.create_or_update(WorkspaceConnection(name=n, type='api_key', "
        "target='https://api.example.com', credentials=ApiKeyConfiguration(key=k)))\n"
        "result = [c.name, c.target, c.credentials.key]",
        n=name,
        k=KEY,
    )
    assert made[:2] == [name, "https://api.example.com"]
    assert made[2] != KEY, "what is made is not told"
    assert name in client.run("result = [c.name for c in client.connections.list(connection_type='api_key')]")
    opened = "result = client.connections.get(n, populate_secrets=True).credentials.key"
    assert client.run(opened, n=name) == KEY
    client.run("client.connections.delete(n)", n=name)
    assert workspace.call("GET", f"/connections/{name}").status_code == 404


def test_a_secret_is_neither_shown_nor_stored_in_clear_and_not_told_to_readers(workspace, name):
    made = connection(workspace, name, authType="PAT", credentials={"pat": KEY})
    assert made.status_code == 200
    assert KEY not in made.text
    assert KEY not in workspace.call("GET", f"/connections/{name}").text
    files = [file for file in workspace.twin.home.rglob("*") if file.is_file()]
    assert any(name.encode() in file.read_bytes() for file in files), "the connection is on disk"
    assert not any(KEY.encode() in file.read_bytes() for file in files)
    secrets = f"/connections/{name}/listsecrets"
    assert workspace.call("POST", secrets).json()["properties"]["credentials"] == {"pat": KEY}
    assert workspace.call("POST", secrets, persona="auditor").status_code == 403


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"authType": "PAT"}, "properties.credentials.pat is missing"),
        ({"target": ""}, "properties.target is missing"),
    ],
)
def test_a_connection_that_leads_nowhere_is_refused(workspace, name, changed, words):
    reply = connection(workspace, name, **changed)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_a_labelling_project_is_made_paused_and_resumed(workspace, name):
    workspace.twin.settle(project(workspace, name))
    where = f"/labelingJobs/{name}"
    assert workspace.call("POST", f"{where}/pause", api=PREVIEW).status_code == 200
    shown = workspace.call("GET", where, api=PREVIEW).json()["properties"]
    assert (shown["status"], shown["progressMetrics"]["completedDatapointCount"]) == ("Paused", 0)
    assert workspace.call("POST", f"{where}/resume", api=PREVIEW).status_code == 200
    refused = workspace.call("POST", f"{where}/exportLabels", api=PREVIEW)
    assert refused.status_code == 501
    assert "no page to label on" in refused.text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"labelingJobMediaProperties": {"mediaType": "Text", "annotationType": "BoundingBox"}},
            "NamedEntityRecognition",
        ),
        ({"labelCategories": {}}, "at least one class"),
        ({"dataConfiguration": {"dataId": "parts:1"}}, "/versions/<version>"),
        (
            {
                "mlAssistConfiguration": {
                    "mlAssist": "Enabled",
                    "trainingComputeBinding": "nowhere",
                    "inferencingComputeBinding": "nowhere",
                }
            },
            "no compute 'nowhere'",
        ),
    ],
)
def test_a_labelling_project_that_nobody_could_work_on_is_refused(workspace, name, changed, words):
    reply = project(workspace, name, **changed)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]
