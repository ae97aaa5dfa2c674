"""Peerings of virtual networks: Microsoft.Network/virtualNetworks/virtualNetworkPeerings.

Codes and words as Azure answered in hashicorp/terraform#18091 (a disconnected other side),
microsoft/AzureTRE#4641 (overlap with a network that the other one is peered with). Rules: Microsoft,
"Create, change, or delete a virtual network peering".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.identities import check_linked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import render as show
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    Doc,
    ResourceHooks,
    kind_of,
    on_type,
    require,
    resource,
)
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.addresses import prefixes

NETWORKS = "Microsoft.Network/virtualNetworks"
PEERINGS = f"{NETWORKS}/virtualNetworkPeerings"


@on_type(PEERINGS)
class PeeringHooks(ResourceHooks):
    """Two networks meet once both have said so; then each side knows whether the other is still there."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Another network, met once, without a common address, and whose owner lets the caller."""
        properties, here = body["properties"], request.arm_id.parent
        there = ArmId(properties["remoteVirtualNetwork"]["id"])
        for computed in ("peeringState", "peeringSyncLevel"):
            properties.pop(computed, None)
        if here is None or here == there:
            message = f"{request.arm_id}: a network is not peered with itself"
            raise InvalidRequest("RemoteVnetMustBeDifferent", message)
        for other in _sides_of(here, twin):
            if ArmId(other["id"]) != request.arm_id and _remote(other) == there:
                raise InvalidRequest(
                    "AnotherPeeringAlreadyReferencesRemoteVnet",
                    f"Cannot create or update peering {request.arm_id} because virtual network {here} "
                    "already has "
                    f"the peering {other['id']} that references remote virtual network {there}.",
                )
        if properties.get("useRemoteGateways"):
            _check_gateway(request.arm_id, there)
        _check_apart(request.arm_id, here, there, twin)
        if old is None:
            check_linked(twin, request.caller, f"{NETWORKS}/peer/action", there)
            back = _counterpart(here, there, twin)
            if back is not None and back.get("met"):
                raise InvalidRequest(
                    "RemotePeeringIsDisconnected",
                    f"Cannot create or update peering {request.arm_id} because remote peering {back['id']} "
                    f"referencing parent virtual network {here} is in Disconnected state. Update or "
                    "delete the "
                    "remote peering and try again.",
                )

    def created(self, doc: Doc, twin: Twin) -> None:
        """With the other side there, both are connected."""
        here = ArmId(doc["id"]).parent
        back = _counterpart(here, _remote(doc), twin) if here else None
        if back is not None:
            doc["met"] = True
            twin.store.put(kind_of(PEERINGS), ArmId(back["id"]).key, back | {"met": True})

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its state, and the addresses on either side."""
        del api_version
        here, there = ArmId(doc["id"]).parent, _remote(doc)
        connected = here is not None and _counterpart(here, there, twin) is not None
        missing = "Disconnected" if doc.get("met") else "Initiated"
        remote = {"addressPrefixes": _space(there, twin)}
        local = {"addressPrefixes": _space(here, twin) if here else []}
        return {
            "properties": {
                "peeringState": "Connected" if connected else missing,
                "peeringSyncLevel": "FullyInSync" if connected else "RemoteNotInSync",
                "remoteAddressSpace": remote,
                "remoteVirtualNetworkAddressSpace": remote,
                "localAddressSpace": local,
                "localVirtualNetworkAddressSpace": local,
            }
        }


@on_type(NETWORKS)
class PeeredNetworkHooks(ResourceHooks):
    """A network shows its own side of each peering."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its peerings, where there are any."""
        shown = [show(side, twin, api_version) for side in _sides_of(ArmId(doc["id"]), twin)]
        return {"properties": {"virtualNetworkPeerings": shown}} if shown else {}


def _sides_of(network: ArmId, twin: Twin) -> list[Doc]:
    prefix = f"{network.key}/virtualnetworkpeerings/"
    return [doc for _, doc in twin.store.list(kind_of(PEERINGS), prefix)]


def _remote(peering: Doc) -> ArmId:
    return ArmId(peering["body"]["properties"]["remoteVirtualNetwork"]["id"])


def _counterpart(here: ArmId, there: ArmId, twin: Twin) -> Doc | None:
    return next((side for side in _sides_of(there, twin) if _remote(side) == here), None)


def _space(network: ArmId, twin: Twin) -> list[str]:
    doc = resource(twin, network)
    return prefixes(doc["body"]["properties"].get("addressSpace")) if doc else []


def _common(one: list[str], other: list[str]) -> Iterator[str]:
    for first in one:
        for second in other:
            here, there = ipaddress.ip_network(first), ipaddress.ip_network(second)
            if here.version == there.version and here.overlaps(there):
                yield first


def _check_apart(arm_id: ArmId, here: ArmId, there: ArmId, twin: Twin) -> None:
    """No address is in both networks, nor in another one that the remote network is peered with."""
    require(twin, there)
    own = _space(here, twin)
    if common := list(_common(own, _space(there, twin))):
        raise InvalidRequest(
            "VnetAddressSpacesOverlap",
            f"Cannot create or update peering {arm_id}. Virtual networks {here} and {there} cannot be "
            "peered because "
            f"their address spaces overlap. Overlapping address prefixes: {', '.join(common)}.",
        )
    for side in _sides_of(there, twin):
        other = _remote(side)
        if other != here and (common := list(_common(own, _space(other, twin)))):
            raise InvalidRequest(
                "VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
                f"Cannot create or update peering {arm_id}. Virtual networks {here} and {there} cannot be "
                "peered "
                "because address space of the first virtual network overlaps with address space of "
                "virtual network "
                f"{other} already peered with the second virtual network. Overlapping address prefixes: "
                f"{', '.join(common)}.",
            )


def _check_gateway(arm_id: ArmId, there: ArmId) -> None:
    """Gateways are not emulated, so that no network has one."""
    raise InvalidRequest(
        "RemoteVnetHasNoGateways",
        f"Peering {arm_id} cannot have UseRemoteGateways flag set to true, because remote virtual network "
        f"{there} "
        "referenced by the peering does not have any gateways.",
    )
