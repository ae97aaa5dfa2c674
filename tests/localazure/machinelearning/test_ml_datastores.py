"""Datastores: two faces of one storage account, and secrets only where there are any."""

from __future__ import annotations

import pytest
from azure.storage.blob import ContainerClient

CLIENT = "2024-10-01-preview"


def blob_store(workspace, **more):
    properties = {"datastoreType": "AzureBlob", "accountName": workspace.account, "containerName": "azureml"}
    return {"properties": properties | {"credentials": {"credentialsType": "None"}} | more}


def test_a_stable_version_shows_the_accounts_real_name_and_the_clients_version_the_twins_address(workspace):
    stable = workspace.call("GET", "/datastores/workspaceblobstore").json()["properties"]["accountName"]
    client = workspace.call("GET", "/datastores/workspaceblobstore", api=CLIENT).json()["properties"][
        "accountName"
    ]
    assert stable == workspace.account
    assert client == f"{workspace.twin.base.removeprefix('https://')}/{workspace.account}"


def test_the_client_finds_the_default_datastore(workspace):
    found = workspace.client().run("d = client.datastores.get_default(); result = [d.name, d.container_name]")
    assert found[0] == "workspaceblobstore"
    assert found[1].startswith("azureml-blobstore-")


def test_a_datastore_made_by_the_client_keeps_the_accounts_real_name(workspace, name):
    shown = workspace.call("GET", "/datastores/workspaceblobstore", api=CLIENT).json()["properties"][
        "accountName"
    ]
    made = workspace.client().run(
        "d = AzureBlobDatastore(name=n, account_name=account, container_name='azureml')\n"
        "result = client.datastores.create_or_update(d).name",
        n=name, account=shown,
    )  # fmt: skip
    assert made == name
    assert (
        workspace.call("GET", f"/datastores/{name}").json()["properties"]["accountName"] == workspace.account
    )
    workspace.client().run("client.datastores.delete(n)", n=name)
    assert workspace.call("GET", f"/datastores/{name}").status_code == 404


def test_a_second_identical_put_changes_nothing(workspace, name):
    first = workspace.call("PUT", f"/datastores/{name}", blob_store(workspace)).json()
    again = workspace.call("PUT", f"/datastores/{name}", blob_store(workspace))
    assert again.status_code == 200
    assert again.json()["properties"] == first["properties"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"accountName": "nosuchaccount"}, "nosuchaccount"),
        ({"containerName": "nosuchcontainer"}, "nosuchcontainer"),
        ({"containerName": None}, "containerName is required"),
        ({"datastoreType": "Tape"}, "AzureBlob"),
    ],
)
def test_a_datastore_names_storage_that_exists(workspace, name, more, words):
    reply = workspace.call("PUT", f"/datastores/{name}", blob_store(workspace, **more))
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_a_datastore_by_identity_has_no_secrets(workspace):
    reply = workspace.call("POST", "/datastores/workspaceblobstore/listSecrets", {}, api=CLIENT)
    assert reply.status_code == 400
    assert "identity" in reply.json()["error"]["message"]


def test_signatures_rest_on_the_workspaces_identity(new_workspace):
    workspace = new_workspace(mode="UserDelegationSAS")
    reply = workspace.call(
        "POST", "/datastores/workspaceblobstore/listSecrets", {"expirableSecret": True}, api=CLIENT
    ).json()
    assert reply["secretsType"] == "Sas"
    container = workspace.call("GET", "/datastores/workspaceblobstore").json()["properties"]["containerName"]
    url = f"{workspace.twin.http_base}/{workspace.account}.blob.core.local/{container}?{reply['sasToken']}"
    client = ContainerClient.from_container_url(url)
    client.upload_blob("x", b"x")
    assert client.download_blob("x").readall() == b"x"


def test_without_its_role_the_workspaces_identity_signs_nothing(new_workspace):
    workspace = new_workspace(mode="UserDelegationSAS", grant_identity=False)
    reply = workspace.call("POST", "/datastores/workspaceblobstore/listSecrets", {}, api=CLIENT)
    assert reply.status_code == 400
    assert "Storage Blob Data Contributor" in reply.json()["error"]["message"]


def test_a_reader_may_not_ask_for_secrets(workspace):
    assert (
        workspace.call(
            "POST", "/datastores/workspaceblobstore/listSecrets", {}, persona="auditor"
        ).status_code
        == 403
    )


def test_the_default_datastore_stays(workspace):
    reply = workspace.call("DELETE", "/datastores/workspaceblobstore")
    assert reply.status_code == 409
    assert workspace.call("GET", "/datastores/workspaceblobstore").status_code == 200


def test_the_client_uploads_to_a_datastore_in_the_lake(workspace, name, tmp_path):
    lake = f"lk{name}"[:24]
    arm_id = f"{workspace.group_id}/providers/Microsoft.Storage/storageAccounts/{lake}"
    body = {
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"isHnsEnabled": True},
    }
    twin = workspace.twin
    twin.settle(twin.call("PUT", f"{arm_id}?api-version=2024-01-01", body))
    twin.call(
        "PUT", f"{arm_id}/blobServices/default/containers/curated?api-version=2024-01-01", {"properties": {}}
    )
    assert twin.grant("data-scientist", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", arm_id).status_code == 201
    store = {"datastoreType": "AzureDataLakeGen2", "accountName": lake, "filesystem": "curated"}
    store = {"properties": store | {"credentials": {"credentialsType": "None"}}}
    assert workspace.call("PUT", f"/datastores/{name}", store).status_code == 201
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.csv").write_text("1,2\n")
    (tmp_path / "folder" / "b.csv").write_text("3,4\n")
    found = workspace.client().run(
        "d = client.data.create_or_update(Data(name=n, version='1', type='uri_folder', path=path, "
        "datastore=n))\n"
        "result = d.path",
        n=name, path=str(tmp_path / "folder"),
    )  # fmt: skip
    from azure.storage.filedatalake import DataLakeServiceClient

    path = found.partition("/paths/")[2]
    service = DataLakeServiceClient(
        f"{twin.base}/{lake}.dfs.core.local", Token(twin), connection_verify=str(twin.ca_bundle)
    )
    names = {
        item.name.rpartition("/")[2]
        for item in service.get_file_system_client("curated").get_paths(path=path.rstrip("/"))
    }
    assert names == {"a.csv", "b.csv"}


class Token:
    def __init__(self, twin):
        self.twin = twin

    def get_token(self, *_scopes, **_):
        from azure.core.credentials import AccessToken

        return AccessToken(self.twin.token("data-scientist", "https://storage.azure.com"), 2**40)


def test_the_name_of_an_account_alone_opens_it_to_nobody(new_workspace):
    stranger, workspace = new_workspace(mode="AccessKey"), new_workspace(mode="AccessKey")
    own = workspace.call("POST", "/datastores/workspaceblobstore/listSecrets", {}, api=CLIENT)
    assert own.json()["secretsType"] == "Sas"
    properties = {"datastoreType": "AzureBlob", "accountName": stranger.account, "containerName": "azureml"}
    secrets = {"secretsType": "AccountKey", "key": "bm90IHRoZSByZWFsIG9uZQ=="}
    credentials = {"credentialsType": "AccountKey", "secrets": secrets}
    body = {"properties": properties | {"credentials": credentials}}
    assert workspace.call("PUT", "/datastores/theirs", body).status_code == 201
    reply = workspace.call("POST", "/datastores/theirs/listSecrets", {}, api=CLIENT)
    assert reply.status_code == 400
    assert "may not write" in reply.json()["error"]["message"]
