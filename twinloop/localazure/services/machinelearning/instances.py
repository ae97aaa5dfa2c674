"""Compute instances: one machine for one person, which stops when nobody needs it."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest, NotEmulated
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.operations import accepted
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import kind_of, require, save
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.durations import seconds
from twinloop.localazure.services.machinelearning import instance_power
from twinloop.localazure.services.machinelearning.instance_power import RUNNING, STOPPED, Power, Use
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace_id

router = Router("machinelearning.instances")
Doc = dict[str, Any]
COMPUTES = f"{WORKSPACES}/computes"
KIND = "ComputeInstance"
# Names and idle times: learn.microsoft.com/azure/machine-learning/how-to-create-compute-instance, and the
# words of ComputeInstanceProperties in pulumi_azure_native 3.29.0.
_NAME = re.compile(r"[A-Za-z](?=.{2,23}$)[A-Za-z0-9-]*")
_LEAST_IDLE, _MOST_IDLE = 15 * 60.0, 3 * 24 * 3600.0
_FROM = {"start": (STOPPED,), "stop": (RUNNING,), "restart": (RUNNING,)}


def is_instance(doc: Doc) -> bool:
    """Whether the document of a compute is an instance's."""
    return str(doc["body"]["properties"].get("computeType", "")).lower() == KIND.lower()


def check(body: Doc, request: Request, twin: Twin) -> None:
    """Refuse what Azure refuses of an instance, and complete what it completes.

    Raises:
        InvalidRequest: a name, an idle time, a schedule or an assigned user that it does not take.
    """
    name = request.arm_id.name
    properties = body["properties"]["properties"]
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            "ValidationError",
            f"computes/{name}: the name of a compute instance has 3 to 24 letters, digits and hyphens and "
            "starts with a letter.",
        )
    _check_name_is_free(twin, request.arm_id, str(body.get("location") or ""))
    properties.setdefault("applicationSharingPolicy", "Shared")
    properties.setdefault("computeInstanceAuthorizationType", "personal")
    ssh = properties.get("sshSettings")
    properties["sshSettings"] = {"sshPublicAccess": "Disabled"} | (ssh or {})
    if idle := properties.get("idleTimeBeforeShutdown"):
        _check_idle(name, idle)
    for entry in instance_power.schedules_of(properties):
        _check_schedule(name, entry)
    _check_user(name, properties, twin)


def rendered(doc: Doc, twin: Twin) -> Doc:
    """What only the service knows of an instance."""
    properties = doc["body"]["properties"]["properties"]
    now = power(doc, twin)
    shown: Doc = {
        "state": now.state,
        "lastOperation": {
            "operationName": now.operation,
            "operationTime": now.at.isoformat(),
            "operationStatus": "Succeeded" if now.done else "InProgress",
            "operationTrigger": now.trigger,
        },
        "createdBy": {"userId": doc["createdBy"]["id"], "userName": doc["createdBy"]["name"]},
        "errors": [],
        "applications": [],
        "connectivityEndpoints": None,
    }
    if entries := instance_power.schedules_of(properties):
        shown["schedules"] = {
            "computeStartStop": [
                {**entry, "id": _schedule_id(doc, index), "provisioningStatus": "Completed"}
                for index, entry in enumerate(entries)
            ]
        }
    return shown


def power(doc: Doc, twin: Twin) -> Power:
    """Whether an instance runs now."""
    properties = doc["body"]["properties"]["properties"]
    created = datetime.fromisoformat(doc["createdAt"]).astimezone(UTC)
    kept = doc.get("power") or instance_power.asked("Create", created)
    return instance_power.power(properties, kept, twin.clock.now(), _use(doc["id"], twin))


def why_not(doc: Doc, twin: Twin) -> str:
    """Why an instance takes no job now, with what to do; empty if it does."""
    state = power(doc, twin).state
    if state == RUNNING:
        return ""
    return (
        f"compute instance '{doc['name']}' is in state {state}; start it first, e.g. by "
        f"ml_client.compute.begin_start('{doc['name']}').wait()"
    )


def _use(arm_id: str, twin: Twin) -> Use:
    from twinloop.localazure.jobs.runner import runner  # the runner, in turn, looks at computes

    clusters = runner(twin).executor.clusters
    return Use(busy=clusters.counts(arm_id)["running"] > 0, idle_since=clusters.idle_since(arm_id))


