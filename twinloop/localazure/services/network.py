"""Virtual networks, subnets, security groups: Microsoft.Network."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from twinloop.localazure.core.bodies import every
from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.identities import check_linked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import render, state_of
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    PREFIX,
    Doc,
    ResourceHooks,
    children_of,
    delete_resource,
    kind_of,
    on_type,
    put_resource,
    resource,
    row_of,
)
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.addresses import (
    check_disjoint,
    check_inside,
    parse_network,
    prefixes,
    ranges,
)

NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = f"{NETWORKS}/subnets"
GROUPS = "Microsoft.Network/networkSecurityGroups"


@on_type(NETWORKS)
class VirtualNetworkHooks(ResourceHooks):
    """A network's subnets are resources of their own, shown in it."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Address ranges are networks that do not overlap, and hold all subnets, given and present."""
        properties = body["properties"]
        space = [
            parse_network(text, "properties.addressSpace.addressPrefixes")
            for text in prefixes(properties.get("addressSpace"))
        ]
        if not space:
            raise InvalidRequest(
                "InvalidAddressPrefixFormat",
                "properties.addressSpace.addressPrefixes: give at least one, e.g. 10.1.0.0/16",
            )
        check_disjoint([(str(one), one) for one in space], request.arm_id)
        if properties.get("subnets"):
            given = [(sub.get("name", ""), sub.get("properties") or {}) for sub in properties["subnets"]]
        else:
            given = [
                (ArmId(doc["id"]).name, doc["body"]["properties"]) for doc in _subnets(request.arm_id, twin)
            ]
        for _, sub in given:
            for text in every(sub, "networkSecurityGroup.id"):
                _check_group(text, request.arm_id, twin)
        named = [(name, net) for name, sub in given for net in ranges(sub, name)]
        for name, net in named:
            check_inside(name, net, space)
        check_disjoint(named, request.arm_id)
        if old is not None and properties.get("subnets"):
            kept = {name.lower() for name, _ in given}
            for doc in _subnets(request.arm_id, twin):
                if doc["name"].lower() not in kept:
                    _check_unused(doc, twin)

    def created(self, doc: Doc, twin: Twin) -> None:
        """Make the subnets that were given in the body."""
        self._take_subnets(doc, twin)

    def updated(self, doc: Doc, twin: Twin) -> None:
        """Bring the subnets to what the body says, if it says something."""
        self._take_subnets(doc, twin)

    def _take_subnets(self, doc: Doc, twin: Twin) -> None:
        given = doc["body"]["properties"].pop("subnets", None)
        if not given:
            return
        arm_id = ArmId(doc["id"])
        names = {sub["name"].lower() for sub in given}
        for child in children_of(twin, arm_id, "subnets"):
            if child.name.lower() not in names:
                delete_resource(twin, child)
        for sub in given:
            put_resource(
                twin, arm_id.child("subnets", sub["name"]), {"properties": sub.get("properties") or {}}
            )

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """No subnet may be in use."""
        for sub in _subnets(ArmId(doc["id"]), twin):
            _check_unused(sub, twin)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Its subnets, and what Azure computes."""
        subnets = [render(sub, twin, api_version) for sub in _subnets(ArmId(doc["id"]), twin)]
        return {
            "properties": {
                "subnets": subnets,
                "resourceGuid": str(uuid.uuid5(uuid.NAMESPACE_URL, doc["id"] + doc["createdAt"])),
            }
        }


@on_type(SUBNETS)
class SubnetHooks(ResourceHooks):
    """A subnet lies in its network and beside its neighbours."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The range fits, and the caller may join what the subnet names."""
        arm_id = request.arm_id
        properties = body.setdefault("properties", {})
        parent = arm_id.parent
        network = resource(twin, parent) if parent else None
        own = list(ranges(properties, arm_id.name))
        if not own or network is None:
            raise InvalidRequest(
                "InvalidRequestFormat",
                f"{arm_id}: properties.addressPrefix: missing; give a range, e.g. 10.1.1.0/24",
            )
        space = [
            parse_network(text, "addressSpace")
            for text in prefixes(network["body"]["properties"].get("addressSpace"))
        ]
        for one in own:
            check_inside(arm_id.name, one, space)
        others = [doc for doc in _subnets(ArmId(network["id"]), twin) if ArmId(doc["id"]) != arm_id]
        named = [
            (doc["name"], net) for doc in others for net in ranges(doc["body"]["properties"], doc["name"])
        ]
        check_disjoint([*((arm_id.name, one) for one in own), *named], arm_id)
        before = set(every(old["body"], "properties.networkSecurityGroup.id")) if old else set()
        for text in set(every(body, "properties.networkSecurityGroup.id")) - before:
            check_linked(twin, request.caller, f"{GROUPS}/join/action", ArmId(text))

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """Nothing may use it."""
        _check_unused(doc, twin)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """State, and the parts as Azure shows them."""
        del api_version
        return {"properties": {"provisioningState": state_of(doc, twin)}}


