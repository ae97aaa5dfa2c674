"""Private endpoints: an address in a subnet for one group of a target, once who owns that has approved.

Codes and words as Azure answered in DFE-Digital/terraform-azurerm-container-apps-hosting#352 (one group
only), Azure/azure-cli#16750 (unknown group), MicrosoftDocs/azure-docs#96892 (an automatic connection without
the right to approve it). Rules: Microsoft, "What is a private endpoint?".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.identities import check_linked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    Doc,
    ResourceHooks,
    children_of,
    kind_of,
    on_type,
    require,
    resource,
)
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.addresses import ranges
from twinloop.localazure.services.linktargets import names_of, target_of

ENDPOINTS = "Microsoft.Network/privateEndpoints"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
AUTOMATIC, MANUAL = "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"
STATE = "privateLinkServiceConnectionState"
_FIRST = 4  # the address of a subnet that Azure gives away first


@on_type(ENDPOINTS)
class EndpointHooks(ResourceHooks):
    """An endpoint has one connection to one group, and an address for each name of it."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The target has the group, the caller may join the subnet, and approve what connects by itself."""
        properties, arm_id = body["properties"], request.arm_id
        given = [(kind, one) for kind in (AUTOMATIC, MANUAL) for one in properties.get(kind) or ()]
        if len(given) != 1:
            message = f"{arm_id}: {len(given)} connections; give one, in {AUTOMATIC} or {MANUAL}"
            raise InvalidRequest("InvalidPrivateEndpointConnections", message)
        ((kind, connection),) = given
        target = _checked_target(connection, arm_id)
        subnet = ArmId(properties["subnet"]["id"])
        _check_place(subnet, body.get("location", ""), twin)
        if old is None:
            check_linked(twin, request.caller, f"{SUBNETS}/join/action", subnet)
        before = connection_of(old) if old else {}
        same = bool(before) and ArmId(before["properties"]["privateLinkServiceId"]) == target
        if same:
            connection["properties"][STATE] = before["properties"][STATE]
        elif kind == MANUAL:
            connection["properties"][STATE] = _state("Pending", "Awaiting approval")
        else:
            row = target_of(target)
            check_linked(twin, request.caller, row.approve if row else "", target)
            connection["properties"][STATE] = _state("Approved", "Auto-Approved")

    def created(self, doc: Doc, twin: Twin) -> None:
        """Give it its addresses: the subnet's next free ones."""
        self._give_addresses(doc, twin)

    def updated(self, doc: Doc, twin: Twin) -> None:
        """Its addresses stay, as long as its names do."""
        self._give_addresses(doc, twin)

    def _give_addresses(self, doc: Doc, twin: Twin) -> None:
        names = [name.fqdn for name in linked_names(doc, twin)]
        kept = {fqdn: text for fqdn, text in doc.get("addresses", {}).items() if fqdn in names}
        free = _free_addresses(doc, twin)
        try:
            doc["addresses"] = {fqdn: kept.get(fqdn) or next(free) for fqdn in names}
        except StopIteration:
            subnet = doc["body"]["properties"]["subnet"]["id"]
            message = (
                f"Subnet {subnet} does not have enough capacity for {len(names)} IP addresses; take a larger "
                "one."
            )
            raise InvalidRequest("SubnetIsFull", message) from None

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """The state of its connection, its network interface, and its names where no zone group has them."""
        del api_version
        grouped = bool(children_of(twin, doc["id"], "privateDnsZoneGroups"))
        configs = [] if grouped else doc.get("addresses", {}).items()
        interface = f"{doc['id'].partition('/providers/')[0]}/providers/Microsoft.Network/networkInterfaces"
        own = uuid.uuid5(uuid.NAMESPACE_URL, doc["id"] + doc["createdAt"])
        shown: dict[str, Any] = {
            "customDnsConfigs": [{"fqdn": fqdn, "ipAddresses": [text]} for fqdn, text in configs],
            "networkInterfaces": [{"id": f"{interface}/{doc['name']}.nic.{own}"}],
        }
        for kind in (AUTOMATIC, MANUAL):
            if given := doc["body"]["properties"].get(kind):
                shown[kind] = [_shown(one, kind, doc, twin) for one in given]
        return {"properties": shown}


