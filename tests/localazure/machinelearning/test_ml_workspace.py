"""An Azure ML workspace: what it is made of, what the service adds and refuses, what stays when it goes."""

from __future__ import annotations

import pytest

CLIENT = "2024-10-01-preview"


def test_the_client_reads_a_workspace(workspace):
    found = workspace.client().run(
        "w = client.workspaces.get(client.workspace_name); "
        "result = dict(name=w.name, location=w.location, storage=w.storage_account, "
        "uri=w.mlflow_tracking_uri)"
    )
    assert (found["name"], found["location"], found["storage"]) == (
        workspace.name,
        "westeurope",
        workspace.storage_id,
    )
    assert found["uri"].startswith("azureml://localhost:")
    assert found["uri"].endswith(workspace.id)


def test_the_client_lists_workspaces_that_its_persona_may_read(workspace):
    names = workspace.client().run("result = [w.name for w in client.workspaces.list()]")
    assert workspace.name in names


def test_a_workspace_has_its_ids_and_addresses(workspace):
    properties = workspace.call("GET").json()["properties"]
    assert len(properties["workspaceId"]) == 36
    assert properties["provisioningState"] == "Succeeded"
    services = workspace.twin.client.get(properties["discoveryUrl"]).json()
    assert services["api"] == workspace.twin.base


def test_every_workspace_comes_with_its_two_blob_datastores_and_their_containers(workspace):
    listed = {one["name"]: one["properties"] for one in workspace.call("GET", "/datastores").json()["value"]}
    identity = workspace.call("GET").json()["properties"]["workspaceId"]
    assert listed["workspaceblobstore"]["containerName"] == f"azureml-blobstore-{identity}"
    assert listed["workspaceartifactstore"]["containerName"] == "azureml"
    assert [name for name, one in listed.items() if one["isDefault"]] == ["workspaceblobstore"]
    path = f"{workspace.storage_id}/blobServices/default/containers?api-version=2024-01-01"
    containers = {one["name"] for one in workspace.twin.call("GET", path).json()["value"]}
    assert {"azureml", f"azureml-blobstore-{identity}"} <= containers


def test_a_data_scientist_may_not_delete_the_workspace_and_is_told_which_role_may(workspace):
    reply = workspace.call("DELETE", persona="data-scientist")
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Contributor" in reply.text
    assert workspace.call("GET").status_code == 200


def test_a_data_scientist_may_not_list_the_workspaces_keys_and_an_owner_gets_none(workspace):
    assert workspace.call("POST", "/listKeys", persona="data-scientist").status_code == 403
    keys = workspace.call("POST", "/listKeys").json()
    assert (keys["userStorageResourceId"], keys["userStorageKey"]) == (workspace.storage_id, None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"properties": {"systemDatastoresAuthMode": "Password"}}, "AccessKey, Identity, UserDelegationSAS"),
        ({"properties": {"managedNetwork": {"isolationMode": "Open"}}}, "AllowOnlyApprovedOutbound"),
        ({"properties": {"primaryUserAssignedIdentity": None}}, "primaryUserAssignedIdentity is required"),
    ],
)
def test_what_azure_would_refuse_is_refused_with_what_is_allowed(workspace, change, words):
    reply = workspace.call("PATCH", body=change)
    assert reply.status_code == 400
    assert words in reply.json()["error"]["message"]


