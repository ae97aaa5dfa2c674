"""What ARM and the resource providers refuse, each with the code and the words that help."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

NET = "providers/Microsoft.Network"
V = {
    "group": "2024-03-01",
    "identity": "2023-01-31",
    "net": "2024-05-01",
    "storage": "2024-01-01",
    "vault": "2024-11-01",
    "images": "2023-01-01-preview",
    "log": "2023-09-01",
    "lock": "2020-05-01",
}


@pytest.fixture
def group(twin_server):
    return twin_server.make_group()


@pytest.fixture
def put(twin_server, group):
    def do(path: str, body: Any, version: str, **more: Any) -> Any:
        where = path if path.startswith("/") else f"{group}/{path}"
        reply = twin_server.call("PUT", f"{where}?api-version={V.get(version, version)}", body, **more)
        if reply.status_code < 300:
            twin_server.settle(reply)
        return reply

    return do


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


def _refused(reply: Any, status: int, code: str, *words: str) -> None:
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert error["code"] == code, error
    for word in words:
        assert word in error["message"], error["message"]
    assert reply.headers["x-ms-error-code"] == code


def test_an_api_version_must_be_given_and_known(twin_server, group):
    path = f"{group}/{NET}/virtualNetworks/vnet-a"
    body = _network(twin_server.location, "10.0.0.0/16")
    _refused(twin_server.call("PUT", path, body), 400, "MissingApiVersionParameter")
    unknown = twin_server.call("PUT", f"{path}?api-version=1999-01-01", body)
    _refused(unknown, 400, "NoRegisteredProviderFound", "1999-01-01", "2024-05-01")


def test_a_body_must_be_json(twin_server, group):
    headers = {"Authorization": f"Bearer {twin_server.token()}"}
    path = f"{group}/{NET}/virtualNetworks/vnet-a?api-version=2024-05-01"
    _refused(twin_server.client.put(path, content=b"{", headers=headers), 400, "InvalidRequestContent")


def test_all_problems_of_a_body_are_told_at_once_with_their_places(put):
    body = {"sku": {"name": "Standard_LRS"}, "properties": {"isHnsEnabeld": True, "minimumTlsVersion": 3}}
    reply = put(f"providers/Microsoft.Storage/storageAccounts/{_name('st')}", body, "storage")
    _refused(
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
    _refused(put(path, {"location": "westeurope"}, version), 400, "InvalidResourceName", rule)


def test_what_lives_nowhere_is_refused(twin_server, put):
    here = f"/subscriptions/{twin_server.subscription}/resourceGroups/rg-none"
    body = {"location": twin_server.location}
    identity = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    _refused(put(f"{here}/{identity}", body, "identity"), 404, "ResourceGroupNotFound", "rg-none")
    subnet = put(
        f"{NET}/virtualNetworks/none/subnets/a", {"properties": {"addressPrefix": "10.0.0.0/24"}}, "net"
    )
    _refused(subnet, 404, "ParentResourceNotFound", "virtualNetworks/none")


def test_a_subscription_that_is_none_is_refused(twin_server):
    path = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg?api-version=2024-03-01"
    assert twin_server.call("PUT", path, {"location": "westeurope"}).status_code == 403


def test_a_region_must_be_the_tenants_and_is_kept_in_one_spelling(twin_server, put, group):
    identity = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    _refused(
        put(identity, {"location": "atlantis"}, "identity"),
        400,
        "LocationNotAvailableForResourceType",
        "westeurope,northeurope",
    )
    assert put(identity, {"location": "West Europe"}, "identity").json()["location"] == "westeurope"
    _refused(
        put(identity, {"location": "northeurope"}, "identity"), 409, "InvalidResourceLocation", "westeurope"
    )
    _refused(
        put(group, {"location": "northeurope"}, "group"), 409, "InvalidResourceGroupLocation", "westeurope"
    )


def test_tags_have_limits(put):
    identity = "providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"
    many = {"location": "westeurope", "tags": {str(n): "x" for n in range(51)}}
    _refused(put(identity, many, "identity"), 400, "TooManyTags", "51", "50")
    bad = {"location": "westeurope", "tags": {"a<b": "x"}}
    _refused(put(identity, bad, "identity"), 400, "InvalidTagNameCharacters", "a<b")


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
        _refused(put(f"{other}/{path}", body, version), 409, code, path.rpartition("/")[2])


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
    _refused(flat, 409, "PropertyChangeNotAllowed", "properties.isHnsEnabled", "create it again")
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
    _refused(put(path, body, "vault"), 400, "OneWayChange", "purge protection cannot be turned off")


def test_an_id_in_a_body_must_be_of_the_right_type_and_exist(put, group):
    put(f"{NET}/virtualNetworks/vnet-a", _network("westeurope", "10.0.0.0/16"), "net")
    subnet = f"{NET}/virtualNetworks/vnet-a/subnets/snet-a"

    def named(arm_id: str) -> dict[str, Any]:
        return {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": arm_id}}}

    missing = f"{group}/{NET}/networkSecurityGroups/none"
    _refused(put(subnet, named(missing), "net"), 400, "InvalidResourceReference", missing)
    wrong = f"{group}/{NET}/virtualNetworks/vnet-a"
    _refused(put(subnet, named(wrong), "net"), 400, "LinkedInvalidPropertyId", "networkSecurityGroups")


def test_address_ranges_do_not_overlap_and_lie_inside(put):
    vnet = f"{NET}/virtualNetworks/vnet-a"
    overlap = put(vnet, _network("westeurope", "10.0.0.0/16", "10.0.128.0/17"), "net")
    _refused(overlap, 400, "NetcfgSubnetRangesOverlap")
    rubbish = put(vnet, _network("westeurope", "10.0.0.1/16"), "net")
    _refused(rubbish, 400, "InvalidAddressPrefixFormat", "10.0.0.1/16")
    assert put(vnet, _network("westeurope", "10.0.0.0/16"), "net").status_code == 201

    def subnet(name: str, text: str) -> Any:
        return put(f"{vnet}/subnets/{name}", {"properties": {"addressPrefix": text}}, "net")

    assert subnet("a", "10.0.1.0/24").status_code == 201
    _refused(subnet("b", "10.0.1.128/25"), 400, "NetcfgSubnetRangesOverlap", "'a' (10.0.1.0/24)")
    _refused(subnet("c", "10.1.0.0/24"), 400, "NetcfgInvalidSubnet", "10.0.0.0/16")
    _refused(subnet("d", "10.0.2.0/30"), 400, "InvalidCIDRNotation", "/29")
    shrunk = put(vnet, _network("westeurope", "10.0.2.0/24"), "net")
    _refused(shrunk, 400, "NetcfgInvalidSubnet", "'a'")


def test_subnets_in_a_networks_body_are_resources_and_leaving_them_out_keeps_them(twin_server, put, group):
    vnet = f"{NET}/virtualNetworks/vnet-a"
    inline = [{"name": "a", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    put(vnet, _network("westeurope", "10.0.0.0/16", subnets=inline), "net")
    path = f"{group}/{vnet}/subnets/a?api-version=2024-05-01"
    assert twin_server.call("GET", path).json()["properties"]["addressPrefix"] == "10.0.1.0/24"
    put(f"{vnet}/subnets/b", {"properties": {"addressPrefix": "10.0.2.0/24"}}, "net")
    again = put(vnet, _network("westeurope", "10.0.0.0/16"), "net")
    assert [one["name"] for one in again.json()["properties"]["subnets"]] == ["a", "b"]
    put(vnet, _network("westeurope", "10.0.0.0/16", subnets=inline), "net")
    assert twin_server.call("GET", path.replace("/a?", "/b?")).status_code == 404


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

    _refused(delete(nsg), 400, "InUseNetworkSecurityGroupCannotBeDeleted", "subnets/a")
    _refused(delete(f"{group}/{subnet}"), 400, "InUseSubnetCannotBeDeleted", account.rpartition("/")[2])
    _refused(delete(f"{group}/{NET}/virtualNetworks/vnet-a"), 400, "InUseSubnetCannotBeDeleted")
    twin_server.call("DELETE", f"{group}/{account}?api-version=2024-01-01")
    assert delete(f"{group}/{subnet}").status_code == 200
    assert delete(nsg).status_code == 200


def test_security_rules_have_their_own_priorities(put):
    def rules(*priorities: int) -> dict[str, Any]:
        from_anywhere = {
            "direction": "Inbound",
            "access": "Deny",
            "protocol": "*",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "*",
        }
        listed = [
            {"name": f"r{n}", "properties": {**from_anywhere, "priority": p}}
            for n, p in enumerate(priorities)
        ]
        return {"location": "westeurope", "properties": {"securityRules": listed}}

    path = f"{NET}/networkSecurityGroups/nsg-a"
    _refused(put(path, rules(100, 100), "net"), 400, "SecurityRuleConflict", "r1", "r0")
    _refused(put(path, rules(99), "net"), 400, "SecurityRuleInvalidPriority", "100 to 4096")


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
    _refused(inside, 409, "ScopeLocked", group, "remove the lock")
    _refused(twin_server.call("DELETE", f"{group}?api-version=2024-03-01"), 409, "ScopeLocked")
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
    _refused(twin_server.call("DELETE", f"{group}?api-version=2024-03-01"), 409, "ScopeLocked", "id-a")


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
    _refused(early, 409, "ParentResourceNotReady", "vnet-a")
    assert early.headers["retry-after"] == "1"
    twin_server.settle(making)
    assert twin_server.call("PUT", f"{vnet}/subnets/a?api-version=2024-05-01", subnet).status_code == 201


def test_deleting_what_is_not_there_is_done_already_but_a_group_is_missed(twin_server, group):
    gone = twin_server.call("DELETE", f"{group}/{NET}/networkSecurityGroups/none?api-version=2024-05-01")
    assert gone.status_code == 204
    missing = f"/subscriptions/{twin_server.subscription}/resourceGroups/rg-none?api-version=2024-03-01"
    _refused(twin_server.call("DELETE", missing), 404, "ResourceGroupNotFound")


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
