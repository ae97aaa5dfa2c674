"""Serverless compute: the nodes of a job that names no cluster, the quota they need, the queue they wait in.

As Azure's article "Model training on serverless compute" has it: jobs count against the same quota of cores
as clusters; a size that is asked for and has no room is refused, with how many nodes would fit; room that
other jobs use is waited for; without a size one is chosen by quota. Which one is Azure's own secret, so here
the rule is: the smallest size of the table without a GPU and with 4 cores and 14 GiB at least, of a family
whose quota has room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from checks.catalogue.vm_sizes import VmSize, family_key, vm_sizes
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.resources import resource
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.clusters import Clusters
from twinloop.localazure.jobs.steps import SERVERLESS, Step
from twinloop.localazure.services.machinelearning.quotas import Room, family_room, room

NODES = 4  # that this machine runs at once where no quota says how many
_CORES, _MEMORY = 4, 14.0  # least of a size that is chosen; GiB
_TIERS = {"standard": "Standard", "spot": "Spot", "null": "Standard", "": "Standard"}
NODES_PROPERTY = "twinloop.nodes"  # of a run: what it has on Azure, the size that was chosen among it
_ANY = "-"  # in a queue's name: no quota is named for the family


class NoRoom(ValueError):
    """A size that is not known, or for which there is no quota; the message says what would fit."""


@dataclass(frozen=True)
class Queue:
    """Where a job waits for its nodes, and how much of it the job takes."""

    name: str
    takes: int  # cores; nodes where no quota is named


def tier(settings: dict[str, Any] | None, where: str, problems: list[str]) -> str:
    """Dedicated nodes (Standard) or low-priority ones (Spot)."""
    given = (settings or {}).get("jobTier") or (settings or {}).get("job_tier") or ""
    known = _TIERS.get(str(given).lower())
    if known is None:
        problems.append(
            f"{where}queue_settings.job_tier: '{given}' is not emulated; allowed: Standard (dedicated), "
            "Spot (low priority)"
        )
    return known or "Standard"


def size(twin: Twin, workspace: str, asked: str, tier: str, count: int) -> str:
    """The size of a job's nodes, with quota for all of them.

    Raises:
        NoRoom: it is not known, or its family's quota will never do.
    """
    if asked:
        wanted = next((one for one in vm_sizes().values() if one.name.lower() == asked.lower()), None)
        if wanted is None:
            raise NoRoom(
                f"resources.instance_type: '{asked}' is not known; known are {', '.join(sorted(vm_sizes()))}"
            )
        _demand(_room(twin, workspace, wanted, tier), wanted, count)
        return wanted.name
    fitting = [
        (left is None, one.vcpus, one.memory_gib, one.name)
        for one in vm_sizes().values()
        if not one.gpus and one.vcpus >= _CORES and one.memory_gib >= _MEMORY
        if (left := _room(twin, workspace, one, tier).left) is None or left >= count * one.vcpus
    ]
    if not fitting:
        raise NoRoom(
            f"no family has quota for {count} serverless nodes; ask for fewer (resources.instance_count), "
            "give a smaller resources.instance_type, or raise a family's limit in the stack's twinloop:quotas"
        )
    chosen = min(fitting)
    if chosen[0] and count > NODES:
        raise NoRoom(_too_many(count))
    return chosen[-1]


def queue(twin: Twin, workspace: str, step: Step) -> Queue:
    """Where a step waits: its cluster's queue, or that of its family's quota."""
    if step.compute != SERVERLESS:
        return Queue(step.compute, step.instances)
    nodes = vm_sizes()[step.instance_type or size(twin, workspace, "", step.tier, step.instances)]
    found = _room(twin, workspace, nodes, step.tier)
    place = f"{SERVERLESS}/{ArmId(workspace).subscription}/{_location(twin, workspace)}"
    if found.limit is None:
        return Queue(f"{place}/{_ANY}", step.instances)
    return Queue(f"{place}/{found.family}", step.instances * nodes.vcpus)


def capacity(twin: Twin, name: str) -> int:
    """How much of a serverless queue may be taken at once."""
    _, subscription, location, family = name.split("/", 3)
    left = None if family == _ANY else family_room(twin, subscription, location, family).left
    return NODES if left is None else max(left, 0)


def used(clusters: Clusters, subscription: str, location: str, family: str) -> int:
    """Cores of a family that serverless jobs hold now."""
    return clusters.taken(f"{SERVERLESS}/{subscription}/{location}/{family}")


def described(twin: Twin, workspace: str, step: Step) -> str:
    """What Azure would run the step on, in a sentence."""
    return f"Serverless compute: {nodes(twin, workspace, step)} on Azure; processes of this machine here."


def nodes(twin: Twin, workspace: str, step: Step) -> str:
    """How many nodes of which size and kind, and where."""
    settings = _workspace(twin, workspace).get("serverlessComputeSettings") or {}
    subnet = ArmId(settings.get("serverlessComputeCustomSubnet") or "/").name
    parts = [
        f"{step.instances} x {step.instance_type}",
        "low priority" if step.tier == "Spot" else "dedicated",
        f"in subnet {subnet}" if subnet else "",
        "without public addresses" if settings.get("serverlessComputeNoPublicIP") else "",
    ]
    return ", ".join(part for part in parts if part)


def network_problem(twin: Twin, workspace: str) -> str:
    """What is wrong with the subnet that the workspace wants its serverless nodes in; empty if nothing is."""
    settings = _workspace(twin, workspace).get("serverlessComputeSettings") or {}
    subnet = settings.get("serverlessComputeCustomSubnet")
    if not subnet or resource(twin, ArmId(subnet)) is not None:
        return ""
    return (
        f"serverless nodes of workspace '{ArmId(workspace).name}' are to be in subnet '{subnet}', which does "
        "not exist; change the workspace's serverlessComputeSettings, or name a cluster"
    )


def _demand(found: Room, wanted: VmSize, count: int) -> None:
    cores = count * wanted.vcpus
    if found.left is None:
        if count > NODES:
            raise NoRoom(_too_many(count))
        return
    if cores <= found.left:
        return
    fits = max(found.left, 0) // wanted.vcpus
    family = wanted.family if family_key(wanted.family) == found.family else found.family
    by = f", of which clusters claim {found.claimed} ({found.by})" if found.claimed else ""
    remedy = (
        f"lower resources.instance_count to {fits}"
        if fits
        else "take a size of another family (resources.instance_type)"
    )
    raise NoRoom(
        f"{count} serverless nodes of {wanted.name} are {cores} cores of '{family}'; the quota is "
        f"{found.limit}{by}: {remedy}, or ask for a larger quota"
    )


def _too_many(count: int) -> str:
    return (
        f"resources.instance_count is {count}; without a quota for its family this machine runs {NODES} "
        "serverless nodes at once at most"
    )


def _room(twin: Twin, workspace: str, one: VmSize, tier: str) -> Room:
    place = _location(twin, workspace)
    return room(twin, ArmId(workspace).subscription, place, one, low_priority=tier == "Spot")


def _location(twin: Twin, workspace: str) -> str:
    doc = resource(twin, ArmId(workspace)) or {}
    return str((doc.get("body") or {}).get("location") or "").replace(" ", "").lower()


def _workspace(twin: Twin, workspace: str) -> dict[str, Any]:
    doc = resource(twin, ArmId(workspace)) or {}
    return dict((doc.get("body") or {}).get("properties") or {})
