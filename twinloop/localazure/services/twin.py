"""The twin about itself: status, what it emulates, its seed, its tombstones, its clock."""

from __future__ import annotations

import hmac
import os
from datetime import UTC, datetime
from typing import Any

from checks.catalogue.resource_types import resource_types
from twinloop.localazure.core.clock import ManualClock
from twinloop.localazure.core.errors import ArmError, InvalidRequest
from twinloop.localazure.core.reply import Reply
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.router import Router
from twinloop.localazure.core.tokens import write_private
from twinloop.localazure.core.tombstones import tombstones
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.seed import parse

router = Router("twin")


@router.on("GET", "/_twin/status", auth="none")
def status(_request: Request, twin: Twin) -> Reply:
    """Whether it serves, for whom, and whether something runs."""
    return Reply(
        200,
        {
            "serving": True,
            "pid": os.getpid(),
            "home": str(twin.home),
            "tenantId": twin.seed.tenant,
            "subscriptions": sorted(twin.seed.subscriptions),
            "base": twin.base,
            "httpBase": twin.http_base,
            "busy": any(busy() for busy in twin.busy),
            "time": twin.clock.now().isoformat(),
        },
    )


@router.on("GET", "/_twin/emulates", auth="none")
def emulates(_request: Request, twin: Twin) -> Reply:
    """Every operation, computed from the routes."""
    routes = sorted(
        twin.services["router"].routes, key=lambda route: (route.service, route.template, route.method)
    )
    rows = [
        {"service": r.service, "method": r.method, "path": r.template, "action": r.action, "auth": r.auth}
        for r in routes
    ]
    return Reply(200, {"operations": rows, "count": len(rows)})


@router.on("GET", "/_twin/tombstones", auth="own")
def buried(request: Request, twin: Twin) -> Reply:
    """Every tombstone; Azure has such a list for vaults, and none for Azure ML workspaces."""
    _admin(request, twin)
    types = [row.arm_type for row in resource_types().values() if row.delete == "soft"]
    rows = [
        {
            "id": doc["id"],
            "type": doc["type"],
            "deletedAt": datetime.fromtimestamp(doc["deletedAt"], UTC).isoformat(timespec="seconds"),
            "goesAt": datetime.fromtimestamp(doc["purgeAt"], UTC).isoformat(timespec="seconds"),
            "body": doc["body"],
        }
        for arm_type in types
        for doc in tombstones(twin, arm_type)
    ]
    return Reply(200, {"tombstones": rows})


@router.on("POST", "/_twin/seed", auth="own")
def take_seed(request: Request, twin: Twin) -> Reply:
    """Take over a changed seed."""
    _admin(request, twin)
    seed = parse(request.json())
    try:
        twin.use_seed(seed)
    except ValueError as error:
        raise InvalidRequest("TenantChanged", str(error)) from error
    write_private(twin.home / "seed.json", request.body)
    return Reply(200, _summary(twin))


@router.on("GET", "/_twin/seed", auth="own")
def show_seed(request: Request, twin: Twin) -> Reply:
    """What the twin was seeded with, in short."""
    _admin(request, twin)
    return Reply(200, _summary(twin))


@router.on("POST", "/_twin/clock", auth="own")
def move_clock(request: Request, twin: Twin) -> Reply:
    """Jump ahead in time; only a twin started with --manual-clock does."""
    _admin(request, twin)
    if not isinstance(twin.clock, ManualClock):
        raise InvalidRequest(
            "ClockNotManual", "the twin keeps real time; start it with --manual-clock to move its clock"
        )
    seconds = request.json().get("advanceSeconds")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise InvalidRequest("InvalidClock", f'give {{"advanceSeconds": N}} with N >= 0; given: {seconds!r}')
    twin.clock.advance(float(seconds))
    return Reply(200, {"time": twin.clock.now().isoformat()})


def _admin(request: Request, twin: Twin) -> None:
    given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not hmac.compare_digest(given.encode(), twin.admin_key.encode()):
        message = f"{request.path}: give 'Authorization: Bearer <content of {twin.home / 'twin.key'}>'"
        raise ArmError(401, "AdminKeyRequired", message)


def _summary(twin: Twin) -> dict[str, Any]:
    seed = twin.seed
    return {
        "tenantId": seed.tenant,
        "subscriptions": [{"id": key, "name": name} for key, name in seed.subscriptions.items()],
        "locations": list(seed.locations),
        "quotas": [
            {"subscriptionId": s, "location": where, "family": family, "limit": limit}
            for (s, where, family), limit in seed.quotas.items()
        ],
        "groups": [{"objectId": key, "name": name} for key, name in seed.groups.items()],
        "personas": [
            {"name": p.name, "objectId": p.object_id, "kind": p.kind} for p in seed.personas.values()
        ],
    }
