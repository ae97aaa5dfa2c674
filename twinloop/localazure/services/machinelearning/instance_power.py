"""Whether a compute instance runs: what somebody asked for, then its schedules and idle time, by the clock.

Nothing ticks. The document keeps the last thing that a person asked for; what schedules and idleness have
done since then follows from the time, so that it is the same over restarts and on a clock that jumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from checks.catalogue.time_zones import zone_of
from checks.cron import Cron, cron
from twinloop.localazure.jobs.durations import seconds

Doc = dict[str, Any]
RUNNING, STOPPED = "Running", "Stopped"
SECONDS = {"Create": 0.0, "Start": 0.3, "Stop": 0.2, "Restart": 0.4}  # twin time of each operation
_ON_THE_WAY = {"Start": "Starting", "Stop": "Stopping", "Restart": "Restarting"}
_RESULT = {"Create": RUNNING, "Start": RUNNING, "Restart": RUNNING, "Stop": STOPPED}
_MOST_EVENTS = 2000  # of the past that is gone through: years of a daily schedule


@dataclass(frozen=True, kw_only=True)
class Power:
    """How an instance stands, and by what last."""

    state: str  # as Azure words it
    operation: str  # Create, Start, Stop, Restart
    trigger: str  # User, Schedule, IdleShutdown
    at: datetime  # when that was asked for, or happened
    done: bool = True


@dataclass(frozen=True, kw_only=True)
class Use:
    """What runs on the instance now."""

    busy: bool = False
    idle_since: float | None = None  # seconds since 1970: when the last job ended, if one has


def asked(operation: str, now: datetime) -> Doc:
    """What the document of an instance keeps of an operation that a person asked for."""
    return {"operation": operation, "at": now.timestamp()}


def power(properties: Doc, kept: Doc, now: datetime, use: Use) -> Power:
    """How an instance stands now.

    Args:
        properties: `properties.properties` of the instance.
        kept: of `asked`.
        now: the twin's time.
        use: what runs on it.
    """
    operation = str(kept["operation"])
    begun = datetime.fromtimestamp(kept["at"], UTC)
    settled = begun + timedelta(seconds=SECONDS[operation])
    if now < settled:
        state = _ON_THE_WAY.get(operation, RUNNING)
        return Power(state=state, operation=operation, trigger="User", at=begun, done=False)
    stands = Power(state=_RESULT[operation], operation=operation, trigger="User", at=begun)
    moment = settled
    stops, starts = list(crons(properties, "Stop")), list(crons(properties, "Start"))
    for _ in range(_MOST_EVENTS):
        event = (
            _next_stop(properties, stops, moment, now, use)
            if stands.state == RUNNING
            else _earliest(((one.after(moment), "Schedule") for one in starts), "Start")
        )
        if event is None or event.at > now:
            break
        stands, moment = event, event.at
    return stands


def crons(properties: Doc, action: str) -> Iterator[Cron]:
    """The enabled schedules of an instance that start or stop it."""
    for entry in schedules_of(properties):
        if entry.get("status", "Enabled") == "Enabled" and entry.get("action") == action:
            when = entry.get("cron") or {}
            yield cron(str(when.get("expression")), zone_of(str(when.get("timeZone") or "UTC")))


def schedules_of(properties: Doc) -> list[Doc]:
    """The start and stop schedules of an instance."""
    return list((properties.get("schedules") or {}).get("computeStartStop") or [])


def _next_stop(properties: Doc, stops: list[Cron], moment: datetime, now: datetime, use: Use) -> Power | None:
    found = [(one.after(moment), "Schedule") for one in stops]
    idle = properties.get("idleTimeBeforeShutdown")
    if idle and not use.busy:
        last = datetime.fromtimestamp(use.idle_since, UTC) if use.idle_since else moment
        found.append((max(moment, min(last, now)) + timedelta(seconds=seconds(str(idle))), "IdleShutdown"))
    return _earliest(found, "Stop")


def _earliest(found: Any, operation: str) -> Power | None:
    times = [(at, trigger) for at, trigger in found if at is not None]
    if not times:
        return None
    at, trigger = min(times)
    return Power(state=_RESULT[operation], operation=operation, trigger=trigger, at=at)
