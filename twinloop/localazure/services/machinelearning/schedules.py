"""Schedules: kept, checked and triggered by hand; this twin does not start them by the clock.

A twin that trained at three in the morning on a laptop would surprise; `POST .../trigger`, which is what
`MLClient.schedules.trigger` sends, starts the job of a schedule now.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest, NotEmulated
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import ResourceHooks, on_type, require, resource
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.services.machinelearning import jobs
from twinloop.localazure.services.machinelearning.workspace_scope import WORKSPACE, WORKSPACES, workspace_id

router = Router("machinelearning")
Doc = dict[str, Any]
SCHEDULES = f"{WORKSPACES}/schedules"
_FIELDS = 5
_FIELD = re.compile(r"[0-9*,/-]+")
_FREQUENCIES = ("Minute", "Hour", "Day", "Week", "Month")
_TRIGGERS = ("Cron", "Recurrence")
_JOBS = ("AutoML", "Command", "Pipeline", "Spark", "Sweep")


@on_type(SCHEDULES)
class ScheduleHooks(ResourceHooks):
    """A timetable with an action."""

    def validate(self, body: Doc, old: Doc | None, request: Request, twin: Twin) -> None:
        """When and what are things that the service knows, and what is named exists."""
        del old
        properties = body["properties"]
        where = f"{request.arm_id}: properties"
        properties.setdefault("isEnabled", True)
        _check_trigger(properties["trigger"], f"{where}.trigger")
        action = properties["action"]
        kind = action["actionType"]
        if kind == "CreateJob":
            given = (action.get("jobDefinition") or {}).get("jobType")
            if given not in _JOBS:
                raise InvalidRequest(
                    "UserError",
                    f"{where}.action.jobDefinition.jobType: given {given!r}; allowed: {', '.join(_JOBS)}",
                )
        elif kind == "CreateMonitor":
            _check_monitor(action.get("monitorDefinition") or {}, twin, f"{where}.action.monitorDefinition")
        else:
            raise NotEmulated(request.method, f"schedules with action {kind!r}")


@router.on("POST", f"{WORKSPACE}/schedules/{{name}}/trigger", action=f"{SCHEDULES}/trigger/action")
def trigger(request: Request, twin: Twin) -> Reply:
    """Start the job of a schedule now, as whoever asks."""
    home = workspace_id(request)
    doc = require(twin, home.child("schedules", request.params["name"]))
    action = doc["body"]["properties"]["action"]
    kind = action["actionType"]
    if kind != "CreateJob":
        raise NotEmulated("POST", f"monitor '{doc['name']}': this twin has no Spark to compare data with")
    name = f"{doc['name']}-{uuid.uuid4().hex[:8]}"
    jobs.accept(twin, str(require(twin, home)["id"]), name, action["jobDefinition"], request.caller)
    return Reply(200, {"jobName": name, "scheduleActionType": kind})


def _check_trigger(trigger: Doc, where: str) -> None:
    kind = trigger["triggerType"]
    if kind not in _TRIGGERS:
        raise InvalidRequest(
            "UserError", f"{where}.triggerType: given '{kind}'; allowed: {' or '.join(_TRIGGERS)}"
        )
    trigger.setdefault("timeZone", "UTC")
    if kind == "Cron":
        text = str(trigger.get("expression", ""))
        fields = text.split()
        if len(fields) != _FIELDS or not all(_FIELD.fullmatch(field) for field in fields):
            raise InvalidRequest(
                "UserError",
                f"{where}.expression: given '{text}'; allowed: minutes, hours, days, months, weekdays, "
                "e.g. 0 3 * * 1",
            )
        return
    frequency, interval = trigger.get("frequency"), trigger.get("interval")
    if frequency not in _FREQUENCIES or not isinstance(interval, int) or interval < 1:
        raise InvalidRequest(
            "UserError",
            f"{where}: given frequency {frequency!r}, interval {interval!r}; allowed: one of "
            f"{', '.join(_FREQUENCIES)}, and a whole number of at least 1",
        )


def _check_monitor(definition: Doc, twin: Twin, where: str) -> None:
    for wanted in ("computeConfiguration", "signals"):
        if not definition.get(wanted):
            raise InvalidRequest("UserError", f"{where}.{wanted}: it is required, and not empty")
    deployment = (definition.get("monitoringTarget") or {}).get("deploymentId")
    if deployment and resource(twin, ArmId(deployment)) is None:
        raise InvalidRequest(
            "UserError",
            f"{where}.monitoringTarget.deploymentId: '{deployment}' is not there; leave it out, or deploy "
            "first",
        )
