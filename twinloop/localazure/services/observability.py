"""Log workspaces, application insights, diagnostic settings, budgets: what watches."""

from __future__ import annotations

import uuid
from typing import Any

from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, on_type
from twinloop.localazure.core.twin import Twin

LOG_WORKSPACES = "Microsoft.OperationalInsights/workspaces"
COMPONENTS = "Microsoft.Insights/components"
_MIN_DAYS, _MAX_DAYS = 7, 730
_MAX_NOTICES = 5
_GRAINS = ("Monthly", "Quarterly", "Annually", "BillingMonth", "BillingQuarter", "BillingAnnual")


@on_type(LOG_WORKSPACES)
class LogWorkspaceHooks(ResourceHooks):
    """A log workspace has an id of its own that agents use."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Retention is in range; size and retention are those Azure gives when nothing is said."""
        del old, twin
        properties = body.setdefault("properties", {})
        properties.setdefault("sku", {"name": "PerGB2018"})
        days = properties.setdefault("retentionInDays", 30)
        if not isinstance(days, int) or not _MIN_DAYS <= days <= _MAX_DAYS:
            message = (
                f"{request.arm_id}: properties.retentionInDays: given {days}; allowed: {_MIN_DAYS} to "
                f"{_MAX_DAYS}"
            )
            raise InvalidRequest("InvalidParameter", message)

    def created(self, doc: Doc, twin: Twin) -> None:
        """A new workspace, a new id."""
        del twin
        doc["customerId"] = str(uuid.uuid4())

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Ids and times."""
        del twin, api_version
        return {
            "properties": {
                "customerId": doc["customerId"],
                "createdDate": doc["createdAt"],
                "modifiedDate": doc["changedAt"],
            }
        }


@on_type(COMPONENTS)
class ComponentHooks(ResourceHooks):
    """Application insights: the keys are computed, never stored."""

    def created(self, doc: Doc, twin: Twin) -> None:
        """A new component, a new application id."""
        del twin
        doc["appId"] = str(uuid.uuid4())

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Ids, keys, times."""
        del api_version
        key = str(uuid.uuid5(uuid.UUID(doc["appId"]), "instrumentation"))
        place = doc["body"].get("location", "")
        connection = (
            f"InstrumentationKey={key};IngestionEndpoint=https://{place}-0.in.applicationinsights.azure.com/;"
            f"LiveEndpoint=https://{place}.livediagnostics.monitor.azure.com/;ApplicationId={doc['appId']}"
        )
        return {
            "properties": {
                "ApplicationId": doc["name"],
                "AppId": doc["appId"],
                "Name": doc["name"],
                "CreationDate": doc["createdAt"],
                "TenantId": twin.seed.tenant,
                "InstrumentationKey": key,
                "ConnectionString": connection,
                "provisioningState": "Succeeded",
            }
        }


@on_type("Microsoft.Insights/diagnosticSettings")
class DiagnosticSettingHooks(ResourceHooks):
    """A diagnostic setting sends something somewhere."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """It names a target and at least one category."""
        del old, twin
        properties = body.get("properties") or {}
        targets = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")
        if not any(properties.get(target) for target in targets):
            message = f"{request.arm_id}: name a target: one of {', '.join(targets)}"
            raise InvalidRequest("BadRequest", message)
        if not (properties.get("logs") or properties.get("metrics")):
            raise InvalidRequest(
                "BadRequest", f"{request.arm_id}: give at least one entry of logs or metrics"
            )


@on_type("Microsoft.Consumption/budgets")
class BudgetHooks(ResourceHooks):
    """A budget begins on the first of a month and has at most five notices."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """Amount, grain, begin, notices."""
        del old, twin
        properties = body["properties"]
        where = request.arm_id
        if not isinstance(properties["amount"], int | float) or properties["amount"] <= 0:
            raise InvalidRequest(
                "400", f"{where}: properties.amount: given {properties['amount']!r}; allowed: more than 0"
            )
        if properties["timeGrain"] not in _GRAINS:
            raise InvalidRequest(
                "400",
                f"{where}: properties.timeGrain: given '{properties['timeGrain']}'; allowed: "
                f"{', '.join(_GRAINS)}",
            )
        begin = str(properties["timePeriod"]["startDate"])
        if begin[8:10] != "01":
            message = (
                f"{where}: properties.timePeriod.startDate: given '{begin}'; it must be the first of a "
                "month, e.g. 2026-01-01T00:00:00Z"
            )
            raise InvalidRequest("400", message)
        notices = properties.get("notifications") or {}
        if len(notices) > _MAX_NOTICES:
            raise InvalidRequest(
                "400", f"{where}: properties.notifications: {len(notices)} given; at most {_MAX_NOTICES}"
            )

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Nothing is spent on a twin."""
        del twin, api_version
        spent = {"amount": 0.0, "unit": "USD"}
        return {
            "eTag": f'"{uuid.uuid5(uuid.NAMESPACE_URL, ArmId(doc["id"]).key + str(doc["serial"])).hex[:16]}"',
            "properties": {"currentSpend": spent},
        }
