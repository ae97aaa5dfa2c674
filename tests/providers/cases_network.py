"""The cases of private endpoints, ways out, peerings and private link scopes; the form is in `cases.py`."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

from typing import Any

from tests.providers.cases import Case, Scene, in_group

TAGGED = {"tags": {"environment": "test"}}


def _address(scene: Scene, tag: str) -> dict[str, Any]:
    return in_group(
        scene,
        {
            "publicIpAddressName": f"pip-{tag}",
            "sku": {"name": "Standard", "tier": "Regional"},
            "publicIPAllocationMethod": "Static",
            "publicIPAddressVersion": "IPv4",
        },
    )


def _endpoint(scene: Scene, tag: str) -> dict[str, Any]:
    connection = {
        "name": f"pep-{tag}",
        "privateLinkServiceId": scene.id("storage:StorageAccount"),
        "groupIds": ["blob"],
    }
    return in_group(
        scene,
        {
            "privateEndpointName": f"pep-{tag}",
            "subnet": {"id": scene.id("network:Subnet")},
            "privateLinkServiceConnections": [connection],
        },
    )


def _zones(scene: Scene, *names: str) -> dict[str, Any]:
    zone = scene.id("privatedns:PrivateZone")
    return {"privateDnsZoneConfigs": [{"name": name, "privateDnsZoneId": zone} for name in names]}


NETWORKING = [
    Case("network:PublicIPAddress", _address, TAGGED, {"location": "northeurope"}, "location"),
    Case(
        "network:NatGateway",
        lambda scene, tag: in_group(
            scene,
            {
                "natGatewayName": f"ng-{tag}",
                "sku": {"name": "Standard"},
                "publicIpAddresses": [{"id": scene.id("network:PublicIPAddress")}],
                "idleTimeoutInMinutes": 4,
            },
        ),
        {"idleTimeoutInMinutes": 10},
        {"zones": ["1"]},
        "zones",
    ),
    Case(
        "network:VirtualNetworkPeering",
        lambda scene, tag: in_group(
            scene,
            {
                "virtualNetworkName": scene.name("network:VirtualNetwork"),
                "virtualNetworkPeeringName": f"peer-{tag}",
                "remoteVirtualNetwork": {
                    "id": scene.id(
                        "network:VirtualNetwork", addressSpace={"addressPrefixes": ["10.99.0.0/16"]}
                    )
                },
                "allowVirtualNetworkAccess": True,
                "allowForwardedTraffic": False,
                "useRemoteGateways": False,
            },
        ),
        {"allowForwardedTraffic": True},
        {"virtualNetworkPeeringName": "peer-other"},
        "virtualNetworkPeeringName",
    ),
    Case(
        "network:PrivateEndpoint",
        _endpoint,
        TAGGED,
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "network:PrivateDnsZoneGroup",
        lambda scene, tag: in_group(
            scene,
            {
                "privateEndpointName": scene.name("network:PrivateEndpoint"),
                "privateDnsZoneGroupName": "default",
                **_zones(scene, "blob"),
            },
        ),
        lambda scene: _zones(scene, "renamed"),
        {"privateDnsZoneGroupName": "other"},
        "privateDnsZoneGroupName",
    ),
    Case(
        "monitor:PrivateLinkScope",
        lambda scene, tag: in_group(
            scene,
            {
                "scopeName": f"ampls-{tag}",
                "location": "global",
                "accessModeSettings": {"ingestionAccessMode": "Open", "queryAccessMode": "Open"},
            },
        ),
        {"accessModeSettings": {"ingestionAccessMode": "PrivateOnly"}},
        {"scopeName": "ampls-other"},
        "scopeName",
    ),
    Case(
        "monitor:PrivateLinkScopedResource",
        lambda scene, tag: in_group(
            scene,
            {
                "scopeName": scene.name("monitor:PrivateLinkScope"),
                "name": f"logs-{tag}",
                "linkedResourceId": scene.id("operationalinsights:Workspace"),
            },
        ),
        {"kind": "Resource"},
        {"scopeName": "ampls-other"},
        "scopeName",
    ),
]
