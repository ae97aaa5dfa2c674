"""Events of the workspace: kept in a queue, and those of drift in a queue of their own, which is acted on.

The topic delivers by its own system-assigned identity: to an account behind a firewall Event Grid delivers by
no other (Microsoft, "Storage queue as an event handler for Azure Event Grid events"), and a webhook would
carry a secret in its address.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import eventgrid, storage

from infra.naming import Names
from infra.sections.events import Events as EventSettings

TOPIC_TYPE = "Microsoft.MachineLearningServices.Workspaces"
KIND = "Microsoft.MachineLearningServices.{}"
EVENTS, RETRAIN = "ml-events", "ml-retrain"  # queues
# The tag that a monitor's run gets when a bound is broken, and what it says then (Microsoft, "Monitor the
# performance of models deployed to production", section on Event Grid).
BREACHED = "data.RunTags.azureml_modelmonitor_threshold_breached"
VIOLATED = "has failed due to one or more features violating metric thresholds"
DAY = 24 * 60 * 60  # seconds
ATTEMPTS, MINUTES = 30, 1440  # Event Grid's own most


@dataclass(frozen=True, kw_only=True)
class EventsArgs:
    """Whose events, and where they go."""

    resource_group: pulumi.Input[str]
    location: str
    workspace_id: pulumi.Input[str]
    storage: pulumi.Resource
    storage_id: pulumi.Input[str]
    settings: EventSettings
    names: Names
    tags: dict[str, str]


class Events(pulumi.ComponentResource):
    """The topic, and the queues that it fills; who may fill them is said by grants, which come between."""

    queues: dict[str, storage.Queue]
    topic: eventgrid.SystemTopic

    def __init__(self, name: str, args: EventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("twinloop:infra:Events", name, None, opts)
        self._name, self._args = name, args
        wanted = [EVENTS, *([RETRAIN] if args.settings.retrain else [])]
        self.queues = {
            queue: storage.Queue(
                f"{name}-{queue}",
                queue_name=queue,
                account_name=args.names.storage,
                resource_group_name=args.resource_group,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.storage]),
            )
            for queue in wanted
        }
        self.topic = eventgrid.SystemTopic(
            f"{name}-topic",
            system_topic_name=args.names.physical("topic"),
            resource_group_name=args.resource_group,
            location=args.location,
            source=args.workspace_id,
            topic_type=TOPIC_TYPE,
            identity=eventgrid.IdentityInfoArgs(type=eventgrid.IdentityType.SYSTEM_ASSIGNED),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    @property
    def principal_id(self) -> pulumi.Output[str]:
        """Object id of the topic's own identity."""
        return self.topic.identity.apply(_principal)

    def subscribe(self, after: list[pulumi.Resource]) -> None:
        """Deliver, once the topic may write into the queues."""
        settings = self._args.settings
        kinds = eventgrid.EventSubscriptionFilterArgs(
            included_event_types=[KIND.format(kind) for kind in settings.kinds]
        )
        self._subscription("to-events", EVENTS, kinds, after)
        if settings.retrain:
            breaches = eventgrid.EventSubscriptionFilterArgs(
                included_event_types=[KIND.format("RunStatusChanged")],
                advanced_filters=[
                    eventgrid.StringContainsAdvancedFilterArgs(
                        operator_type="StringContains", key=BREACHED, values=[VIOLATED]
                    )
                ],
            )
            self._subscription("to-retrain", RETRAIN, breaches, after)

    def _subscription(
        self,
        word: str,
        queue: str,
        chosen: eventgrid.EventSubscriptionFilterArgs,
        after: list[pulumi.Resource],
    ) -> None:
        args = self._args
        eventgrid.SystemTopicEventSubscription(
            f"{self._name}-{word}",
            event_subscription_name=word,
            system_topic_name=self.topic.name,
            resource_group_name=args.resource_group,
            event_delivery_schema=eventgrid.EventDeliverySchema.EVENT_GRID_SCHEMA,
            filter=chosen,
            delivery_with_resource_identity=eventgrid.DeliveryWithResourceIdentityArgs(
                identity=eventgrid.EventSubscriptionIdentityArgs(
                    type=eventgrid.EventSubscriptionIdentityType.SYSTEM_ASSIGNED
                ),
                destination=eventgrid.StorageQueueEventSubscriptionDestinationArgs(
                    endpoint_type="StorageQueue",
                    resource_id=args.storage_id,
                    queue_name=queue,
                    queue_message_time_to_live_in_seconds=args.settings.keep_days * DAY,
                ),
            ),
            retry_policy=eventgrid.RetryPolicyArgs(
                max_delivery_attempts=ATTEMPTS, event_time_to_live_in_minutes=MINUTES
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.queues[queue], *after]),
        )


def _principal(identity: eventgrid.outputs.IdentityInfoResponse | None) -> str:
    return identity.principal_id or "" if identity else ""
