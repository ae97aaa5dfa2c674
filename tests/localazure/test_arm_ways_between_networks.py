"""Peerings, NAT gateways, public addresses and private link scopes on the twin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.localazure.conftest import refused

NET = "providers/Microsoft.Network"
SCOPE = "providers/Microsoft.Insights/privateLinkScopes/ampls-a"
MODES = {"queryAccessMode": "Open", "ingestionAccessMode": "PrivateOnly"}


@pytest.fixture
def make(twin_server, group):
    def do(path: str, body: Any, version: str = "2024-05-01") -> Any:
        reply = twin_server.call("PUT", f"{group}/{path}?api-version={version}", body)
        return twin_server.settle(reply) if reply.status_code in {201, 202} else reply

    return do


@pytest.fixture
def network(twin_server, make, group):
    def do(name: str, space: str) -> str:
        body = {
            "location": twin_server.location,
            "properties": {"addressSpace": {"addressPrefixes": [space]}},
        }
        make(f"{NET}/virtualNetworks/{name}", body)
        return f"{group}/{NET}/virtualNetworks/{name}"

    return do


def to(remote: str, **more: Any) -> dict[str, Any]:
    return {"properties": {"remoteVirtualNetwork": {"id": remote}, "allowVirtualNetworkAccess": True, **more}}


def side(name: str) -> str:
    return f"{NET}/virtualNetworks/{name}/virtualNetworkPeerings/peer"


def state(twin_server: Any, group: str, name: str) -> str:
    shown = twin_server.call("GET", f"{group}/{side(name)}?api-version=2024-05-01").json()
    return str(shown["properties"]["peeringState"])


def test_networks_meet_once_both_have_said_so_and_know_when_the_other_left(twin_server, make, network, group):
    one, two = network("one", "10.1.0.0/16"), network("two", "10.2.0.0/16")
    make(side("one"), to(two))
    assert state(twin_server, group, "one") == "Initiated"
    make(side("two"), to(one))
    assert [state(twin_server, group, name) for name in ("one", "two")] == ["Connected"] * 2
    shown = twin_server.call("GET", f"{one}?api-version=2024-05-01").json()["properties"]
    (peering,) = shown["virtualNetworkPeerings"]
    assert peering["properties"]["remoteAddressSpace"] == {"addressPrefixes": ["10.2.0.0/16"]}
    twin_server.settle(twin_server.call("DELETE", f"{group}/{side('two')}?api-version=2024-05-01"))
    assert state(twin_server, group, "one") == "Disconnected"
    refused(make(side("two"), to(one)), 400, "RemotePeeringIsDisconnected", "one/virtualNetworkPeerings/peer")


def test_networks_that_share_an_address_never_meet_not_even_at_a_third_one(make, network):
    hub, one = network("hub", "10.0.0.0/16"), network("one", "10.1.0.0/16")
    same, inside = network("same", "10.1.0.0/20"), network("inside", "10.0.16.0/20")
    make(side("hub"), to(one))
    make(side("one"), to(hub))
    assert inside
    refused(make(side("inside"), to(hub)), 400, "VnetAddressSpacesOverlap", "10.0.16.0/20")
    assert same
    late = make(side("same"), to(hub))
    refused(late, 400, "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", "already peered", "10.1.0.0/20")


def test_a_network_meets_another_once_and_itself_never(make, network):
    one, two = network("one", "10.1.0.0/16"), network("two", "10.2.0.0/16")
    refused(make(side("one"), to(one)), 400, "RemoteVnetMustBeDifferent")
    make(side("one"), to(two))
    again = make(side("one") + "-2", to(two))
    refused(again, 400, "AnotherPeeringAlreadyReferencesRemoteVnet", "virtualNetworkPeerings/peer")
    refused(make(side("two"), to(one, useRemoteGateways=True)), 400, "RemoteVnetHasNoGateways")


def test_who_peers_must_be_allowed_to_on_both_networks(twin_server, make, network, group):
    one, two = network("one", "10.1.0.0/16"), network("two", "10.2.0.0/16")
    twin_server.grant("visitor", "4d97b98b-1d4f-4787-a291-c67834d212e7", one)  # Network Contributor
    path = f"{group}/{side('one')}?api-version=2024-05-01"
    kept = twin_server.call("PUT", path, to(two), persona="visitor")
    refused(kept, 403, "LinkedAuthorizationFailed", "virtualNetworks/peer/action")


def address(location: str, sku: str = "Standard", method: str = "Static") -> dict[str, Any]:
    return {"location": location, "sku": {"name": sku}, "properties": {"publicIPAllocationMethod": method}}


def test_a_gateway_and_its_address_stay_while_they_are_used(twin_server, make, network, group):
    here = twin_server.location
    made = make(f"{NET}/publicIPAddresses/pip", address(here))
    assert made.status_code < 300
    given = {"publicIpAddresses": [{"id": f"{group}/{NET}/publicIPAddresses/pip"}]}
    make(f"{NET}/natGateways/ng", {"location": here, "sku": {"name": "Standard"}, "properties": given})
    gateway = f"{group}/{NET}/natGateways/ng"
    net = network("vnet", "10.1.0.0/16")
    subnet = {"properties": {"addressPrefix": "10.1.0.0/24", "natGateway": {"id": gateway}}}
    make(f"{NET}/virtualNetworks/vnet/subnets/nodes", subnet)
    shown = twin_server.call("GET", f"{gateway}?api-version=2024-05-01").json()["properties"]
    assert shown["subnets"] == [{"id": f"{net}/subnets/nodes"}]
    kept = twin_server.call("DELETE", f"{gateway}?api-version=2024-05-01")
    refused(kept, 400, "CannotDeleteNatGatewayAssociatedToSubnet", "1 subnets")
    kept = twin_server.call("DELETE", f"{group}/{NET}/publicIPAddresses/pip?api-version=2024-05-01")
    refused(kept, 400, "PublicIPAddressCannotBeDeleted", "natGateways/ng")


def test_a_gateway_takes_standard_addresses_and_those_are_static(twin_server, make, group):
    here = twin_server.location
    moving = make(f"{NET}/publicIPAddresses/pip", address(here, method="Dynamic"))
    refused(moving, 400, "StandardSkuPublicIPAddressMustBeStatic", "Static")
    make(f"{NET}/publicIPAddresses/basic", address(here, sku="Basic"))
    given = {"publicIpAddresses": [{"id": f"{group}/{NET}/publicIPAddresses/basic"}]}
    refused(
        make(f"{NET}/natGateways/ng", {"location": here, "properties": given}),
        400,
        "NatGatewayRequiresStandardSkuAddresses",
        "Basic",
    )
    idle = {"location": here, "properties": {"idleTimeoutInMinutes": 121}}
    refused(make(f"{NET}/natGateways/ng", idle), 400, "InvalidIdleTimeout", "4 to 120")


def test_a_scope_is_of_no_region_says_both_modes_and_holds_logs_and_traces_only(make, network):
    def scope(path: str, body: Any) -> Any:
        return make(path, body, "2023-06-01-preview")

    modes = {"accessModeSettings": MODES}
    here = scope(SCOPE, {"location": "westeurope", "properties": modes})
    refused(here, 400, "LocationNotAvailableForResourceType", "global")
    half = {"accessModeSettings": {"queryAccessMode": "Open", "ingestionAccessMode": "Half"}}
    unclear = scope(SCOPE, {"location": "global", "properties": half})
    refused(unclear, 400, "InvalidRequestContent", "PrivateOnly")
    assert scope(SCOPE, {"location": "global", "properties": modes}).status_code < 300
    wrong = {"properties": {"linkedResourceId": network("vnet", "10.1.0.0/16")}}
    refused(scope(f"{SCOPE}/scopedResources/x", wrong), 400, "InvalidLinkedResource", "Insights/components")
