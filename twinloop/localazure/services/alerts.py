"""Action groups, alerts on metrics and autoscale settings: checked as Azure does; nothing fires here."""

from __future__ import annotations

import re
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type
from twinloop.localazure.core.twin import Twin

_SHORT = 12
_SEVERITIES = range(5)
# Microsoft, "Metric Alerts - Create Or Update": how often and over how long a rule looks.
_FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
_WINDOWS = (*_FREQUENCIES, "PT6H", "PT12H", "P1D", "PT24H")
_PROFILES, _RULES = 20, 10
_RECEIVERS = re.compile(r"\w+Receivers")


@on_type("Microsoft.Insights/actionGroups")
class ActionGroupHooks(ResourceHooks):
    """An address list: a short name that fits, and each receiver's name once."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The short name is short; no two receivers have one name."""
        del old, twin
        properties = body["properties"]
        short = str(properties["groupShortName"])
        if not 1 <= len(short) <= _SHORT:
            raise InvalidRequest(
                "BadRequest",
                f"{request.arm_id}: properties.groupShortName: given '{short}'; allowed: 1 to {_SHORT} "
                "characters",
            )
        seen: set[str] = set()
        for key, receivers in properties.items():
            for one in receivers if _RECEIVERS.fullmatch(key) and isinstance(receivers, list) else ():
                name = str(one.get("name", "")).lower()
                if name in seen:
                    raise InvalidRequest(
                        "BadRequest",
                        f"{request.arm_id}: properties.{key}: the name '{name}' is given twice; "
                        "allowed: each once",
                    )
                seen.add(name)


@on_type("Microsoft.Insights/metricAlerts")
class MetricAlertHooks(ResourceHooks):
    """A rule over a metric; this twin has no metrics of Azure Monitor, so that no rule ever fires."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Severity, frequency and window are Azure's, and the window is no shorter than the frequency."""
        del old, twin
        properties = body["properties"]
        where = f"{request.arm_id}: properties"
        if properties["severity"] not in _SEVERITIES:
            raise InvalidRequest(
                "BadRequest", f"{where}.severity: given {properties['severity']!r}; allowed: 0 to 4"
            )
        every, window = properties["evaluationFrequency"], properties["windowSize"]
        if every not in _FREQUENCIES or window not in _WINDOWS:
            raise InvalidRequest(
                "BadRequest",
                f"{where}: given evaluationFrequency '{every}' and windowSize '{window}'; allowed: "
                f"{', '.join(_FREQUENCIES)}, and for the window also {', '.join(_WINDOWS[5:])}",
            )
        if _WINDOWS.index(window) < _WINDOWS.index(every):
            raise InvalidRequest(
                "BadRequest", f"{where}.windowSize: '{window}' is shorter than the frequency '{every}'"
            )
        if not (properties.get("criteria") or {}).get("allOf"):
            raise InvalidRequest("BadRequest", f"{where}.criteria.allOf: at least one criterion")

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Rules of today are not migrated ones."""
        del doc, twin, api_version
        return {"properties": {"isMigrated": False}}


@on_type("Microsoft.Insights/autoscalesettings")
class AutoscaleHooks(ResourceHooks):
    """Bounds and rules of something that scales; its target exists (see the catalogue's references)."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """At most so many profiles and rules; the least is no more than the most."""
        del old, twin
        profiles = body["properties"].get("profiles") or []
        where = f"{request.arm_id}: properties.profiles"
        if not 1 <= len(profiles) <= _PROFILES:
            raise InvalidRequest("BadRequest", f"{where}: {len(profiles)} given; allowed: 1 to {_PROFILES}")
        for index, profile in enumerate(profiles):
            if len(profile.get("rules") or ()) > _RULES:
                raise InvalidRequest("BadRequest", f"{where}[{index}].rules: at most {_RULES}")
            _check_capacity(profile.get("capacity") or {}, f"{where}[{index}].capacity")


def _check_capacity(capacity: dict[str, Any], where: str) -> None:
    try:
        least, most, default = (int(capacity[key]) for key in ("minimum", "maximum", "default"))
    except (KeyError, TypeError, ValueError):
        message = f"{where}: given {capacity}; allowed: minimum, maximum and default, each a whole number"
        raise InvalidRequest("BadRequest", message) from None
    if not least <= default <= most:
        message = f"{where}: given minimum {least}, default {default}, maximum {most}; allowed: in this order"
        raise InvalidRequest("BadRequest", message)
