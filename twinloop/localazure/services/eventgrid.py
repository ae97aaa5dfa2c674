"""Topics of events of Azure's resources, and who gets them. Nothing is delivered here, and answers say so."""

from __future__ import annotations

from typing import Any

from twinloop.localazure.core.errors import Conflict, InvalidRequest
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.resources import Doc, ResourceHooks, kind_of, on_type, resource
from twinloop.localazure.core.twin import Twin

TOPICS = "Microsoft.EventGrid/systemTopics"
SUBSCRIPTIONS = f"{TOPICS}/eventSubscriptions"
QUEUES = "Microsoft.Storage/storageAccounts/queueServices/queues"
WORKSPACES = "microsoft.machinelearningservices.workspaces"
# Microsoft, "Azure Machine Learning as an Event Grid source".
KINDS = ("ModelRegistered", "ModelDeployed", "RunCompleted", "DatasetDriftDetected", "RunStatusChanged")
KIND = "Microsoft.MachineLearningServices.{}"
# ARM type of a source, by what a topic calls it.
SOURCES = {WORKSPACES: "Microsoft.MachineLearningServices/workspaces"}


@on_type(TOPICS)
class TopicHooks(ResourceHooks):
    """One topic per source, of the source's own type."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The type is the source's, and no other topic has this source."""
        properties = body["properties"]
        where, kind = request.arm_id, str(properties["topicType"]).lower()
        source = ArmId(str(properties["source"]))
        wanted = SOURCES.get(kind)
        if wanted is None or source.type.lower() != wanted.lower():
            raise InvalidRequest(
                "InvalidRequest",
                f"{where}: properties.topicType: given '{properties['topicType']}' for a source of type "
                f"'{source.type}'; allowed: Microsoft.MachineLearningServices.Workspaces, for workspaces",
            )
        if old is not None:
            return
        for _, other in twin.store.list(kind_of(TOPICS), ""):
            if ArmId(str(other["body"]["properties"]["source"])).key == source.key:
                raise Conflict(
                    "ResourceConflict",
                    f"{where}: '{source}' has a system topic already, '{other['id']}': one per source",
                )


@on_type(SUBSCRIPTIONS)
class SubscriptionHooks(ResourceHooks):
    """Which events go where."""

    def validate(self, body: dict[str, Any], old: Doc | None, request: Request, twin: Twin) -> None:
        """The kinds of events exist, and so do the identity that delivers and the queue."""
        del old
        properties = body["properties"]
        topic = request.arm_id.parent
        where = f"{request.arm_id}: properties"
        chosen = (properties.get("filter") or {}).get("includedEventTypes") or []
        unknown = [one for one in chosen if one not in {KIND.format(kind) for kind in KINDS}]
        if unknown:
            allowed = ", ".join(KIND.format(kind) for kind in KINDS)
            raise InvalidRequest(
                "InvalidRequest",
                f"{where}.filter.includedEventTypes: given '{unknown[0]}'; allowed: {allowed}",
            )
        delivery = properties.get("deliveryWithResourceIdentity") or {}
        if delivery and topic is not None:
            _check_identity(delivery, resource(twin, topic), where)
        destination = delivery.get("destination") or properties.get("destination")
        if not destination:
            raise InvalidRequest(
                "InvalidRequest", f"{where}: name a destination, by deliveryWithResourceIdentity or without"
            )
        _check_queue(destination, twin, where)

    def render(self, doc: Doc, twin: Twin, api_version: str) -> dict[str, Any]:
        """Whose events."""
        del twin, api_version
        parent = ArmId(doc["id"]).parent
        return {"properties": {"topic": str(parent)}}


def _check_identity(delivery: dict[str, Any], topic: Doc | None, where: str) -> None:
    has = str(((topic or {}).get("body", {}).get("identity") or {}).get("type", "None"))
    wanted = str((delivery.get("identity") or {}).get("type", ""))
    if wanted.lower() not in has.lower():
        raise InvalidRequest(
            "InvalidRequest",
            f"{where}.deliveryWithResourceIdentity.identity.type: given '{wanted}', and the topic's identity "
            f"is '{has}'; give the topic that identity first",
        )


def _check_queue(destination: dict[str, Any], twin: Twin, where: str) -> None:
    if str(destination.get("endpointType", "")).lower() != "storagequeue":
        return
    inner = destination.get("properties") or {}
    queue = ArmId(f"{inner.get('resourceId')}/queueServices/default/queues/{inner.get('queueName')}")
    if resource(twin, queue) is None:
        raise InvalidRequest(
            "InvalidRequest",
            f"{where}: the destination's queue '{inner.get('queueName')}' is not in "
            f"'{inner.get('resourceId')}'",
        )
