"""Cores of virtual machines: what pools may use at most, against the subscription's quota for machines.

That quota is not the one of Azure ML's clusters; in the seed its families begin with `vm/`.
"""

from __future__ import annotations

from typing import Any

from checks.catalogue.vm_sizes import LOW_PRIORITY, VmSize, family_key, vm_sizes
from twinloop.localazure.core.errors import QuotaExceeded
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import kind_of, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.containerservice.types import POOLS, properties_of

router = Router("Microsoft.Compute")
VM = "vm/"
_LOCATION = "/subscriptions/{subscriptionId}/providers/Microsoft.Compute/locations/{location}"
Pool = dict[str, Any]


def size_named(name: str) -> VmSize | None:
    """A size of the catalogue, compared without case as Azure does."""
    return next((size for size in vm_sizes().values() if size.name.lower() == name.lower()), None)


def demand(twin: Twin, arm_id: ArmId, location: str, pool: Pool, before: Pool | None) -> None:
    """Demand that the quota allows a pool's largest case beside those of all others.

    Raises:
        QuotaExceeded: it does not; says what is used, by whom, and what is left.
    """
    size = size_named(str(pool.get("vmSize") or ""))
    if size is None or (before is not None and most_of(pool) <= most_of(before)):
        return
    family = _family(pool, size)
    limit = _limit(twin, arm_id.subscription, location, family)
    if limit is None:
        return
    claims = _claims(twin, arm_id.subscription, location)
    others = {key: cores for key, (of, cores) in claims.items() if of == family and key != arm_id.key}
    wanted, used = most_of(pool) * size.vcpus, sum(others.values())
    if used + wanted > limit:
        names = ", ".join(f"{ArmId(key).name} ({cores})" for key, cores in others.items()) or "none"
        raise QuotaExceeded(
            f"agentPools/{arm_id.name}: Insufficient vcpu quota requested {wanted}, remaining "
            f"{max(0, limit - used)} for family {size.family} for region {location}; the quota for virtual "
            f"machines is {limit}, of which other pools claim {used}: {names}. Lower maxCount to "
            f"{max(0, limit - used) // size.vcpus} or ask for a larger quota.",
            code="ErrCode_InsufficientVCPUQuota",
        )


def most_of(pool: Pool) -> int:
    """The largest number of nodes that a pool may have."""
    most = pool.get("maxCount") if pool.get("enableAutoScaling") else pool.get("count")
    return int(most or 0)


@router.on("GET", f"{_LOCATION}/usages", action="Microsoft.Compute/locations/usages/read")
def list_usages(request: Request, twin: Twin) -> Reply:
    """Cores by family: what pools claim and what the quota is."""
    subscription, location = request.params["subscriptionId"].lower(), _plain(request.params["location"])
    claims = _claims(twin, subscription, location).values()
    rows = []
    for (owner, place, name), limit in sorted(twin.seed.quotas.items()):
        if (owner, place) != (subscription, location) or not name.lower().startswith(VM):
            continue
        shown = name[len(VM) :]
        used = sum(cores for family, cores in claims if family == family_key(shown))
        rows.append(
            {
                "unit": "Count",
                "currentValue": used,
                "limit": limit,
                "name": {"value": shown, "localizedValue": shown},
            }
        )
    return Reply(200, {"value": rows})


def _claims(twin: Twin, subscription: str, location: str) -> dict[str, tuple[str, int]]:
    """Family and cores of every pool of a region, by its id."""
    found = {}
    for key, doc in twin.store.list(kind_of(POOLS), f"/subscriptions/{subscription}/"):
        pool = properties_of(doc)
        size = size_named(str(pool.get("vmSize") or ""))
        parent = ArmId(doc["id"]).parent
        cluster = resource(twin, parent) if parent else None
        place = _plain(str(cluster["body"].get("location") or "")) if cluster else ""
        if size is not None and place == _plain(location):
            found[key] = (_family(pool, size), most_of(pool) * size.vcpus)
    return found


def _family(pool: Pool, size: VmSize) -> str:
    return family_key(LOW_PRIORITY if pool.get("scaleSetPriority") == "Spot" else size.family)


def _limit(twin: Twin, subscription: str, location: str, family: str) -> int | None:
    """The quota of a family; None where the seed names none: then nothing is held to it."""
    for (owner, place, name), limit in twin.seed.quotas.items():
        if (owner, place) == (subscription, _plain(location)) and family_key(name) == VM + family:
            return limit
    return None


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()
