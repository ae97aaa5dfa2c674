"""The way out: NAT gateways and public addresses of Microsoft.Network.

Codes and words as Azure answered in Azure-Samples/Copilot-Studio-with-Azure-AI-Search#62 (a gateway in use)
and hashicorp/terraform-provider-azurerm#688 (an address in use). Rules: Microsoft, "What is Azure NAT
Gateway?" and "Public IP addresses". An address is one of those kept for documents (RFC 5737): the twin
reaches nothing.
"""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

from twinloop.localazure.core.bodies import every
from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.identities import check_linked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type, require
from twinloop.localazure.core.twin import Twin

GATEWAYS = "Microsoft.Network/natGateways"
ADDRESSES = "Microsoft.Network/publicIPAddresses"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
_POOL = ipaddress.ip_network("198.51.100.0/24")
_IDLE = range(4, 121)  # minutes


@on_type(GATEWAYS)
class NatGatewayHooks(ResourceHooks):
    """A gateway has Standard addresses of its own, and stays while subnets go out through it."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Its addresses are Standard, in its zone, and no other gateway's."""
        del old
        arm_id, properties = request.arm_id, body.setdefault("properties", {})
        idle = properties.get("idleTimeoutInMinutes")
        if idle not in _IDLE:
            message = f"{arm_id}: properties.idleTimeoutInMinutes: given {idle}; allowed: 4 to 120"
            raise InvalidRequest("InvalidIdleTimeout", message)
        for text in every(body, "properties.publicIpAddresses[].id"):
            address = require(twin, text)["body"]
            if address["sku"]["name"] != "Standard":
                message = f"{arm_id}: address {text} is {address['sku']['name']}; allowed: sku Standard"
                raise InvalidRequest("NatGatewayRequiresStandardSkuAddresses", message)
            holder = _holder(ArmId(text), twin)
            if holder is not None and ArmId(holder["id"]) != arm_id:
                message = f"{arm_id}: address {text} is in use by {holder['id']}; give another"
                raise InvalidRequest("PublicIPAddressInUse", message)

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """No subnet goes out through it."""
        users = _subnets_of(doc, twin)
        if users:
            raise InvalidRequest(
                "CannotDeleteNatGatewayAssociatedToSubnet",
                f"NAT Gateway {doc['id']} is still configured on {len(users)} subnets. Remove NAT Gateway "
                "from all "
                "referenced subnets and then delete NAT Gateway.",
            )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """The subnets that go out through it."""
        del api_version
        users = [{"id": one["id"]} for one in _subnets_of(doc, twin)]
        return {
            "properties": {
                "resourceGuid": str(uuid.uuid5(uuid.NAMESPACE_URL, doc["id"] + doc["createdAt"])),
                **({"subnets": users} if users else {}),
            }
        }


@on_type(SUBNETS)
class WayOutHooks(ResourceHooks):
    """Who puts a gateway on a subnet may join the gateway."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """It is theirs to join."""
        before = set(every(old["body"], "properties.natGateway.id")) if old else set()
        for text in set(every(body, "properties.natGateway.id")) - before:
            check_linked(twin, request.caller, f"{GATEWAYS}/join/action", ArmId(text))


@on_type(ADDRESSES)
class AddressHooks(ResourceHooks):
    """An address is had when it is made if it is static, and stays while something uses it."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """A Standard address is static."""
        del old, twin
        properties = body.setdefault("properties", {})
        properties.pop("ipAddress", None)
        if body["sku"]["name"] == "Standard" and properties.get("publicIPAllocationMethod") != "Static":
            message = (
                f"{request.arm_id}: properties.publicIPAllocationMethod: given "
                f"'{properties.get('publicIPAllocationMethod')}'; a Standard address is Static"
            )
            raise InvalidRequest("StandardSkuPublicIPAddressMustBeStatic", message)

    def created(self, doc: Doc, twin: Twin) -> None:
        """Its address, for as long as it is there."""
        taken = {other.get("address") for _, other in twin.store.list(kind_of(ADDRESSES))}
        free = next((str(one) for one in _POOL.hosts() if str(one) not in taken), None)
        if free is None:
            message = f"the twin has {_POOL.num_addresses - 2} public addresses, and all are in use"
            raise InvalidRequest("PublicIPCountLimitReached", message)
        doc["address"] = free

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """Nothing uses it."""
        holder = _holder(ArmId(doc["id"]), twin)
        if holder is not None:
            raise ArmError(
                400,
                "PublicIPAddressCannotBeDeleted",
                f"Public IP address {doc['id']} can not be deleted since it is still allocated to resource "
                f"{holder['id']}.",
            )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """The address, once it is given away, and what uses it."""
        del api_version
        holder = _holder(ArmId(doc["id"]), twin)
        static = doc["body"]["properties"]["publicIPAllocationMethod"] == "Static"
        return {
            "properties": {
                "resourceGuid": str(uuid.uuid5(uuid.NAMESPACE_URL, doc["id"] + doc["createdAt"])),
                **({"ipAddress": doc["address"]} if static or holder else {}),
                **({"natGateway": {"id": holder["id"]}} if holder else {}),
            }
        }


def _holder(address: ArmId, twin: Twin) -> Doc | None:
    """The gateway that an address is on."""
    return next(
        (
            doc
            for _, doc in twin.store.list(kind_of(GATEWAYS))
            if any(ArmId(text) == address for text in every(doc["body"], "properties.publicIpAddresses[].id"))
        ),
        None,
    )


def _subnets_of(gateway: Doc, twin: Twin) -> list[Doc]:
    own = ArmId(gateway["id"])
    return [
        doc
        for _, doc in twin.store.list(kind_of(SUBNETS))
        if any(ArmId(text) == own for text in every(doc["body"], "properties.natGateway.id"))
    ]
