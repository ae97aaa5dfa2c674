"""Private link scopes of Azure Monitor: Microsoft.Insights/privateLinkScopes.

Rules and limits: Microsoft, "Design your Azure Monitor private link setup". Codes are the twin's own.
"""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type
from twinloop.localazure.core.twin import Twin

SCOPES = "Microsoft.Insights/privateLinkScopes"
MEMBERS = f"{SCOPES}/scopedResources"
_TYPES = (
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Insights/components",
    "Microsoft.Insights/dataCollectionEndpoints",
)
_MOST = 5  # scopes that a resource can be in


@on_type(SCOPES)
class ScopeHooks(ResourceHooks):
    """A scope is of no region."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Its location is `global`; that both access modes are given, its schema holds."""
        del old, twin
        if str(body.get("location", "")).lower() != "global":
            message = f"{request.arm_id}: location: given '{body.get('location')}'; allowed: global"
            raise InvalidRequest("LocationNotAvailableForResourceType", message)


@on_type(MEMBERS)
class MemberHooks(ResourceHooks):
    """What is in a scope: logs, traces, and endpoints that collect."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The type can be, and is not in too many scopes."""
        del old
        linked = ArmId(body["properties"]["linkedResourceId"])
        if linked.type.lower() not in {one.lower() for one in _TYPES}:
            message = f"{request.arm_id}: '{linked}' cannot be in a scope; allowed: {', '.join(_TYPES)}"
            raise InvalidRequest("InvalidLinkedResource", message)
        others = [
            doc["id"]
            for _, doc in twin.store.list(kind_of(MEMBERS))
            if ArmId(doc["body"]["properties"]["linkedResourceId"]) == linked
            and ArmId(doc["id"]) != request.arm_id
        ]
        if len(others) >= _MOST:
            message = f"'{linked}' is in {_MOST} scopes already, the most there can be: {', '.join(others)}"
            raise InvalidRequest("TooManyPrivateLinkScopes", message)
