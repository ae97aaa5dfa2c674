"""Private endpoints on the twin: who approves, which records follow, and what is refused in which words."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.localazure.conftest import refused

NET = "providers/Microsoft.Network"
VERSIONS = {
    "Microsoft.Network": "2024-05-01",
    "privateDnsZones": "2024-06-01",
    "Microsoft.Storage": "2024-01-01",
}
BLOB_ZONE = f"{NET}/privateDnsZones/privatelink.blob.core.windows.net"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def version_of(arm_id: str) -> str:
    if "/privateDnsZones/" in arm_id:
        return VERSIONS["privateDnsZones"]
    return VERSIONS["Microsoft.Storage"] if "Microsoft.Storage" in arm_id else VERSIONS["Microsoft.Network"]


@pytest.fixture
def make(twin_server):
    def do(arm_id: str, body: Any, persona: str = "infra-engineer") -> Any:
        path = f"{arm_id}?api-version={version_of(arm_id)}"
        reply = twin_server.call("PUT", path, body, persona=persona)
        return twin_server.settle(reply) if reply.status_code < 300 and reply.status_code != 200 else reply

    return do


@pytest.fixture
def look(twin_server):
    def do(arm_id: str) -> Any:
        return twin_server.call("GET", f"{arm_id}?api-version={version_of(arm_id)}").json()

    return do


@pytest.fixture
def ids(twin_server, make, group):
    """A network with a subnet, a store and a zone, by their words."""
    here, network = {"location": twin_server.location}, f"{group}/{NET}/virtualNetworks/vnet-a"
    store = f"{group}/providers/Microsoft.Storage/storageAccounts/st{uuid.uuid4().hex[:10]}"
    make(network, {**here, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}})
    make(f"{network}/subnets/links", {"properties": {"addressPrefix": "10.0.1.0/29"}})
    make(store, {**here, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}})
    make(f"{group}/{BLOB_ZONE}", {"location": "global"})
    return {
        "network": network,
        "subnet": f"{network}/subnets/links",
        "store": store,
        "zone": f"{group}/{BLOB_ZONE}",
        "endpoint": f"{group}/{NET}/privateEndpoints/pep-a",
        "location": twin_server.location,
    }


def endpoint(ids: dict[str, str], *groups: str, manual: bool = False, **more: Any) -> dict[str, Any]:
    target = {"privateLinkServiceId": ids["store"], "groupIds": list(groups or ("blob",))}
    kind = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    return {
        "location": ids["location"],
        "properties": {
            "subnet": {"id": ids["subnet"]},
            kind: [{"name": "one", "properties": target}],
            **more,
        },
    }


def in_zone(ids: dict[str, str]) -> dict[str, Any]:
    config = {"name": "blob", "properties": {"privateDnsZoneId": ids["zone"]}}
    return {"properties": {"privateDnsZoneConfigs": [config]}}


def records(look: Any, ids: dict[str, str]) -> dict[str, str]:
    listed = look(f"{ids['zone']}/A")["value"]
    return {one["name"]: one["properties"]["aRecords"][0]["ipv4Address"] for one in listed}


def state(look: Any, ids: dict[str, str], kind: str = "privateLinkServiceConnections") -> str:
    (connection,) = look(ids["endpoint"])["properties"][kind]
    return str(connection["properties"]["privateLinkServiceConnectionState"]["status"])


def test_an_owner_s_endpoint_is_approved_and_has_the_subnet_s_first_address(make, look, ids):
    assert make(ids["endpoint"], endpoint(ids)).status_code < 300
    assert state(look, ids) == "Approved"
    name = ids["store"].rpartition("/")[2]
    (config,) = look(ids["endpoint"])["properties"]["customDnsConfigs"]
    assert config == {"fqdn": f"{name}.blob.core.windows.net", "ipAddresses": ["10.0.1.4"]}


def test_a_zone_group_writes_the_record_and_takes_it_back(twin_server, make, look, ids):
    make(ids["endpoint"], endpoint(ids))
    assert make(f"{ids['endpoint']}/privateDnsZoneGroups/default", in_zone(ids)).status_code < 300
    name = ids["store"].rpartition("/")[2]
    assert records(look, ids) == {name: "10.0.1.4"}
    assert look(ids["zone"])["properties"]["numberOfRecordSets"] == 2
    assert look(f"{ids['zone']}/A/{name}")["properties"]["fqdn"].startswith(f"{name}.privatelink.blob")
    group = look(f"{ids['endpoint']}/privateDnsZoneGroups/default")["properties"]
    (written,) = group["privateDnsZoneConfigs"][0]["properties"]["recordSets"]
    assert written["ipAddresses"] == ["10.0.1.4"]
    assert look(ids["endpoint"])["properties"]["customDnsConfigs"] == []
    path = f"{ids['endpoint']}/privateDnsZoneGroups/default?api-version=2024-05-01"
    twin_server.settle(twin_server.call("DELETE", path))
    assert records(look, ids) == {}


def test_of_two_endpoints_that_write_one_name_the_later_stands_for_everybody(make, look, ids):
    for name in ("pep-a", "pep-b"):
        one = ids["endpoint"].replace("pep-a", name)
        make(one, endpoint(ids))
        make(f"{one}/privateDnsZoneGroups/default", in_zone(ids))
    assert set(records(look, ids).values()) == {"10.0.1.5"}


def test_what_is_asked_by_hand_waits_for_the_owner_who_sees_and_decides_it(make, look, ids):
    make(ids["endpoint"], endpoint(ids, manual=True))
    make(f"{ids['endpoint']}/privateDnsZoneGroups/default", in_zone(ids))
    kind = "manualPrivateLinkServiceConnections"
    assert (state(look, ids, kind), records(look, ids)) == ("Pending", {})
    (seen,) = look(f"{ids['store']}/privateEndpointConnections")["value"]
    assert look(ids["store"])["properties"]["privateEndpointConnections"] == [seen]
    assert seen["properties"]["privateEndpoint"] == {"id": ids["endpoint"]}
    for decision in ("Approved", "Rejected"):
        body = {"properties": {"privateLinkServiceConnectionState": {"status": decision}}}
        assert make(seen["id"], body).status_code == 200
        assert state(look, ids, kind) == decision
        assert bool(records(look, ids)) == (decision == "Approved")
    unclear = {"properties": {"privateLinkServiceConnectionState": {"status": "Perhaps"}}}
    refused(make(seen["id"], unclear), 400, "InvalidPrivateLinkServiceConnectionState", "Approved, Rejected")


def test_a_connection_that_was_decided_stays_so_when_the_endpoint_is_put_again(make, look, ids):
    make(ids["endpoint"], endpoint(ids, manual=True))
    (seen,) = look(f"{ids['store']}/privateEndpointConnections")["value"]
    make(seen["id"], {"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}})
    make(ids["endpoint"], endpoint(ids, manual=True))
    assert state(look, ids, "manualPrivateLinkServiceConnections") == "Approved"


def test_who_may_not_approve_connects_by_hand_only(twin_server, make, ids, group):
    twin_server.grant("visitor", CONTRIBUTOR, ids["network"])
    twin_server.grant("visitor", "4d97b98b-1d4f-4787-a291-c67834d212e7", group)  # Network Contributor
    kept = make(ids["endpoint"], endpoint(ids), persona="visitor")
    refused(kept, 403, "LinkedAuthorizationFailed", "PrivateEndpointConnectionsApproval/action")
    assert make(ids["endpoint"], endpoint(ids, manual=True), persona="visitor").status_code < 300


def test_a_group_is_one_that_the_target_has(make, ids):
    refused(
        make(ids["endpoint"], endpoint(ids, "vault")), 400, "InvalidValuesForRequestParameters", "blob, table"
    )
    refused(
        make(ids["endpoint"], endpoint(ids, "blob", "file")), 400, "OnlyOneGroupIdPermitted", "blob, file"
    )
    network = ids | {"store": ids["network"]}
    refused(make(ids["endpoint"], endpoint(network)), 400, "PrivateLinkNotSupported", "virtualNetworks")


def test_a_target_says_which_groups_and_zones_it_has(look, ids):
    listed = {one["name"]: one["properties"] for one in look(f"{ids['store']}/privateLinkResources")["value"]}
    assert listed["dfs"]["requiredZoneNames"] == ["privatelink.dfs.core.windows.net"]
    assert set(listed) == {"blob", "table", "queue", "file", "web", "dfs"}


def test_a_subnet_with_an_endpoint_stays_and_one_that_is_full_takes_no_more(twin_server, make, look, ids):
    for number in range(3):  # a /29 has eight addresses, of which Azure keeps five
        made = make(ids["endpoint"].replace("pep-a", f"pep-{number}"), endpoint(ids))
        assert made.status_code < 300, made.text
    refused(make(ids["endpoint"], endpoint(ids)), 400, "SubnetIsFull", "links")
    kept = twin_server.call("DELETE", f"{ids['subnet']}?api-version=2024-05-01")
    refused(kept, 400, "InUseSubnetCannotBeDeleted", "pep-0")
    assert len(look(ids["subnet"])["properties"]["privateEndpoints"]) == 3


def test_an_endpoint_whose_target_is_gone_is_disconnected_and_has_no_record(twin_server, make, look, ids):
    make(ids["endpoint"], endpoint(ids))
    make(f"{ids['endpoint']}/privateDnsZoneGroups/default", in_zone(ids))
    twin_server.settle(twin_server.call("DELETE", f"{ids['store']}?api-version=2024-01-01"))
    assert (state(look, ids), records(look, ids)) == ("Disconnected", {})


def test_a_zone_group_has_zones_each_named_once_and_an_endpoint_has_one_group(make, ids):
    make(ids["endpoint"], endpoint(ids))
    group = f"{ids['endpoint']}/privateDnsZoneGroups"
    none = {"properties": {"privateDnsZoneConfigs": []}}
    refused(make(f"{group}/default", none), 400, "InvalidPrivateDnsZoneGroup", "1 to 5")
    config = in_zone(ids)["properties"]["privateDnsZoneConfigs"][0]
    twice = {"properties": {"privateDnsZoneConfigs": [config, config]}}
    refused(make(f"{group}/default", twice), 400, "InvalidPrivateDnsZoneGroup", "name of its own")
    make(f"{group}/default", in_zone(ids))
    refused(make(f"{group}/other", in_zone(ids)), 400, "InvalidPrivateDnsZoneGroup", "has one")
