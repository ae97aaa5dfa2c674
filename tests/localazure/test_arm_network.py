"""What networks refuse, and how subnets live in a network and beside it."""

from __future__ import annotations

from typing import Any

from tests.localazure.conftest import refused

NET = "providers/Microsoft.Network"


def _network(location: str, *ranges: str, **more: Any) -> dict[str, Any]:
    return {"location": location, "properties": {"addressSpace": {"addressPrefixes": list(ranges)}, **more}}


def test_address_ranges_do_not_overlap_and_lie_inside(put):
    vnet = f"{NET}/virtualNetworks/vnet-a"
    overlap = put(vnet, _network("westeurope", "10.0.0.0/16", "10.0.128.0/17"), "net")
    refused(overlap, 400, "NetcfgSubnetRangesOverlap")
    rubbish = put(vnet, _network("westeurope", "10.0.0.1/16"), "net")
    refused(rubbish, 400, "InvalidAddressPrefixFormat", "10.0.0.1/16")
    assert put(vnet, _network("westeurope", "10.0.0.0/16"), "net").status_code == 201

    def subnet(name: str, text: str) -> Any:
        return put(f"{vnet}/subnets/{name}", {"properties": {"addressPrefix": text}}, "net")

    assert subnet("a", "10.0.1.0/24").status_code == 201
    refused(subnet("b", "10.0.1.128/25"), 400, "NetcfgSubnetRangesOverlap", "'a' (10.0.1.0/24)")
    refused(subnet("c", "10.1.0.0/24"), 400, "NetcfgInvalidSubnet", "10.0.0.0/16")
    refused(subnet("d", "10.0.2.0/30"), 400, "InvalidCIDRNotation", "/29")
    shrunk = put(vnet, _network("westeurope", "10.0.2.0/24"), "net")
    refused(shrunk, 400, "NetcfgInvalidSubnet", "'a'")


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
    refused(put(path, rules(100, 100), "net"), 400, "SecurityRuleConflict", "r1", "r0")
    refused(put(path, rules(99), "net"), 400, "SecurityRuleInvalidPriority", "100 to 4096")