def test_the_default_account_must_not_have_a_hierarchical_namespace(workspace, name):
    lake = f"{workspace.group_id}/providers/Microsoft.Storage/storageAccounts/lake{name}"[:150]
    body = {
        "location": "westeurope",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": {"isHnsEnabled": True},
    }
    workspace.twin.settle(workspace.twin.call("PUT", f"{lake}?api-version=2024-01-01", body))
    present = workspace.call("GET").json()
    new = {key: present[key] for key in ("location", "identity")}
    new["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {workspace.identity: {}}}
    kept = ("keyVault", "applicationInsights", "primaryUserAssignedIdentity")
    new["properties"] = {key: present["properties"][key] for key in kept} | {"storageAccount": lake}
    other = workspace.id.replace(workspace.name, f"mlw-{name}")
    reply = workspace.twin.call("PUT", f"{other}?api-version=2025-12-01", new)
    assert reply.status_code == 400
    assert "hierarchical namespace" in reply.json()["error"]["message"]


def test_approved_mode_brings_the_services_own_rules_and_there_is_no_way_back(new_workspace):
    workspace = new_workspace(managedNetwork={"isolationMode": "AllowInternetOutbound"})
    assert workspace.call("GET", "/outboundRules").json()["value"] == []
    approved = {"properties": {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}}
    workspace.twin.settle(workspace.call("PATCH", body=approved))
    rules = {
        one["name"]: one["properties"] for one in workspace.call("GET", "/outboundRules").json()["value"]
    }
    targets = {
        r["destination"]["subresourceTarget"] for r in rules.values() if r["type"] == "PrivateEndpoint"
    }
    assert targets == {"blob", "file", "vault"}
    assert {r["category"] for r in rules.values()} == {"Required"}
    back = workspace.call(
        "PATCH", body={"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}}
    )
    assert back.status_code == 400
    assert "cannot go back" in back.text or "cannot be left" in back.text


def test_a_users_rule_is_made_and_removed_and_the_services_rule_is_not(new_workspace):
    workspace = new_workspace(managedNetwork={"isolationMode": "AllowOnlyApprovedOutbound"})
    rule = {"properties": {"type": "FQDN", "category": "UserDefined", "destination": "packages.example.com"}}
    workspace.twin.settle(workspace.call("PUT", "/outboundRules/packages", rule))
    assert (
        workspace.call("GET", "/outboundRules/packages").json()["properties"]["destination"]
        == "packages.example.com"
    )
    made = next(
        one["name"]
        for one in workspace.call("GET", "/outboundRules").json()["value"]
        if one["name"] != "packages"
    )
    assert workspace.call("DELETE", f"/outboundRules/{made}").status_code == 409
    workspace.twin.settle(workspace.call("DELETE", "/outboundRules/packages"))
    assert workspace.call("GET", "/outboundRules/packages").status_code == 404
    listed = workspace.client("infra-engineer").run(
        "result = [r.name for r in client.workspace_outbound_rules.list(client.workspace_name)]"
    )
    assert made in listed


def test_a_rule_in_a_network_that_is_not_managed_is_refused(workspace):
    rule = {"properties": {"type": "FQDN", "destination": "packages.example.com"}}
    reply = workspace.call("PUT", "/outboundRules/packages", rule)
    assert reply.status_code == 400
    assert "isolationMode" in reply.text


def test_a_deleted_workspace_holds_its_name_until_it_is_purged(new_workspace):
    workspace = new_workspace()
    before = workspace.call("GET").json()
    body = {key: before[key] for key in ("location", "identity", "properties")}
    body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {workspace.identity: {}}}
    workspace.twin.settle(workspace.call("DELETE"))
    assert workspace.call("GET").status_code == 404
    assert workspace.call("PUT", body=body).status_code == 409
    workspace.call("DELETE", query="&forceToPurge=true")
    workspace.twin.settle(workspace.call("PUT", body=body))
    assert workspace.call("GET").json()["properties"]["workspaceId"] != before["properties"]["workspaceId"]


def test_a_purged_workspace_forgets_its_assets(new_workspace):
    workspace = new_workspace()
    asset = {"properties": {"image": "mcr.microsoft.com/base:1"}}
    assert (
        workspace.call("PUT", "/environments/e/versions/1", asset, api="2023-04-01-preview").status_code
        == 201
    )
    before = workspace.call("GET").json()
    workspace.twin.settle(workspace.call("DELETE", query="&forceToPurge=true"))
    body = {key: before[key] for key in ("location", "properties")}
    body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {workspace.identity: {}}}
    workspace.twin.settle(workspace.call("PUT", body=body))
    assert workspace.call("GET", "/environments", api="2023-04-01-preview").json()["value"] == []


def test_creating_a_workspace_with_the_client_is_refused_by_name(workspace, name):
    with pytest.raises(Exception, match="NotEmulated"):
        workspace.client("infra-engineer").run(
            "client.workspaces.begin_create(Workspace(name=n, location='westeurope')).result()", n=name
        )
