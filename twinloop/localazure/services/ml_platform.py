"""Rules of Azure ML that concern the platform: quota of clusters, managed network, outbound rules."""

from __future__ import annotations

from typing import Any

from checks.catalogue.vm_sizes import LOW_PRIORITY, VmSize, family_key, vm_sizes
from twinloop.localazure.core.bodies import MISSING, at
from twinloop.localazure.core.errors import Conflict, InvalidRequest, QuotaExceeded
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import state_of
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type, resource
from twinloop.localazure.core.twin import Twin

WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
COMPUTES = f"{WORKSPACES}/computes"
RULES = f"{WORKSPACES}/outboundRules"
_OPENNESS = {"disabled": 0, "allowinternetoutbound": 1, "allowonlyapprovedoutbound": 2}
_ISOLATION = "properties.managedNetwork.isolationMode"


@on_type(WORKSPACES)
class IsolationHooks(ResourceHooks):
    """A managed network only ever closes."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """No step back towards the internet."""
        del twin
        before = at(old["body"], _ISOLATION) if old else MISSING
        if before is MISSING:
            return
        now = at(body, _ISOLATION)
        if _openness(now) < _openness(before):
            raise InvalidRequest(
                "ManagedNetworkIsolationModeCannotChange",
                f"{request.arm_id}: '{_ISOLATION}' is {before} and cannot become "
                f"{now if now is not MISSING else 'unset'}: "
                "AllowOnlyApprovedOutbound cannot be left, AllowInternetOutbound cannot go back to "
                "Disabled; a new workspace can.",
            )


def _openness(mode: object) -> int:
    return _OPENNESS.get(str(mode).lower(), 0) if mode is not MISSING else 0


@on_type(COMPUTES)
class ClusterHooks(ResourceHooks):
    """A cluster fits into the subscription's quota and its workspace is ready."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Size known, nodes in order, cores within quota."""
        del old
        workspace = request.arm_id.parent
        holder = resource(twin, workspace) if workspace else None
        if holder is not None and state_of(holder, twin) == "Creating":
            message = (
                f"Workspace '{holder['name']}' is still being created; wait for its operation and try again."
            )
            raise Conflict("WorkspaceNotReady", message)
        if str(body["properties"]["computeType"]).lower() != "amlcompute":
            return
        inner = body["properties"].get("properties") or {}
        size = vm_sizes().get(str(inner.get("vmSize", ""))) or _by_key(str(inner.get("vmSize", "")))
        if size is None:
            raise InvalidRequest(
                "InvalidVmSize",
                f"{request.arm_id}: properties.properties.vmSize: given '{inner.get('vmSize')}'; known "
                f"here: {', '.join(vm_sizes())}",
            )
        scale = inner.get("scaleSettings") or {}
        least, most = scale.get("minNodeCount", 0) or 0, scale.get("maxNodeCount", 1)
        if not 0 <= least <= most:
            message = (
                f"{request.arm_id}: scaleSettings: minNodeCount {least} and maxNodeCount {most}; allowed: "
                "0 <= min <= max"
            )
            raise InvalidRequest("InvalidScaleSettings", message)
        location = (
            str(body.get("location") or (holder["body"].get("location") if holder else ""))
            .replace(" ", "")
            .lower()
        )
        _check_quota(request.arm_id, size, most, low=_low(inner), location=location, twin=twin)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """What the service adds to a cluster: times, and how many nodes it has while nothing runs."""
        del api_version
        properties: dict[str, Any] = {
            "createdOn": doc["createdAt"],
            "modifiedOn": doc["changedAt"],
            "provisioningState": state_of(doc, twin),
            "isAttachedCompute": False,
        }
        if "computeLocation" not in doc["body"]["properties"]:
            workspace = ArmId(doc["id"]).parent
            holder = resource(twin, workspace) if workspace else None
            properties["computeLocation"] = doc["body"].get("location") or (
                holder["body"]["location"] if holder else ""
            )
        return {"properties": properties}


