"""Private DNS zones and their links to virtual networks: Microsoft.Network/privateDnsZones.

Record sets that are written by hand are not emulated: they are refused by name. Those that private endpoints
write are in `zonegroups.py`. Codes and words: what Azure answered in MicrosoftDocs/azure-aks-docs#212
(overlapping namespaces), learntocloud/networking-lab#8 (nested resources); rules: Microsoft, "What is a
virtual network link?" and "What is an Azure Private DNS zone?".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest
from twinloop.localazure.core.identities import check_linked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import state_of
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    Doc,
    ResourceHooks,
    children_of,
    delete_resource,
    kind_of,
    on_type,
    require,
)
from twinloop.localazure.core.twin import Twin

ZONES = "Microsoft.Network/privateDnsZones"
LINKS = f"{ZONES}/virtualNetworkLinks"
NETWORKS = "Microsoft.Network/virtualNetworks"
_RECORDS, _LINKS, _REGISTERING = 25_000, 1_000, 100  # limits of a zone


@on_type(ZONES)
class ZoneHooks(ResourceHooks):
    """A zone is of no region, and stays while networks are linked to it."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Its location is `global`."""
        del old, twin
        _check_global(body, request.arm_id)

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """No network may be linked to it."""
        links = children_of(twin, doc["id"], "virtualNetworkLinks")
        if links:
            raise Conflict(
                "CannotDeleteResource",
                "Cannot delete resource while nested resources exist. Some existing nested resource IDs "
                f"include: '{links[0]}'. Please delete all nested resources before deleting this resource.",
            )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its counts and limits; `zonegroups.py` adds the record sets that private endpoints wrote."""
        del api_version
        links = [require(twin, link) for link in children_of(twin, doc["id"], "virtualNetworkLinks")]
        registering = [link for link in links if link["body"]["properties"].get("registrationEnabled")]
        return {
            "properties": {
                "maxNumberOfRecordSets": _RECORDS,
                "maxNumberOfVirtualNetworkLinks": _LINKS,
                "maxNumberOfVirtualNetworkLinksWithRegistration": _REGISTERING,
                "numberOfRecordSets": 1,
                "numberOfVirtualNetworkLinks": len(links),
                "numberOfVirtualNetworkLinksWithRegistration": len(registering),
            }
        }


@on_type(LINKS)
class LinkHooks(ResourceHooks):
    """A network sees one zone of a name, through one link."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The caller may join the network, which has no zone of this name yet, nor another to register in."""
        _check_global(body, request.arm_id)
        network = ArmId(body["properties"]["virtualNetwork"]["id"])
        if old is None:
            check_linked(twin, request.caller, f"{NETWORKS}/join/action", network)
        zone = request.arm_id.parent
        for other in _links_of(network, twin):
            there = ArmId(other["id"]).parent
            if ArmId(other["id"]) == request.arm_id or zone is None or there is None:
                continue
            if there == zone:
                raise Conflict(
                    "Conflict",
                    f"The virtual network '{network}' is linked to this zone already, by '{other['id']}': "
                    "there is one link between a zone and a network.",
                )
            if there.name.lower() == zone.name.lower():
                raise InvalidRequest(
                    "BadRequest",
                    "A virtual network cannot be linked to multiple zones with overlapping namespaces. You "
                    f"tried to link virtual network with '{there.name}' and '{zone.name}' zones.",
                )
            registers = other["body"]["properties"].get("registrationEnabled")
            if body["properties"].get("registrationEnabled") and registers:
                raise InvalidRequest(
                    "BadRequest",
                    f"The virtual network '{network}' registers its machines in '{there}' already: a network "
                    "has one registration zone.",
                )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Whether names of the zone are resolved in the network yet."""
        del api_version
        done = state_of(doc, twin) == "Succeeded"
        return {"properties": {"virtualNetworkLinkState": "Completed" if done else "InProgress"}}


@on_type(NETWORKS)
class LinkedNetworkHooks(ResourceHooks):
    """What a network's end does to its links."""

    def deleted(self, doc: Doc, twin: Twin) -> None:
        """Links to it go with it, whichever zone they are in."""
        for link in list(_links_of(ArmId(doc["id"]), twin)):
            delete_resource(twin, link["id"])


def _check_global(body: dict[str, Any], arm_id: ArmId) -> None:
    if body.get("location") != "global":
        raise InvalidRequest(
            "LocationNotAvailableForResourceType",
            f"The provided location '{body.get('location')}' is not available for '{arm_id}'. List of "
            "available regions for the resource type is 'global'.",
        )


def _links_of(network: ArmId, twin: Twin) -> Iterator[Doc]:
    for _, doc in twin.store.list(kind_of(LINKS)):
        if ArmId(doc["body"]["properties"]["virtualNetwork"]["id"]).key == network.key:
            yield doc
