"""Provisioning as time passes: operations, deletions, tombstones, by a clock that the test moves."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

GROUPS_API, VAULT_API, ML_API, LOG_API, STORAGE_API = (
    "2024-03-01",
    "2024-11-01",
    "2025-12-01",
    "2023-09-01",
    "2024-01-01",
)
DAY = 24 * 3600


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    """A twin whose clock is moved by tests; its tokens are made anew after each jump."""
    import importlib.util
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("twin_server_room", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    room = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(room)
    server = room.TwinServer(tmp_path_factory.mktemp("manual"), "--manual-clock")
    yield server
    server.stop()


@pytest.fixture
def group(twin):
    return twin.make_group()


def _advance(twin, seconds: float) -> None:
    twin.advance(seconds)
    twin._tokens.clear()


def _log(twin, group: str) -> tuple[str, dict[str, Any]]:
    arm_id = f"{group}/providers/Microsoft.OperationalInsights/workspaces/log-a"
    return f"{arm_id}?api-version={LOG_API}", {"location": twin.location, "properties": {}}


def _vault(twin, group: str, **properties: Any) -> tuple[str, dict[str, Any]]:
    arm_id = f"{group}/providers/Microsoft.KeyVault/vaults/kv-{uuid.uuid4().hex[:10]}"
    given = {"tenantId": twin.tenant, "sku": {"family": "A", "name": "standard"}, **properties}
    return f"{arm_id}?api-version={VAULT_API}", {"location": twin.location, "properties": given}


def _name(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2]


def test_a_resource_is_being_created_until_its_time_has_come(twin, group):
    path, body = _log(twin, group)
    put = twin.call("PUT", path, body)
    assert put.status_code == 201
    assert put.json()["properties"]["provisioningState"] == "Creating"
    assert put.headers["retry-after"] == "1"
    assert int(put.headers["retry-after-ms"]) < 1000
    azsdk = twin.call(
        "GET", put.headers["azure-asyncoperation"], headers={"User-Agent": "azsdk-python-mgmt/1"}
    )
    assert "retry-after" not in azsdk.headers  # azure-core reads the milliseconds only where this is missing
    assert int(azsdk.headers["retry-after-ms"]) < 1000
    status = put.headers["azure-asyncoperation"]
    assert status.startswith(
        f"{twin.base}/subscriptions/{twin.subscription}/providers/Microsoft.OperationalInsights/"
    )
    _advance(twin, 1)
    assert twin.call("GET", status).json()["status"] == "Succeeded"
    assert twin.call("GET", path).json()["properties"]["provisioningState"] == "Succeeded"
    again = twin.call("PUT", path, body)
    assert (again.status_code, again.json()["properties"]["provisioningState"]) == (200, "Updating")


def test_an_operation_is_in_progress_first_and_its_result_outlives_a_restart(twin, group):
    path, body = _log(twin, group)
    status = twin.call("PUT", path, body).headers["azure-asyncoperation"]
    seen = twin.call("GET", status).json()["status"]
    assert seen in ("InProgress", "Succeeded")
    twin.restart()
    _advance(twin, 1)
    assert (
        twin.call("GET", status.replace(status.partition("/subscriptions")[0], "")).json()["status"]
        == "Succeeded"
    )


def test_deleting_a_group_takes_time_and_everything_in_it(twin, group):
    path, body = _log(twin, group)
    twin.settle(twin.call("PUT", path, body))
    deletion = twin.call("DELETE", f"{group}?api-version={GROUPS_API}")
    assert deletion.status_code == 202
    here = twin.call("GET", f"{group}?api-version={GROUPS_API}").json()
    assert here["properties"]["provisioningState"] == "Deleting"
    late = twin.call("PUT", path, body)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "ResourceGroupBeingDeleted")
    assert twin.call("GET", deletion.headers["location"]).status_code == 202
    _advance(twin, 1)
    assert twin.call("GET", deletion.headers["location"]).status_code == 200
    assert twin.call("GET", f"{group}?api-version={GROUPS_API}").status_code == 404
    assert twin.call("GET", path).status_code == 404


def test_a_deletion_that_was_accepted_happens_after_a_kill(twin, group):
    path, body = _log(twin, group)
    twin.settle(twin.call("PUT", path, body))
    assert twin.call("DELETE", f"{group}?api-version={GROUPS_API}").status_code == 202
    twin.kill()
    twin.start()
    _advance(twin, 1)
    assert twin.call("GET", f"{group}?api-version={GROUPS_API}").status_code == 404


def test_a_deleted_vault_holds_its_name_until_it_is_purged(twin, group):
    path, body = _vault(twin, group)
    twin.call("PUT", path, body)
    assert twin.call("DELETE", path).status_code == 200
    assert twin.call("GET", path).status_code == 404
    again = twin.call("PUT", path, body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ConflictError")
    assert f"deletedVaults/{_name(path)}/purge" in again.json()["error"]["message"]
    elsewhere = path.replace(group, twin.make_group())
    assert twin.call("PUT", elsewhere, body).json()["error"]["code"] == "ConflictError"
    tomb = (
        f"/subscriptions/{twin.subscription}/providers/Microsoft.KeyVault/locations/{twin.location}"
        f"/deletedVaults/{_name(path)}"
    )
    assert (
        twin.call("GET", f"{tomb}?api-version={VAULT_API}").json()["properties"]["vaultId"]
        == path.partition("?")[0]
    )
    assert twin.call("POST", f"{tomb}/purge?api-version={VAULT_API}").status_code == 200
    assert twin.call("GET", f"{tomb}?api-version={VAULT_API}").status_code == 404
    assert twin.call("PUT", path, body).status_code == 201


def test_a_deleted_vault_can_be_brought_back(twin, group):
    path, body = _vault(twin, group)
    twin.call("PUT", path, body)
    twin.call("DELETE", path)
    body["properties"]["createMode"] = "recover"
    assert twin.call("PUT", path, body).status_code == 201
    shown = twin.call("GET", path).json()
    assert "createMode" not in shown["properties"]


def test_a_vault_protected_against_purge_goes_only_with_time(twin, group):
    path, body = _vault(twin, group, enablePurgeProtection=True, softDeleteRetentionInDays=7)
    twin.call("PUT", path, body)
    twin.call("DELETE", path)
    tomb = (
        f"/subscriptions/{twin.subscription}/providers/Microsoft.KeyVault/locations/{twin.location}"
        f"/deletedVaults/{_name(path)}/purge?api-version={VAULT_API}"
    )
    refused = twin.call("POST", tomb)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "MethodNotAllowed")
    _advance(twin, 6.9 * DAY)
    assert twin.call("PUT", path, body).status_code == 409
    _advance(twin, 0.2 * DAY)
    assert twin.call("PUT", path, body).status_code == 201


def test_deleting_a_group_buries_the_vaults_in_it(twin, group):
    path, body = _vault(twin, group)
    twin.call("PUT", path, body)
    twin.call("DELETE", f"{group}?api-version={GROUPS_API}")
    _advance(twin, 1)
    listed = twin.call(
        "GET",
        f"/subscriptions/{twin.subscription}/providers/Microsoft.KeyVault/deletedVaults?api-version={VAULT_API}",
    )
    assert _name(path) in [one["name"] for one in listed.json()["value"]]


def test_a_log_workspace_made_again_at_its_place_is_the_old_one(twin, group):
    path, body = _log(twin, group)
    twin.settle(twin.call("PUT", path, body))
    before = twin.call("GET", path).json()["properties"]["customerId"]
    twin.settle(twin.call("DELETE", path))
    _advance(twin, 1)
    twin.settle(twin.call("PUT", path, body))
    assert twin.call("GET", path).json()["properties"]["customerId"] == before


def _workspace(twin, group: str) -> tuple[str, dict[str, Any]]:
    n = uuid.uuid4().hex[:10]
    providers = f"{group}/providers"
    account = f"{providers}/Microsoft.Storage/storageAccounts/st{n}"
    vault_path, vault = _vault(twin, group)
    insights = f"{providers}/Microsoft.Insights/components/appi-a"
    here = {"location": twin.location}
    log_path, log = _log(twin, group)
    twin.settle(twin.call("PUT", log_path, log))
    sku = {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
    twin.settle(twin.call("PUT", f"{account}?api-version={STORAGE_API}", {**here, **sku}))
    twin.call("PUT", vault_path, vault)
    web = {"Application_Type": "web", "WorkspaceResourceId": log_path.partition("?")[0]}
    twin.call("PUT", f"{insights}?api-version=2020-02-02", {**here, "kind": "web", "properties": web})
    properties = {
        "storageAccount": account,
        "keyVault": vault_path.partition("?")[0],
        "applicationInsights": insights,
    }
    body = {**here, "identity": {"type": "SystemAssigned"}, "properties": properties}
    return f"{providers}/Microsoft.MachineLearningServices/workspaces/mlw-{n}?api-version={ML_API}", body


def test_a_deleted_ml_workspace_holds_its_name_until_it_is_purged(twin, group):
    path, body = _workspace(twin, group)
    made = twin.call("PUT", path, body)
    assert made.status_code == 202
    _advance(twin, 2)
    assert twin.call("GET", path).json()["properties"]["provisioningState"] == "Succeeded"
    assert twin.call("DELETE", path).status_code == 202
    _advance(twin, 2)
    assert twin.call("GET", path).status_code == 404
    again = twin.call("PUT", path, body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "SoftDeletedResourceExists")
    assert twin.call("DELETE", f"{path}&forceToPurge=true").status_code == 200
    assert twin.call("PUT", path, body).status_code == 202
    _advance(twin, 2)
    assert twin.call("DELETE", f"{path}&forceToPurge=true").status_code == 202
    _advance(twin, 2)
    assert twin.call("PUT", path, body).status_code == 202


def test_a_system_identity_lives_and_dies_with_its_resource(twin, group):
    path, body = _workspace(twin, group)
    twin.call("PUT", path, body)
    _advance(twin, 2)
    principal = twin.call("GET", path).json()["identity"]["principalId"]
    reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
    assert twin.grant(principal, reader, group).status_code == 201
    twin.call("DELETE", f"{path}&forceToPurge=true")
    _advance(twin, 2)
    refused = twin.grant(principal, reader, f"/subscriptions/{twin.subscription}")
    assert refused.json()["error"]["code"] == "PrincipalNotFound"


def test_what_is_being_deleted_takes_no_writes(twin, group):
    path, body = _log(twin, group)
    twin.call("PUT", path, body)
    _advance(twin, 1)
    assert twin.call("DELETE", path).status_code == 202
    refused = twin.call("PUT", path, body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "ResourceBeingDeleted")
    assert twin.call("DELETE", path).json()["error"]["code"] == "ResourceBeingDeleted"
