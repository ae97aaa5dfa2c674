"""What ARM and the resource providers refuse, each with the code and the words that help."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.localazure.conftest import refused

NET = "providers/Microsoft.Network"


def _name(prefix: str) -> str:
    return prefix + uuid.uuid4().hex[:10]


def _account(location: str, **properties: Any) -> dict[str, Any]:
    return {
        "location": location,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "properties": properties,
    }


def _network(location: str, *ranges: str, **more: Any) -> dict[str, Any]:
    return {"location": location, "properties": {"addressSpace": {"addressPrefixes": list(ranges)}, **more}}


def test_an_api_version_must_be_given_and_known(twin_server, group):
    path = f"{group}/{NET}/virtualNetworks/vnet-a"
    body = _network(twin_server.location, "10.0.0.0/16")
    refused(twin_server.call("PUT", path, body), 400, "MissingApiVersionParameter")
    unknown = twin_server.call("PUT", f"{path}?api-version=1999-01-01", body)
    refused(unknown, 400, "NoRegisteredProviderFound", "1999-01-01", "2024-05-01")


def test_a_body_must_be_json(twin_server, group):
    headers = {"Authorization": f"Bearer {twin_server.token()}"}
    path = f"{group}/{NET}/virtualNetworks/vnet-a?api-version=2024-05-01"
    refused(twin_server.client.put(path, content=b"{", headers=headers), 400, "InvalidRequestContent")


def test_all_problems_of_a_body_are_told_at_once_with_their_places(put):
    body = {"sku": {"name": "Standard_LRS"}, "properties": {"isHnsEnabeld": True, "minimumTlsVersion": 3}}
    reply = put(f"providers/Microsoft.Storage/storageAccounts/{_name('st')}", body, "storage")
    refused(
        reply,
        400,
        "InvalidRequestContent",
        "location: missing",
        "kind: missing",
        "properties.isHnsEnabeld",
        "did you mean 'isHnsEnabled'?",
        "properties.minimumTlsVersion",
    )


@pytest.mark.parametrize(
    ("path", "version", "rule"),
    [
        (
            "providers/Microsoft.Storage/storageAccounts/St-Dev",
            "storage",
            "3 to 24 lower-case letters and digits",
        ),
        ("providers/Microsoft.KeyVault/vaults/kv--dev", "vault", "single hyphens"),
        ("providers/Microsoft.ContainerRegistry/registries/cr-dev", "images", "5 to 50 letters and digits"),
        (
            "providers/Microsoft.ManagedIdentity/userAssignedIdentities/_x",
            "identity",
            "starting with a letter",
        ),
    ],
)
def test_a_name_that_azure_would_refuse_is_refused_with_the_rule(put, path, version, rule):
    refused(put(path, {"location": "westeurope"}, version), 400, "InvalidResourceName", rule)


def test_what_lives_nowhere_isrefused(twin_server, put):
    here = f"/subscriptions/{twin_server.subscription}/resourceGroups/rg-none"
    body = {"location": twin_server.location}
    identity = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    refused(put(f"{here}/{identity}", body, "identity"), 404, "ResourceGroupNotFound", "rg-none")
    subnet = put(
        f"{NET}/virtualNetworks/none/subnets/a", {"properties": {"addressPrefix": "10.0.0.0/24"}}, "net"
    )
    refused(subnet, 404, "ParentResourceNotFound", "virtualNetworks/none")


def test_a_subscription_that_is_none_isrefused(twin_server):
    path = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg?api-version=2024-03-01"
    assert twin_server.call("PUT", path, {"location": "westeurope"}).status_code == 403


def test_a_region_must_be_the_tenants_and_is_kept_in_one_spelling(twin_server, put, group):
    identity = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    refused(
        put(identity, {"location": "atlantis"}, "identity"),
        400,
        "LocationNotAvailableForResourceType",
        "westeurope,northeurope",
    )
    assert put(identity, {"location": "West Europe"}, "identity").json()["location"] == "westeurope"
    refused(
        put(identity, {"location": "northeurope"}, "identity"), 409, "InvalidResourceLocation", "westeurope"
    )
    refused(
        put(group, {"location": "northeurope"}, "group"), 409, "InvalidResourceGroupLocation", "westeurope"
    )


def test_tags_have_limits(put):
    identity = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    many = {"location": "westeurope", "tags": {str(n): "x" for n in range(51)}}
    refused(put(identity, many, "identity"), 400, "TooManyTags", "51", "50")
    bad = {"location": "westeurope", "tags": {"a<b": "x"}}
    refused(put(identity, bad, "identity"), 400, "InvalidTagNameCharacters", "a<b")


def test_a_global_name_that_somebody_has_is_refused_with_the_holder(twin_server, put):
    name, vault, images = _name("st"), _name("kv"), _name("cr")
    other = twin_server.make_group()
    location = twin_server.location
    rows = [
        (
            f"providers/Microsoft.Storage/storageAccounts/{name}",
            _account(location),
            "storage",
            "StorageAccountAlreadyTaken",
        ),
        (
            f"providers/Microsoft.KeyVault/vaults/{vault}",
            {
                "location": location,
                "properties": {"tenantId": twin_server.tenant, "sku": {"family": "A", "name": "standard"}},
            },
            "vault",
            "VaultAlreadyExists",
        ),
        (
            f"providers/Microsoft.ContainerRegistry/registries/{images}",
            {"location": location, "sku": {"name": "Basic"}, "properties": {}},
            "images",
            "AlreadyInUse",
        ),
    ]
    for path, body, version, code in rows:
        assert put(path, body, version).status_code in (201, 202)
        refused(put(f"{other}/{path}", body, version), 409, code, path.rpartition("/")[2])


def test_name_availability_is_told(twin_server, put, sdk):
    from azure.mgmt.storage import StorageManagementClient

    name = _name("st")
    client = sdk(StorageManagementClient)
    assert client.storage_accounts.check_name_availability({"name": name}).name_available
    put(f"providers/Microsoft.Storage/storageAccounts/{name}", _account("westeurope"), "storage")
    taken = client.storage_accounts.check_name_availability({"name": name})
    assert (taken.name_available, taken.reason) == (False, "AlreadyExists")
    assert (
        client.storage_accounts.check_name_availability({"name": "Not-Valid"}).reason == "AccountNameInvalid"
    )


def test_what_is_fixed_at_birth_cannot_change(twin_server, put):
    path = f"providers/Microsoft.Storage/storageAccounts/{_name('st')}"
    put(path, _account("westeurope", isHnsEnabled=True), "storage")
    flat = put(path, _account("westeurope", isHnsEnabled=False), "storage")
    refused(flat, 409, "PropertyChangeNotAllowed", "properties.isHnsEnabled", "create it again")
    kept = put(path, _account("westeurope"), "storage")
    assert kept.json()["properties"]["isHnsEnabled"] is True


def test_what_is_one_way_does_not_go_back(twin_server, put):
    path = f"providers/Microsoft.KeyVault/vaults/{_name('kv')}"
    body = {
        "location": "westeurope",
        "properties": {
            "tenantId": twin_server.tenant,
            "sku": {"family": "A", "name": "standard"},
            "enablePurgeProtection": True,
        },
    }
    assert put(path, body, "vault").status_code == 201
    body["properties"]["enablePurgeProtection"] = False
    refused(put(path, body, "vault"), 400, "OneWayChange", "purge protection cannot be turned off")


def test_an_id_in_a_body_must_be_of_the_right_type_and_exist(put, group):
    put(f"{NET}/virtualNetworks/vnet-a", _network("westeurope", "10.0.0.0/16"), "net")
    subnet = f"{NET}/virtualNetworks/vnet-a/subnets/snet-a"

    def named(arm_id: str) -> dict[str, Any]:
        return {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": arm_id}}}

    missing = f"{group}/{NET}/networkSecurityGroups/none"
    refused(put(subnet, named(missing), "net"), 400, "InvalidResourceReference", missing)
    wrong = f"{group}/{NET}/virtualNetworks/vnet-a"
    refused(put(subnet, named(wrong), "net"), 400, "LinkedInvalidPropertyId", "networkSecurityGroups")


def test_what_is_in_use_is_not_deleted(twin_server, put, group):
    nsg = put(
        f"{NET}/networkSecurityGroups/nsg-a", {"location": "westeurope", "properties": {}}, "net"
    ).json()["id"]
    put(f"{NET}/virtualNetworks/vnet-a", _network("westeurope", "10.0.0.0/16"), "net")
    subnet = f"{NET}/virtualNetworks/vnet-a/subnets/a"
    put(subnet, {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": nsg}}}, "net")
    rule = {"id": f"{group}/{subnet}", "action": "Allow"}
    account = f"providers/Microsoft.Storage/storageAccounts/{_name('st')}"
    acls = {"defaultAction": "Deny", "virtualNetworkRules": [rule]}
    assert put(account, _account("westeurope", networkAcls=acls), "storage").status_code == 202

    def delete(path: str) -> Any:
        return twin_server.call("DELETE", f"{path}?api-version=2024-05-01")

    refused(delete(nsg), 400, "InUseNetworkSecurityGroupCannotBeDeleted", "subnets/a")
    refused(delete(f"{group}/{subnet}"), 400, "InUseSubnetCannotBeDeleted", account.rpartition("/")[2])
    refused(delete(f"{group}/{NET}/virtualNetworks/vnet-a"), 400, "InUseSubnetCannotBeDeleted")
    twin_server.call("DELETE", f"{group}/{account}?api-version=2024-01-01")
    assert delete(f"{group}/{subnet}").status_code == 200
    assert delete(nsg).status_code == 200


@pytest.mark.parametrize(
    ("level", "write"), [("CanNotDelete", 201), ("ReadOnly", 409)], ids=["can-not-delete", "read-only"]
)
def test_a_lock_holds_at_its_scope_below_it_and_against_what_is_above(twin_server, put, group, level, write):
    identity = put(
        "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a",
        {"location": "westeurope"},
        "identity",
    )
    path = f"{group}/providers/Microsoft.Authorization/locks/keep"
    assert put(path, {"properties": {"level": level}}, "lock").status_code == 201
    inside = twin_server.call("DELETE", f"{identity.json()['id']}?api-version=2023-01-31")
    refused(inside, 409, "ScopeLocked", group, "remove the lock")
    refused(twin_server.call("DELETE", f"{group}?api-version=2024-03-01"), 409, "ScopeLocked")
    other = put(
        "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-b",
        {"location": "westeurope"},
        "identity",
    )
    assert other.status_code == write
    assert twin_server.call("DELETE", f"{path}?api-version=2020-05-01").status_code == 200
    assert twin_server.call("DELETE", f"{identity.json()['id']}?api-version=2023-01-31").status_code == 200


def test_a_lock_on_a_resource_holds_its_group(twin_server, put, group):
    identity = put(
        "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a",
        {"location": "westeurope"},
        "identity",
    )
    put(
        f"{identity.json()['id']}/providers/Microsoft.Authorization/locks/k",
        {"properties": {"level": "CanNotDelete"}},
        "lock",
    )
    refused(twin_server.call("DELETE", f"{group}?api-version=2024-03-01"), 409, "ScopeLocked", "id-a")


def test_a_patch_changes_what_it_names_and_null_removes(twin_server, put, group):
    path = f"{group}/providers/Microsoft.Storage/storageAccounts/{_name('st')}?api-version=2024-01-01"
    put(path.partition("?")[0], {**_account("westeurope"), "tags": {"a": "1", "b": "2"}}, "storage")
    changed = twin_server.call(
        "PATCH", path, {"tags": {"a": None, "c": "3"}, "properties": {"minimumTlsVersion": "TLS1_2"}}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["tags"] == {"b": "2", "c": "3"}
    assert changed.json()["properties"]["minimumTlsVersion"] == "TLS1_2"
    assert changed.json()["sku"]["name"] == "Standard_LRS"


def test_a_child_waits_until_its_parent_is_made(twin_server, group):
    vnet = f"{group}/{NET}/virtualNetworks/vnet-a"
    making = twin_server.call("PUT", f"{vnet}?api-version=2024-05-01", _network("westeurope", "10.0.0.0/16"))
    subnet = {"properties": {"addressPrefix": "10.0.1.0/24"}}
    early = twin_server.call("PUT", f"{vnet}/subnets/a?api-version=2024-05-01", subnet)
    refused(early, 409, "ParentResourceNotReady", "vnet-a")
    assert early.headers["retry-after"] == "1"
    twin_server.settle(making)
    assert twin_server.call("PUT", f"{vnet}/subnets/a?api-version=2024-05-01", subnet).status_code == 201


def test_deleting_what_is_not_there_is_done_already_but_a_group_is_missed(twin_server, group):
    gone = twin_server.call("DELETE", f"{group}/{NET}/networkSecurityGroups/none?api-version=2024-05-01")
    assert gone.status_code == 204
    missing = f"/subscriptions/{twin_server.subscription}/resourceGroups/rg-none?api-version=2024-03-01"
    refused(twin_server.call("DELETE", missing), 404, "ResourceGroupNotFound")


def test_a_refused_write_leaves_nothing_behind(twin_server, put, group):
    inline = [
        {"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}},
        {"name": "b", "properties": {"addressPrefix": "10.0.1.0/25"}},
    ]
    vnet = f"{NET}/virtualNetworks/vnet-a"
    assert put(vnet, _network("westeurope", "10.0.0.0/16", subnets=inline), "net").status_code == 400
    assert twin_server.call("GET", f"{group}/{vnet}?api-version=2024-05-01").status_code == 404
    assert twin_server.call("GET", f"{group}/{vnet}/subnets/a?api-version=2024-05-01").status_code == 404


def test_a_secret_in_a_body_is_neither_kept_nor_shown(twin_server, put):
    from pathlib import Path

    state = b"".join(file.read_bytes() for file in Path(twin_server.home, "azure").glob("twin.sqlite3*"))
    assert b"InstrumentationKey" not in state
    log = put(
        "providers/Microsoft.OperationalInsights/workspaces/log-a", {"location": "westeurope"}, "log"
    ).json()["id"]
    body = {
        "location": "westeurope",
        "kind": "web",
        "properties": {"Application_Type": "web", "WorkspaceResourceId": log},
    }
    made = put("providers/Microsoft.Insights/components/appi-a", body, "2020-02-02").json()
    key = made["properties"]["InstrumentationKey"]
    state = b"".join(file.read_bytes() for file in Path(twin_server.home, "azure").glob("twin.sqlite3*"))
    assert key.encode() not in state
