"""The managed network of a workspace: outbound rules that the service makes, and their states."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import (
    ResourceHooks,
    children_of,
    delete_resource,
    on_type,
    put_resource,
    resource,
)
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACES

Doc = dict[str, Any]
RULES = f"{WORKSPACES}/outboundRules"
APPROVED = "allowonlyapprovedoutbound"
_TYPES = {"FQDN": str, "PrivateEndpoint": dict, "ServiceTag": dict}
_SERVICE_MADE = {"Required", "Dependency", "Recommended"}
# What the service opens by itself in approved mode: Microsoft, "Workspace managed virtual network isolation",
# list of required rules.
_TAGS = (
    ("AzureActiveDirectory", "TCP", "80, 443"),
    ("AzureMachineLearning", "TCP", "443, 18881"),
    ("AzureMachineLearning", "UDP", "5831"),
    ("BatchNodeManagement.{location}", "TCP", "443"),
    ("AzureResourceManager", "TCP", "443"),
    ("AzureFrontDoor.FirstParty", "TCP", "443"),
    ("MicrosoftContainerRegistry", "TCP", "443"),
    ("AzureMonitor", "TCP", "443"),
    ("VirtualNetwork", "TCP", "443"),
)
_ENDPOINTS = (
    ("storageAccount", "blob"),
    ("storageAccount", "file"),
    ("keyVault", "vault"),
    ("containerRegistry", "registry"),
)


@on_type(RULES)
class OutboundRuleHooks(ResourceHooks):
    """Rules of an outbound rule."""

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """The network is managed, kind and destination fit, the rule is the user's own."""
        properties = body["properties"]
        kind = properties.get("type")
        if not isinstance(kind, str) or kind not in _TYPES:
            raise InvalidRequest(
                "ValidationError", f"properties.type: {kind!r} is not valid; allowed: {', '.join(_TYPES)}."
            )
        if not isinstance(properties.get("destination"), _TYPES[kind]):
            wanted = "a host name" if kind == "FQDN" else "an object"
            raise InvalidRequest(
                "ValidationError", f"properties.destination: {wanted} is required for a rule of type {kind}."
            )
        if old is not None and old["body"]["properties"].get("category") in _SERVICE_MADE:
            raise Conflict(
                "ValidationError",
                f"'{request.arm_id.name}' is made by the service and cannot be changed; add a rule of "
                "your own.",
            )
        properties["category"] = "UserDefined"
        parent = request.arm_id.parent
        owner = resource(twin, parent) if parent else None
        if owner is not None and mode_of(owner) == "disabled":
            raise InvalidRequest(
                "ValidationError",
                f"The managed network of '{owner['name']}' is disabled: set "
                "managedNetwork.isolationMode to AllowInternetOutbound or AllowOnlyApprovedOutbound before "
                "adding outbound rules.",
            )
        if kind == "FQDN" and owner is not None and mode_of(owner) != APPROVED:
            raise InvalidRequest(
                "ValidationError",
                f"An FQDN rule needs isolationMode AllowOnlyApprovedOutbound; that of '{owner['name']}' is "
                f"{owner['body']['properties']['managedNetwork']['isolationMode']}.",
            )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> Doc:
        """Rules are active once the network is provisioned."""
        del api_version
        parent = ArmId(doc["id"]).parent
        owner = resource(twin, parent) if parent else None
        return {"properties": {"status": "Active" if owner and is_provisioned(owner, twin) else "Inactive"}}

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """What the service made, the service removes."""
        del twin
        if doc["body"]["properties"].get("category") in _SERVICE_MADE:
            raise Conflict(
                "ValidationError",
                f"'{doc['name']}' is made by the service and cannot be deleted; it goes "
                "with what it was made for.",
            )


def mode_of(workspace: Doc) -> str:
    """Isolation mode in lower case."""
    network = (workspace["body"].get("properties") or {}).get("managedNetwork") or {}
    return str(network.get("isolationMode") or "Disabled").lower()


def is_provisioned(workspace: Doc, twin: Twin) -> bool:
    """Whether the network is there: made with the workspace if asked for, else with the first compute."""
    if (workspace["body"].get("properties") or {}).get("provisionNetworkNow"):
        return True
    return bool(children_of(twin, ArmId(workspace["id"]), "computes"))


def follow(workspace: Doc, twin: Twin) -> None:
    """Make or remove the service's own rules as the isolation mode says."""
    owner = ArmId(workspace["id"])
    wanted = _service_rules(workspace) if mode_of(workspace) == APPROVED else {}
    for rule in children_of(twin, owner, "outboundRules"):
        doc = resource(twin, rule)
        if doc and doc["body"]["properties"].get("category") in _SERVICE_MADE and rule.name not in wanted:
            delete_resource(twin, rule)
    for name, properties in wanted.items():
        if resource(twin, owner.child("outboundRules", name)) is None:
            put_resource(twin, owner.child("outboundRules", name), {"properties": properties})


def rendered(workspace: Doc, twin: Twin, api_version: str) -> Doc:
    """The managed network as the service shows it.

    The rules are listed in it for Azure ML's client only. In an answer to the infrastructure's program they
    would be drift of the workspace each time a rule is added as a resource of its own.
    """
    network = workspace["body"]["properties"].get("managedNetwork")
    if not network:
        return {}
    status: Doc = {
        "status": "Active" if is_provisioned(workspace, twin) else "Inactive",
        "sparkReady": is_provisioned(workspace, twin),
    }
    shown: Doc = {"status": {**status, **(network.get("status") or {})}}
    if api_version.endswith("-preview"):
        rules = (resource(twin, rule) for rule in children_of(twin, ArmId(workspace["id"]), "outboundRules"))
        shown["outboundRules"] = {
            rule["name"]: {"status": "Active", **rule["body"]["properties"]} for rule in rules if rule
        }
    return shown


def _service_rules(workspace: Doc) -> dict[str, Doc]:
    location = str(workspace["body"].get("location", ""))
    rules: dict[str, Doc] = {}
    for tag, protocol, ports in _TAGS:
        name = tag.format(location=location)
        destination: Doc = {"serviceTag": name, "protocol": protocol, "portRanges": ports, "action": "Allow"}
        key = f"__SYS_ST_{name.replace('.', '_')}_{protocol}"
        rules[key] = {"type": "ServiceTag", "category": "Required", "destination": destination}
    properties = workspace["body"]["properties"]
    for source, target in _ENDPOINTS:
        if arm_id := properties.get(source):
            key = f"__SYS_PE_{ArmId(arm_id).name}_{target}"
            destination = {"serviceResourceId": arm_id, "subresourceTarget": target, "sparkEnabled": False}
            rules[key] = {"type": "PrivateEndpoint", "category": "Required", "destination": destination}
    return rules