@on_type(RULES)
class OutboundRuleHooks(ResourceHooks):
    """An outbound rule belongs to a managed network that filters."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The workspace has a managed network; host names only where everything else is closed."""
        del old
        workspace = request.arm_id.parent
        holder = resource(twin, workspace) if workspace else None
        mode = at(holder["body"], _ISOLATION) if holder else MISSING
        kind = str(body["properties"]["type"])
        if _openness(mode) == 0:
            message = (
                f"{request.arm_id}: the workspace has no managed network, so it can have no outbound rules"
            )
            raise InvalidRequest("ManagedNetworkNotEnabled", message)
        if kind in {"FQDN", "ServiceTag"} and _openness(mode) != _OPENNESS["allowonlyapprovedoutbound"]:
            message = (
                f"{request.arm_id}: a {kind} rule needs isolationMode AllowOnlyApprovedOutbound; it is {mode}"
            )
            raise InvalidRequest("OutboundRuleNotSupported", message)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Who wanted it, and whether the network that it opens exists."""
        del api_version
        given = doc["body"]["properties"]
        status = "Active" if state_of(doc, twin) == "Succeeded" else "Provisioning"
        return {"properties": {"category": given.get("category") or "UserDefined", "status": status}}


def _by_key(name: str) -> VmSize | None:
    return next((size for key, size in vm_sizes().items() if key.lower() == name.lower()), None)


def _low(inner: dict[str, Any]) -> bool:
    return str(inner.get("vmPriority", "")).lower() == "lowpriority"


def _check_quota(arm_id: ArmId, size: VmSize, nodes: int, *, low: bool, location: str, twin: Twin) -> None:
    """All clusters of a family in a region fit into its cores at their largest, those at zero nodes too."""
    family = LOW_PRIORITY if low else size.family
    limit = _limit(arm_id.subscription, location, family, twin)
    if limit is None:
        return
    others = sum(
        cores
        for key, where, cores in _demands(arm_id.subscription, family_key(family), twin)
        if key != arm_id.key and where == location
    )
    wanted = size.vcpus * nodes
    if others + wanted > limit:
        raise QuotaExceeded(
            f"{arm_id}: the specified subscription has a quota of {limit} cores for {family} in "
            f"{location}; other clusters "
            f"may use {others}, this one wants {wanted} ({nodes} x {size.name} with {size.vcpus} cores). "
            "Lower maxNodeCount, "
            "choose another size or region, or ask for more quota (twinloop:quotas in the settings).",
            code="ClusterCoreQuotaReached",
        )


def _limit(subscription: str, location: str, family: str, twin: Twin) -> int | None:
    """The cores that the seed grants; None where it says nothing."""
    for (sub, where, name), limit in twin.seed.quotas.items():
        if (sub, where) == (subscription, location) and family_key(name) in _names_of(family):
            return limit
    return None


def _names_of(family: str) -> set[str]:
    key = family_key(family)
    return {key, "lowpriority"} if family == LOW_PRIORITY else {key}


def _demands(subscription: str, family: str, twin: Twin) -> list[tuple[str, str, int]]:
    """Key, region and worst-case cores of every cluster of a family."""
    found = []
    for key, doc in twin.store.list(kind_of(COMPUTES), f"/subscriptions/{subscription}/"):
        inner = (doc["body"].get("properties") or {}).get("properties") or {}
        size = _by_key(str(inner.get("vmSize", "")))
        if size is None or family_key(LOW_PRIORITY if _low(inner) else size.family) != family:
            continue
        workspace = ArmId(doc["id"]).parent
        holder = resource(twin, workspace) if workspace else None
        location = str(doc["body"].get("location") or (holder["body"].get("location") if holder else ""))
        most = (inner.get("scaleSettings") or {}).get("maxNodeCount", 1)
        found.append((key, location, size.vcpus * int(most)))
    return found