@on_type(SUBNETS)
class LinkedSubnetHooks(ResourceHooks):
    """A subnet shows the endpoints that lie in it."""

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Their ids, where there are any."""
        del api_version
        ids = [{"id": one["id"]} for one in _in_subnet(ArmId(doc["id"]), twin)]
        return {"properties": {"privateEndpoints": ids}} if ids else {}


def connection_of(endpoint: Doc) -> dict[str, Any]:
    """The one connection of an endpoint, as it is kept."""
    properties = endpoint["body"]["properties"]
    found: dict[str, Any] = [*(properties.get(AUTOMATIC) or ()), *(properties.get(MANUAL) or ())][0]
    return found


def state_of_connection(endpoint: Doc, twin: Twin) -> dict[str, str]:
    """Approved, pending or rejected; disconnected once the target is gone."""
    connection = connection_of(endpoint)["properties"]
    if resource(twin, connection["privateLinkServiceId"]) is None:
        return _state("Disconnected", "The target was deleted")
    state: dict[str, str] = connection[STATE]
    return state


def linked_names(endpoint: Doc, twin: Twin) -> tuple[Any, ...]:
    """The names that an endpoint answers for; none where its target is gone."""
    connection = connection_of(endpoint)["properties"]
    target = resource(twin, connection["privateLinkServiceId"])
    return names_of(target, connection["groupIds"][0], twin) if target else ()


def endpoints_to(target: ArmId, twin: Twin) -> Iterator[Doc]:
    """All endpoints whose connection is to one resource."""
    for _, doc in twin.store.list(kind_of(ENDPOINTS)):
        if ArmId(connection_of(doc)["properties"]["privateLinkServiceId"]) == target:
            yield doc


def _state(status: str, description: str) -> dict[str, str]:
    return {"status": status, "description": description, "actionsRequired": "None"}


def _shown(connection: dict[str, Any], kind: str, doc: Doc, twin: Twin) -> dict[str, Any]:
    return {
        "id": f"{doc['id']}/{kind}/{connection['name']}",
        "type": f"{ENDPOINTS}/{kind}",
        **connection,
        "properties": {
            **connection["properties"],
            STATE: state_of_connection(doc, twin),
            "provisioningState": "Succeeded",
        },
    }


def _checked_target(connection: dict[str, Any], arm_id: ArmId) -> ArmId:
    properties = connection.setdefault("properties", {})
    if not connection.get("name") or not properties.get("privateLinkServiceId"):
        message = f"{arm_id}: a connection needs name and privateLinkServiceId"
        raise InvalidRequest("InvalidRequestFormat", message)
    target, groups = ArmId(properties["privateLinkServiceId"]), list(properties.get("groupIds") or ())
    row = target_of(target)
    if row is None:
        message = (
            f"Call to {target.type} failed. Error message: private endpoints to resources of this type "
            "are not "
            f"supported ('{target}')."
        )
        raise InvalidRequest("PrivateLinkNotSupported", message)
    if len(groups) > 1:
        message = (
            f"Private link service connection {arm_id}/{AUTOMATIC}/{connection['name']} has the following "
            "group "
            f"Ids: {', '.join(groups)}. Only one group Id is permitted when connecting to a first-party "
            "resource "
            f"({target})."
        )
        raise InvalidRequest("OnlyOneGroupIdPermitted", message)
    if not groups or groups[0] not in row.groups:
        message = (
            f"Call to {row.arm_type} failed. Error message: Values for request parameters are invalid: "
            "GroupId: "
            f"{''.join(groups)}. Allowed: {', '.join(row.groups)}."
        )
        raise InvalidRequest("InvalidValuesForRequestParameters", message)
    return target


def _check_place(subnet: ArmId, location: str, twin: Twin) -> None:
    """An endpoint lies in the region of its network."""
    network = subnet.parent
    there = require(twin, network)["body"]["location"] if network else ""
    if str(there).replace(" ", "").lower() != str(location).replace(" ", "").lower():
        message = (
            f"Private endpoint in '{location}' and its virtual network {network} in '{there}' must be in one "
            "region."
        )
        raise InvalidRequest("InvalidResourceLocation", message)


def _in_subnet(subnet: ArmId, twin: Twin) -> Iterator[Doc]:
    for _, doc in twin.store.list(kind_of(ENDPOINTS)):
        if ArmId(doc["body"]["properties"]["subnet"]["id"]) == subnet:
            yield doc


def _free_addresses(doc: Doc, twin: Twin) -> Iterator[str]:
    subnet = ArmId(doc["body"]["properties"]["subnet"]["id"])
    taken = {text for other in _in_subnet(subnet, twin) for text in other.get("addresses", {}).values()}
    for net in ranges(require(twin, subnet)["body"]["properties"], subnet.name):
        for index in range(_FIRST, net.num_addresses - 1):
            text = str(net[index])
            if text not in taken:
                taken.add(text)
                yield text
