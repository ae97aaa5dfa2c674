"""Immutability policies of containers on the control plane: made unlocked, locked for good by an action."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest, ResourceNotFound
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.rendering import render
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.storage.immutability import DAYS, keeps_something

router = Router("Microsoft.Storage")
CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
POLICIES = f"{CONTAINERS}/immutabilityPolicies"
_MAX_DAYS = 146_000  # Microsoft, "Container-level WORM policies": 400 years
_PATH = (
    "/subscriptions/{subscriptionId}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/"
    "{account}/blobServices/default/containers/{container}/immutabilityPolicies/default"
)


@on_type(POLICIES)
class ImmutabilityPolicyHooks(ResourceHooks):
    """A policy keeps for days; once locked it can only keep for longer."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Days within Azure's bounds; nothing changes while it is locked."""
        del twin
        properties = body.setdefault("properties", {})
        days = properties.get(DAYS)
        if not isinstance(days, int) or not 1 <= days <= _MAX_DAYS:
            message = f"{request.arm_id}: properties.{DAYS}: given {days}; allowed: 1 to {_MAX_DAYS}"
            raise InvalidRequest("InvalidRequestPropertyValue", message)
        both = ("allowProtectedAppendWrites", "allowProtectedAppendWritesAll")
        if all(properties.get(one) for one in both):
            message = f"{request.arm_id}: {both[0]} and {both[1]} exclude each other"
            raise InvalidRequest("InvalidRequestPropertyValue", message)
        if old is not None and old.get("locked"):
            before = old["body"]["properties"]
            if {key: before.get(key) for key in properties} != properties:
                message = (
                    f"'{request.arm_id}' is locked: it cannot be changed. Its days can be extended: "
                    "POST .../immutabilityPolicies/default/extend."
                )
                raise Conflict("ContainerImmutabilityPolicyLocked", message)

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """A locked policy stays, unless its container is empty."""
        container = ArmId(doc["id"]).parent
        if doc.get("locked") and container is not None and keeps_something(twin, container):
            message = f"'{doc['id']}' is locked and cannot be deleted while its container holds blobs."
            raise Conflict("ContainerImmutabilityPolicyLocked", message)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Whether it is locked."""
        del twin, api_version
        return {"properties": {"state": "Locked" if doc.get("locked") else "Unlocked"}}


@on_type(CONTAINERS)
class KeptContainerHooks(ResourceHooks):
    """A container shows its policy, and stays while that keeps something in it."""

    def before_delete(self, doc: Doc, twin: Twin) -> None:
        """Refuse while there are blobs under a policy."""
        if keeps_something(twin, ArmId(doc["id"])):
            message = (
                f"The container '{doc['name']}' is protected from deletion by its immutability policy "
                "while it holds blobs. Wait until their days are over; while the policy is unlocked, it "
                "can be deleted first."
            )
            raise Conflict("ContainerProtectedFromDeletion", message)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Whether there is a policy."""
        del api_version
        there = resource(twin, f"{doc['id']}/immutabilityPolicies/default") is not None
        return {"properties": {"hasImmutabilityPolicy": there, "hasLegalHold": False}}


@router.on("POST", f"{_PATH}/lock", action=f"{POLICIES}/lock/action")
def lock(request: Request, twin: Twin) -> Reply:
    """Lock a policy: one-way."""
    doc = _policy(request, twin)
    doc["locked"] = True
    return _kept(doc, request, twin)


@router.on("POST", f"{_PATH}/extend", action=f"{POLICIES}/extend/action")
def extend(request: Request, twin: Twin) -> Reply:
    """Let a locked policy keep for longer."""
    doc = _policy(request, twin)
    days = (request.json().get("properties") or {}).get(DAYS)
    now = doc["body"]["properties"][DAYS]
    if not doc.get("locked") or not isinstance(days, int) or not now < days <= _MAX_DAYS:
        message = (
            f"{doc['id']}: a locked policy of {now} days can be extended to {now + 1} to {_MAX_DAYS} days; "
            f"given {days}, and the policy is {'locked' if doc.get('locked') else 'not locked'}"
        )
        raise InvalidRequest("InvalidRequestPropertyValue", message)
    doc["body"]["properties"][DAYS] = days
    return _kept(doc, request, twin)


def _policy(request: Request, twin: Twin) -> Doc:
    policy = ArmId(request.arm_id.text.rpartition("/")[0])
    doc = resource(twin, policy)
    if doc is None:
        raise ResourceNotFound(policy)
    return doc


def _kept(doc: Doc, request: Request, twin: Twin) -> Reply:
    twin.store.put(kind_of(POLICIES), ArmId(doc["id"]).key, doc)
    return Reply(200, render(doc, twin, request.api_version))
