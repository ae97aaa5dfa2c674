"""Private DNS zones and links on the twin: what Azure allows, and what it refuses in which words."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from checks.catalogue.roles import role_named
from infra.own_roles import OWN_ROLES
from infra.rights.table import Role
from tests.localazure.conftest import refused

NET = "providers/Microsoft.Network"
BLOB = f"{NET}/privateDnsZones/privatelink.blob.core.windows.net"
VERSION = "2024-06-01"
GLOBAL = {"location": "global"}


def at(group: str, path: str) -> str:
    return f"{group}/{path}?api-version={VERSION}"


@pytest.fixture
def network(twin_server, put, group):
    space = {
        "location": twin_server.location,
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    }
    assert put(f"{NET}/virtualNetworks/vnet-a", space, "net").status_code == 201
    return f"{group}/{NET}/virtualNetworks/vnet-a"


def link(network: str, **more: Any) -> dict[str, Any]:
    return GLOBAL | {"properties": {"virtualNetwork": {"id": network}, **more}}


@pytest.fixture
def make(twin_server, group):
    def do(path: str, body: Any) -> Any:
        reply = twin_server.call("PUT", at(group, path), body)
        if reply.status_code < 300:
            twin_server.settle(reply)
        return reply

    return do


def test_a_zone_is_of_no_region_and_has_two_labels_at_least(twin_server, make, group):
    here = make(BLOB, {"location": twin_server.location})
    refused(here, 400, "LocationNotAvailableForResourceType", "global")
    refused(make(f"{NET}/privateDnsZones/internal", GLOBAL), 400, "InvalidResourceName", "2 to 34 labels")
    refused(make(f"{NET}/privateDnsZones/a.example.com.", GLOBAL), 400, "InvalidResourceName")


def test_a_zone_counts_its_links_and_does_not_go_before_them(twin_server, make, group, network):
    make(BLOB, GLOBAL)
    make(f"{BLOB}/virtualNetworkLinks/one", link(network))
    shown = twin_server.call("GET", at(group, BLOB)).json()
    assert (shown["location"], shown["properties"]["numberOfVirtualNetworkLinks"]) == ("global", 1)
    kept = twin_server.call("DELETE", at(group, BLOB))
    refused(kept, 409, "CannotDeleteResource", "virtualNetworkLinks/one")
    twin_server.settle(twin_server.call("DELETE", at(group, f"{BLOB}/virtualNetworkLinks/one")))
    twin_server.settle(twin_server.call("DELETE", at(group, BLOB)))
    assert twin_server.call("GET", at(group, BLOB)).status_code == 404


def test_a_link_resolves_only_unless_it_is_told_otherwise(twin_server, make, group, network):
    make(BLOB, GLOBAL)
    make(f"{BLOB}/virtualNetworkLinks/one", link(network))
    shown = twin_server.call("GET", at(group, f"{BLOB}/virtualNetworkLinks/one")).json()["properties"]
    assert (shown["registrationEnabled"], shown["virtualNetworkLinkState"]) == (False, "Completed")


def test_a_link_needs_a_zone_and_a_network_that_exist(make, group, network):
    refused(make(f"{BLOB}/virtualNetworkLinks/one", link(network)), 404, "ParentResourceNotFound")
    make(BLOB, GLOBAL)
    missing = make(f"{BLOB}/virtualNetworkLinks/one", link(f"{network}-b"))
    refused(missing, 400, "InvalidResourceReference", "vnet-a-b")
    zone = make(f"{BLOB}/virtualNetworkLinks/one", link(f"{group}/{BLOB}"))
    refused(zone, 400, "LinkedInvalidPropertyId", "Microsoft.Network/virtualNetworks")


def test_a_network_sees_one_zone_of_a_name_through_one_link(twin_server, make, group, network):
    make(BLOB, GLOBAL)
    make(f"{BLOB}/virtualNetworkLinks/one", link(network))
    refused(make(f"{BLOB}/virtualNetworkLinks/two", link(network)), 409, "Conflict", "one link")
    other = twin_server.make_group()
    zone = f"{other}/{BLOB}?api-version={VERSION}"
    twin_server.settle(twin_server.call("PUT", zone, GLOBAL))
    second = twin_server.call("PUT", at(other, f"{BLOB}/virtualNetworkLinks/one"), link(network))
    refused(second, 400, "BadRequest", "overlapping namespaces")


def test_a_network_registers_its_machines_in_one_zone(make, group, network):
    for name, status in (("a", 201), ("b", 400)):
        zone = f"{NET}/privateDnsZones/{name}.example.com"
        make(zone, GLOBAL)
        made = make(f"{zone}/virtualNetworkLinks/one", link(network, registrationEnabled=True))
        assert made.status_code in {status, 200}, made.text
    refused(made, 400, "BadRequest", "one registration zone")


def test_links_go_with_their_network(twin_server, make, group, network):
    make(BLOB, GLOBAL)
    make(f"{BLOB}/virtualNetworkLinks/one", link(network))
    twin_server.settle(twin_server.call("DELETE", f"{network}?api-version=2024-05-01"))
    listed = twin_server.call("GET", at(group, f"{BLOB}/virtualNetworkLinks")).json()
    assert listed["value"] == []


def test_who_links_a_network_must_be_allowed_to_join_it(twin_server, make, group, network):
    make(BLOB, GLOBAL)
    contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c"
    twin_server.grant("visitor", contributor, f"{group}/{BLOB}")
    path = at(group, f"{BLOB}/virtualNetworkLinks/one")
    kept = twin_server.call("PUT", path, link(network), persona="visitor")
    refused(kept, 403, "LinkedAuthorizationFailed", "virtualNetworks/join/action")
    twin_server.grant("visitor", contributor, network)
    assert twin_server.call("PUT", path, link(network), persona="visitor").status_code in {201, 202}


def test_records_are_refused_by_name(twin_server, make, group):
    make(BLOB, GLOBAL)
    record = make(f"{BLOB}/A/store", {"properties": {"ttl": 10, "aRecords": [{"ipv4Address": "10.0.0.4"}]}})
    refused(record, 501, "NotEmulated", "/A/store")


def test_the_linkers_role_links_and_touches_neither_zones_nor_records(twin_server, make, group, network):
    make(BLOB, GLOBAL)
    guid = str(uuid.uuid4())
    role = f"{group}/providers/Microsoft.Authorization/roleDefinitions/{guid}?api-version=2022-04-01"
    body = {
        "roleName": f"Linker {guid}",
        "type": "CustomRole",
        "permissions": [{"actions": list(OWN_ROLES[Role.DNS_LINKER].actions)}],
        "assignableScopes": [group],
    }
    assert twin_server.call("PUT", role, {"properties": body}).status_code == 201
    twin_server.grant("visitor", guid, f"{group}/{BLOB}")
    twin_server.grant("visitor", role_named("Network Contributor").guid, network)
    path = at(group, f"{BLOB}/virtualNetworkLinks/one")
    twin_server.settle(twin_server.call("PUT", path, link(network), persona="visitor"))
    for method, body in (("PUT", GLOBAL), ("DELETE", None)):
        refused(
            twin_server.call(method, at(group, BLOB), body, persona="visitor"), 403, "AuthorizationFailed"
        )
    twin_server.settle(twin_server.call("DELETE", path, persona="visitor"))
