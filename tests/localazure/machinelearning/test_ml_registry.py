"""An Azure ML registry: its address, its assets for those who may, nothing left of it when it goes."""

from __future__ import annotations

import uuid

import pytest

from tests.localazure.conftest import refused
from tests.localazure.scoring_assets import code_and_environment

REGISTRIES = "Microsoft.MachineLearningServices/registries"
REGISTRY_USER = "1823dd4f-9b8c-4ab6-ab4e-7397a3684615"


ADDS = b"""
import os, pathlib

def init():
    global numbers
    numbers = (pathlib.Path(os.environ["AZUREML_MODEL_DIR"]) / "weights").read_text().split()

def run(data):
    return {"sum": sum(map(int, numbers))}
"""


@pytest.fixture(scope="module")
def make_registry(twin_server):
    """Makes registries; their ARM ids."""

    def make():
        arm_id = f"{twin_server.make_group()}/providers/{REGISTRIES}/mlr{uuid.uuid4().hex[:8]}"
        region = {
            "location": twin_server.location,
            "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
            "storageAccountDetails": [
                {"systemCreatedStorageAccount": {"storageAccountType": "Standard_LRS"}}
            ],
        }
        body = {
            "location": twin_server.location,
            "identity": {"type": "SystemAssigned"},
            "properties": {"regionDetails": [region]},
        }
        twin_server.settle(twin_server.call("PUT", f"{arm_id}?api-version=2025-12-01", body))
        return arm_id

    return make


@pytest.fixture(scope="module")
def registry(twin_server, make_registry):
    """A registry whose assets the data scientist may read and write; its ARM id."""
    arm_id = make_registry()
    assert twin_server.grant("data-scientist", REGISTRY_USER, arm_id).status_code == 201
    return arm_id


def in_registry(registry, code):
    name = registry.rpartition("/")[2]
    return (
        "from azure.identity import DefaultAzureCredential\nr = "
        f"MLClient(DefaultAzureCredential(), registry_name='{name}')\n{code}"
    )


def test_a_registry_shows_its_addresses(twin_server, registry):
    found = twin_server.call("GET", f"{registry}?api-version=2025-12-01").json()["properties"]
    assert found["discoveryUrl"].startswith(twin_server.base)
    assert found["managedResourceGroup"]["resourceId"].count("azureml-rg-") == 1


def test_the_client_registers_and_reads_a_model_and_an_environment(workspace, registry, name, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1 2 3")
    found = workspace.client().run(
        in_registry(
            registry,
            "r.models.create_or_update(Model(name=n, version='1', path=p))\n"
            "r.environments.create_or_update(Environment(name=n, version='1', "
            "image='mcr.microsoft.com/base:1'))\n"
            "m = r.models.get(n, '1'); result = [m.id, r.environments.get(n, '1').image]",
        ),
        n=name,
        p=str(tmp_path / "model"),
    )
    assert found == [
        f"azureml://registries/{registry.rpartition('/')[2]}/models/{name}/versions/1",
        "mcr.microsoft.com/base:1",
    ]
    listed = workspace.client().run(
        in_registry(registry, "result = [m.version for m in r.models.list(n)]"), n=name
    )
    assert listed == ["1"]


def deployment(workspace, name, model, persona="data-scientist"):
    """Deploy a model that a script adds up; the endpoint and the answer to the deployment."""
    here = {"location": workspace.twin.location}
    path = f"/onlineEndpoints/{name}"
    body = here | {"identity": {"type": "SystemAssigned"}, "properties": {"authMode": "AADToken"}}
    workspace.twin.settle(workspace.call("PUT", path, body))
    named = code_and_environment(workspace.twin, workspace.id, workspace.account, ADDS)
    properties = {"endpointComputeType": "Managed", "instanceType": "Standard_F4s_v2", "model": model}
    body = here | {"properties": properties | named}
    return path, workspace.call("PUT", f"{path}/deployments/blue", body, persona=persona)


def test_a_model_of_a_registry_is_deployed_by_who_may_read_the_registry(workspace, registry, name, tmp_path):
    (tmp_path / "weights").write_text("1 2 3")
    workspace.client().run(
        in_registry(registry, "r.models.create_or_update(Model(name=n, version='1', path=p))"),
        n=name,
        p=str(tmp_path / "weights"),
    )
    model = f"azureml://registries/{registry.rpartition('/')[2]}/models/{name}/versions/1"
    path, reply = deployment(workspace, name, model)
    assert workspace.twin.settle(reply).json()["status"] == "Succeeded"
    asked = {"azureml-model-deployment": "blue"}
    token = workspace.twin.token("data-scientist", "https://ml.azure.com")
    url = workspace.call("GET", path).json()["properties"]["scoringUri"]
    answer = workspace.twin.client.post(url, json={}, headers=asked | {"authorization": f"Bearer {token}"})
    assert answer.json() == {"sum": 6}
    _, reply = deployment(workspace, name, model.replace("versions/1", "versions/2"))
    refused(reply, 400, "UserError", "version '2' does not exist in registry", "its versions: 1")
    workspace.twin.settle(workspace.call("DELETE", path))


def test_who_has_no_role_on_a_registry_deploys_nothing_of_it(workspace, name, make_registry):
    model = f"azureml://registries/{make_registry().rpartition('/')[2]}/models/any/versions/1"
    path, reply = deployment(workspace, name, model)
    refused(reply, 403, "AuthorizationFailed", "registries/assets/read")
    workspace.twin.settle(workspace.call("DELETE", path))


def test_who_has_no_role_on_the_registry_reads_nothing_of_it(workspace, registry):
    with pytest.raises(Exception, match="AuthorizationFailed"):
        workspace.client("auditor").run(in_registry(registry, "result = list(r.models.list())"))


def test_a_deleted_registry_leaves_nothing_behind(twin_server):
    arm_id = f"{twin_server.make_group()}/providers/{REGISTRIES}/mlr{uuid.uuid4().hex[:8]}"
    body = {"location": twin_server.location, "identity": {"type": "SystemAssigned"},
            "properties": {"regionDetails": [{"location": twin_server.location}]}}  # fmt: skip
    twin_server.settle(twin_server.call("PUT", f"{arm_id}?api-version=2025-12-01", body))
    group = twin_server.call("GET", f"{arm_id}?api-version=2025-12-01").json()["properties"][
        "managedResourceGroup"
    ]["resourceId"]
    assert twin_server.call("GET", f"{group}?api-version=2024-03-01").status_code == 200
    twin_server.settle(twin_server.call("DELETE", f"{arm_id}?api-version=2025-12-01"))
    assert twin_server.call("GET", f"{group}?api-version=2024-03-01").status_code == 404


def test_a_registry_opens_no_files_but_its_own(workspace, registry, twin_server):
    foreign = f"{twin_server.http_base}/{workspace.account}.blob.twin/azureml"
    path = (
        f"/mferp/managementfrontend{registry}/datarefs/x/versions/1?api-version=2021-10-01-dataplanepreview"
    )
    reply = twin_server.call("POST", path, {"blobUri": foreign}, persona="data-scientist")
    assert reply.status_code == 404
    assert "no file of registry" in reply.text
