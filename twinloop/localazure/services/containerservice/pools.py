"""Pools of a cluster as resources: beside each other, one system pool always there."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest
from twinloop.localazure.core.identities import check_linked
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import state_of
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type, require
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice import machines, pool_rules
from twinloop.localazure.services.containerservice.identities import check_subnet
from twinloop.localazure.services.containerservice.types import POOLS, pools_of, properties_of
from twinloop.localazure.services.containerservice.versions import check_pool_version, full

JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"


@on_type(POOLS)
class PoolHooks(ResourceHooks):
    """Rules of a pool that is put by itself."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """It is a pool that AKS takes, beside the others of its cluster."""
        parent = request.arm_id.parent
        cluster = require(twin, parent or request.arm_id)
        refuse_stopped(cluster)
        check_pool(twin, request.arm_id, body, cluster, old, request)
        if old is not None and properties_of(old).get("mode") == "System":
            _check_one_stays(twin, old, body["properties"].get("mode"))

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """A cluster keeps one system pool."""
        _check_one_stays(twin, doc, None)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Version and power as they are."""
        del api_version
        parent = ArmId(doc["id"]).parent
        return {"properties": shown(doc, require(twin, parent or doc["id"]), twin)}


def check_pool(  # noqa: PLR0917 - the pool, where it lies, and who asks
    twin: Twin, arm_id: ArmId, body: dict[str, Any], cluster: Doc, old: Doc | None, request: Request
) -> None:
    """Complete a pool's body, and refuse what AKS refuses.

    Raises:
        InvalidRequest: a parameter is not one that AKS takes.
        QuotaExceeded: its largest case does not fit.
        ArmError: 403, the caller or the cluster's identity may not join its subnet.
    """
    pool: dict[str, Any] = body["properties"]
    before = properties_of(old) if old else None
    pool_rules.complete(pool, before)
    pool_rules.check(pool, arm_id)
    check_pool_version(pool, properties_of(cluster), arm_id)
    subnet = pool.get("vnetSubnetID")
    if subnet and (before or {}).get("vnetSubnetID") != subnet:
        check_linked(twin, request.caller, JOIN, ArmId(subnet))
        check_subnet(twin, cluster["body"], subnet)
        _check_one_network(twin, arm_id, subnet)
    machines.demand(twin, arm_id, str(cluster["body"].get("location") or ""), pool, before)


def shown(doc: Doc, cluster: Doc, twin: Twin) -> dict[str, Any]:
    """What AKS knows of a pool beside what was put."""
    whole = properties_of(cluster)
    version = properties_of(doc).get("orchestratorVersion") or whole.get("kubernetesVersion") or ""
    return {
        "currentOrchestratorVersion": full(str(version)),
        "powerState": whole.get("powerState") or {"code": "Running"},
        "provisioningState": state_of(doc, twin),
    }


def refuse_stopped(cluster: Doc) -> None:
    """A stopped cluster takes no changes.

    Raises:
        Conflict: it is stopped.
    """
    if (properties_of(cluster).get("powerState") or {}).get("code") == "Stopped":
        message = f"'{cluster['id']}' is stopped (powerState). Start it (POST .../start) and try again."
        raise Conflict("OperationNotAllowed", message)


def _check_one_stays(twin: Twin, doc: Doc, mode: object) -> None:
    if mode == "System" or properties_of(doc).get("mode") != "System":
        return
    own = ArmId(doc["id"])
    parent = own.parent
    others = [
        one
        for one in (pools_of(twin, parent) if parent else ())
        if ArmId(one["id"]) != own and properties_of(one).get("mode") == "System"
    ]
    if not others:
        message = (
            f"There has to be at least one system node pool: '{doc['name']}' is the last one of '{parent}'. "
            "Add another in mode System first."
        )
        raise InvalidRequest("OperationNotAllowed", message, target="properties.mode")


def _check_one_network(twin: Twin, arm_id: ArmId, subnet: str) -> None:
    parent = arm_id.parent
    wanted = ArmId(subnet).parent
    for one in pools_of(twin, parent) if parent else ():
        other = properties_of(one).get("vnetSubnetID")
        if other and ArmId(one["id"]) != arm_id and ArmId(other).parent != wanted:
            message = (
                f"agentPools/{arm_id.name}: vnetSubnetID: '{subnet}' lies in another virtual network than "
                f"'{other}' of pool '{one['name']}'; all pools of a cluster are in one."
            )
            raise InvalidRequest("InvalidParameter", message, target="properties.vnetSubnetID")