def _operation(verb: str) -> None:
    def operate(request: Request, twin: Twin) -> Reply:
        doc = require(twin, workspace_id(request).child("computes", request.params["computeName"]))
        if not is_instance(doc):
            kind = doc["body"]["properties"].get("computeType")
            raise NotEmulated("POST", f"{verb} of a compute of type {kind}: only compute instances have it")
        _check_can(doc, verb, twin)
        took = instance_power.SECONDS[verb.capitalize()]
        doc["power"] = instance_power.asked(verb.capitalize(), twin.clock.now())
        twin.store.put(kind_of(COMPUTES), ArmId(doc["id"]).key, doc)
        return accepted(doc, took, "POST", twin, request)[0]

    router.on("POST", f"{WORKSPACE}/computes/{{computeName}}/{verb}", action=f"{COMPUTES}/{verb}/action")(
        operate
    )


for _verb in ("start", "stop", "restart"):
    _operation(_verb)


@router.on(
    "POST",
    f"{WORKSPACE}/computes/{{computeName}}/updateIdleShutdownSetting",
    action=f"{COMPUTES}/updateIdleShutdownSetting/action",
)
def update_idle(request: Request, twin: Twin) -> Reply:
    """Change after how long an idle instance stops."""
    doc = require(twin, workspace_id(request).child("computes", request.params["computeName"]))
    if not is_instance(doc):
        raise InvalidRequest("ValidationError", f"'{doc['name']}' is no compute instance.")
    given = request.json().get("idleTimeBeforeShutdown")
    _check_idle(doc["name"], given)
    doc["body"]["properties"]["properties"]["idleTimeBeforeShutdown"] = given
    save(twin, ArmId(doc["id"]), doc["body"], old=doc, by=request.caller)
    return Reply(200)


def _check_can(doc: Doc, verb: str, twin: Twin) -> None:
    state = power(doc, twin).state
    if state not in _FROM[verb]:
        raise Conflict(
            "ComputeInstanceInvalidState",
            f"compute instance '{doc['name']}' is in state {state}; {verb} takes one that is "
            f"{' or '.join(_FROM[verb])}.",
        )
    if verb != "start" and _use(doc["id"], twin).busy:
        raise Conflict(
            "ComputeInUse", f"compute instance '{doc['name']}' runs a job; cancel it, or wait for its end."
        )


def _check_name_is_free(twin: Twin, arm_id: ArmId, location: str) -> None:
    for key, doc in twin.store.list(kind_of(COMPUTES)):
        there = ArmId(doc["id"])
        if (
            key != arm_id.key
            and is_instance(doc)
            and there.name.lower() == arm_id.name.lower()
            and str(doc["body"].get("location") or "") == location
        ):
            raise Conflict(
                "ComputeInstanceNameAlreadyExists",
                f"the name '{arm_id.name}' is taken in {location}: names of compute instances are unique in "
                "a region, over all workspaces.",
            )


def _check_idle(name: str, idle: object) -> None:
    try:
        length = seconds(str(idle))
    except ValueError as error:
        raise InvalidRequest("ValidationError", f"computes/{name}: idleTimeBeforeShutdown: {error}") from None
    if not _LEAST_IDLE <= length <= _MOST_IDLE:
        raise InvalidRequest(
            "ValidationError",
            f"computes/{name}: idleTimeBeforeShutdown: given {idle}; allowed: PT15M to P3D, e.g. PT30M.",
        )


def _check_schedule(name: str, entry: Doc) -> None:
    where = f"computes/{name}: schedules.computeStartStop"
    if entry.get("action") not in {"Start", "Stop"}:
        raise InvalidRequest(
            "ValidationError", f"{where}: action is Start or Stop, not {entry.get('action')!r}."
        )
    if entry.get("triggerType", "Cron") != "Cron":
        raise NotEmulated("PUT", f"{where}: triggerType {entry['triggerType']!r} (this twin has: Cron)")
    entry.setdefault("status", "Enabled")
    try:
        list(instance_power.crons({"schedules": {"computeStartStop": [entry]}}, entry["action"]))
    except (ValueError, LookupError) as error:
        raise InvalidRequest("ValidationError", f"{where}: {error}.") from None


def _check_user(name: str, properties: Doc, twin: Twin) -> None:
    user = (properties.get("personalComputeInstanceSettings") or {}).get("assignedUser")
    if user is None:
        return
    if not user.get("objectId") or str(user.get("tenantId") or "").lower() != twin.seed.tenant.lower():
        raise InvalidRequest(
            "ValidationError",
            f"computes/{name}: personalComputeInstanceSettings.assignedUser has an objectId, and the "
            f"tenantId of this tenant, {twin.seed.tenant}.",
        )


def _schedule_id(doc: Doc, index: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{doc['id'].lower()}/schedules/{index}"))