@on_type(GROUPS)
class NetworkSecurityGroupHooks(ResourceHooks):
    """A security group's rules have ids, and it knows the subnets that use it."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Priorities are in range and used once per direction."""
        del old, twin
        seen: dict[tuple[str, int], str] = {}
        for rule in body.setdefault("properties", {}).get("securityRules") or ():
            properties = rule.get("properties") or {}
            name, priority = rule.get("name", ""), properties.get("priority")
            if not isinstance(priority, int) or not 100 <= priority <= 4096:  # noqa: PLR2004 - Azure's range
                message = f"{request.arm_id}: rule '{name}': priority {priority!r}; allowed: 100 to 4096"
                raise InvalidRequest("SecurityRuleInvalidPriority", message)
            other = seen.setdefault((str(properties.get("direction", "")).lower(), priority), name)
            if other != name:
                message = (
                    f"Security rule {name} conflicts with rule {other}. Rules cannot have the same "
                    f"Priority and Direction: both have {priority}; give each its own of 100 to 4096."
                )
                raise InvalidRequest("SecurityRuleConflict", message)

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """No subnet may use it."""
        users = [sub["id"] for sub in _using(doc, twin)]
        if users:
            raise ArmError(
                400,
                "InUseNetworkSecurityGroupCannotBeDeleted",
                f"Network security group {doc['id']} cannot be deleted because it is in use by the "
                "following resources: "
                f"{', '.join(users)}. In order to delete the Network security group, remove the "
                "association with the "
                "resource(s).",
            )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Ids and states of its rules."""
        del api_version
        rules = [
            {
                "id": f"{doc['id']}/securityRules/{rule['name']}",
                "type": f"{GROUPS}/securityRules",
                **rule,
                "properties": {**(rule.get("properties") or {}), "provisioningState": "Succeeded"},
            }
            for rule in doc["body"].get("properties", {}).get("securityRules") or ()
        ]
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, doc["id"] + doc["createdAt"]))
        subnets = [{"id": sub["id"]} for sub in _using(doc, twin)]
        return {
            "properties": {
                "securityRules": rules,
                "resourceGuid": guid,
                **({"subnets": subnets} if subnets else {}),
            }
        }


def _check_group(text: str, arm_id: ArmId, twin: Twin) -> None:
    """A subnet given inside its network names a security group that exists; the table checks the others."""
    if resource(twin, ArmId(text)) is None:
        message = (
            f"Resource {text} referenced by resource {arm_id} was not found. "
            "Please make sure that the referenced resource exists."
        )
        raise InvalidRequest("InvalidResourceReference", message)


def _subnets(network: ArmId, twin: Twin) -> list[Doc]:
    return [doc for _, doc in twin.store.list(kind_of(SUBNETS), f"{network.key}/subnets/")]


def _using(group: Doc, twin: Twin) -> list[Doc]:
    """The subnets that name a security group."""
    key = ArmId(group["id"]).key
    return [
        doc
        for _, doc in twin.store.list(kind_of(SUBNETS))
        if any(ArmId(text).key == key for text in every(doc["body"], "properties.networkSecurityGroup.id"))
    ]


def _check_unused(subnet: Doc, twin: Twin) -> None:
    """Nothing names the subnet where the catalogue says that a type may.

    Raises:
        ArmError: 400 `InUseSubnetCannotBeDeleted`.
    """
    key = ArmId(subnet["id"]).key
    users = [doc["id"] for doc in _naming(SUBNETS, key, twin)]
    if users:
        raise ArmError(
            400,
            "InUseSubnetCannotBeDeleted",
            f"Subnet {subnet['name']} is in use by {', '.join(users)} and cannot be deleted. In order to "
            "delete the subnet, "
            "delete all the resources within the subnet.",
        )


def _naming(arm_type: str, key: str, twin: Twin) -> Iterator[Doc]:
    """All resources that refer to one id of a type."""
    for kind in twin.store.kinds(PREFIX):
        row = row_of(kind.removeprefix(PREFIX))
        paths = [ref.at for ref in row.references if ref.to == arm_type] if row else []
        for _, doc in twin.store.list(kind) if paths else ():
            if any(
                ArmId(text).key == key
                for path in paths
                for text in every(doc["body"], path)
                if isinstance(text, str)
            ):
                yield doc
