"""What AKS demands of a pool.

Source: MicrosoftDocs/azure-aks-docs, articles/aks: use-multiple-node-pools, use-system-pools, spot-node-pool,
cluster-autoscaler, use-node-taints.
"""

from __future__ import annotations

import re
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.services.containerservice.machines import size_named
from twinloop.localazure.services.containerservice.types import RESERVED, SPOT, SPOT_TAINT

Pool = dict[str, Any]
_MOST = 1000
_MODES = ("System", "User")
_TAINT = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9][\w.-]*(=[\w.-]*)?:(NoSchedule|NoExecute|PreferNoSchedule)")
_PRIORITIES = ("Regular", "Spot")


def complete(pool: Pool, before: Pool | None) -> None:
    """Fill in what AKS does: a count within the limits, and what it puts on nodes at spot price."""
    if pool.get("enableAutoScaling"):
        least, most = pool.get("minCount"), pool.get("maxCount")
        now = (before or {}).get("count", pool.get("count", least))
        if isinstance(least, int) and isinstance(most, int) and isinstance(now, int):
            pool["count"] = min(max(now, least), most)
    elif pool.get("count") is None:
        pool["count"] = (before or {}).get("count", 1)
    if pool.get("scaleSetPriority") == "Spot":
        taints = list(pool.get("nodeTaints") or ())
        pool["nodeTaints"] = taints if SPOT_TAINT in taints else [*taints, SPOT_TAINT]
        pool["nodeLabels"] = {**(pool.get("nodeLabels") or {}), SPOT: "spot"}
        pool.setdefault("scaleSetEvictionPolicy", "Delete")
        pool.setdefault("spotMaxPrice", -1)


def check(pool: Pool, arm_id: ArmId) -> None:
    """Refuse what AKS refuses of one pool by itself.

    Raises:
        InvalidRequest: with the parameter, what was given, and what is allowed.
    """
    mode = pool.get("mode")
    if mode not in _MODES:
        _refuse(arm_id, "mode", f"given {mode!r}; allowed: {', '.join(_MODES)}")
    if size_named(str(pool.get("vmSize") or "")) is None:
        _refuse(arm_id, "vmSize", f"given {pool.get('vmSize')!r}, which is no size that this twin knows")
    _check_counts(pool, arm_id)
    _check_gpus(pool, arm_id)
    _check_taints(pool, arm_id)
    _check_priority(pool, arm_id)


def _check_counts(pool: Pool, arm_id: ArmId) -> None:
    least, most, now = pool.get("minCount"), pool.get("maxCount"), pool.get("count")
    floor = 1 if pool["mode"] == "System" else 0
    if not pool.get("enableAutoScaling"):
        if least is not None or most is not None:
            _refuse(arm_id, "minCount", "minCount and maxCount only with enableAutoScaling true")
        if not isinstance(now, int) or not floor <= now <= _MOST:
            _refuse(arm_id, "count", f"given {now!r}; allowed: {floor} to {_MOST} in mode {pool['mode']}")
    elif not isinstance(least, int) or not isinstance(most, int) or not floor <= least <= most <= _MOST:
        _refuse(
            arm_id,
            "minCount",
            f"minCount={least!r} and maxCount={most!r}; allowed: {floor} <= minCount <= maxCount <= {_MOST} "
            f"in mode {pool['mode']}",
        )


def _check_gpus(pool: Pool, arm_id: ArmId) -> None:
    size = size_named(str(pool["vmSize"]))
    if size is None or size.gpus:
        return
    for key in ("gpuProfile", "gpuInstanceProfile"):
        if pool.get(key):
            _refuse(arm_id, key, f"{size.name} has no GPU; allowed with sizes that have one")


def _check_taints(pool: Pool, arm_id: ArmId) -> None:
    for text in pool.get("nodeTaints") or ():
        if not _TAINT.fullmatch(str(text)):
            _refuse(arm_id, "nodeTaints", f"given {text!r}; allowed: e.g. key=value:NoSchedule")
        spot = text == SPOT_TAINT and pool.get("scaleSetPriority") == "Spot"
        if text.startswith(RESERVED) and not spot:
            _refuse(arm_id, "nodeTaints", f"given {text!r}; the prefix {RESERVED} is kept for AKS")
    for key in pool.get("nodeLabels") or {}:
        if key.startswith(RESERVED) and not (key == SPOT and pool.get("scaleSetPriority") == "Spot"):
            _refuse(arm_id, "nodeLabels", f"given {key!r}; the prefix {RESERVED} is kept for AKS")


def _check_priority(pool: Pool, arm_id: ArmId) -> None:
    priority = pool.get("scaleSetPriority") or "Regular"
    if priority not in _PRIORITIES:
        _refuse(arm_id, "scaleSetPriority", f"given {priority!r}; allowed: {', '.join(_PRIORITIES)}")
    if priority == "Spot":
        if pool["mode"] == "System":
            _refuse(arm_id, "scaleSetPriority", "Spot in mode System; a system pool needs nodes that stay")
        if (pool.get("upgradeSettings") or {}).get("maxSurge"):
            _refuse(arm_id, "upgradeSettings.maxSurge", "not with scaleSetPriority Spot: leave it out")
    elif pool.get("scaleSetEvictionPolicy") or pool.get("spotMaxPrice") is not None:
        _refuse(arm_id, "spotMaxPrice", "spotMaxPrice and scaleSetEvictionPolicy with Spot only")


def _refuse(arm_id: ArmId, parameter: str, words: str) -> None:
    message = f"agentPools/{arm_id.name}: The value of parameter {parameter} is invalid: {words}."
    raise InvalidRequest("InvalidParameter", message, target=f"properties.{parameter}")
