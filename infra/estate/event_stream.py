"""A stream of events: an Event Hubs namespace without keys, captured into the landing zone of the lake."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import eventhub

from infra.estate.sources import Place
from infra.naming import Names
from infra.sections.sources import Stream

ARCHIVE = "{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}"


class EventStream(pulumi.ComponentResource):
    """A namespace of Event Hubs, and a hub that is captured by the namespace's identity."""

    namespace_id: pulumi.Output[str]
    hub: pulumi.Resource

    def __init__(
        self,
        name: str,
        place: Place,
        settings: Stream,
        *,
        identity_id: pulumi.Input[str],
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("twinloop:infra:EventStream", name, None, opts)
        namespace = eventhub.Namespace(
            f"{name}-namespace",
            namespace_name=place.names.physical("stream"),
            resource_group_name=place.resource_group,
            location=place.location,
            sku=eventhub.SkuArgs(name="Standard", tier="Standard", capacity=settings.throughput_units),
            identity=eventhub.IdentityArgs(
                type=eventhub.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity_id]
            ),
            is_auto_inflate_enabled=settings.max_throughput_units is not None,
            maximum_throughput_units=settings.max_throughput_units,
            disable_local_auth=True,
            minimum_tls_version="1.2",
            public_network_access="Disabled",
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.protect, depends_on=after),
        )
        self.hub = eventhub.EventHub(
            f"{name}-hub",
            event_hub_name=settings.hub,
            namespace_name=namespace.name,
            resource_group_name=place.resource_group,
            partition_count=settings.partitions,
            message_retention_in_days=settings.retention_days,
            capture_description=_capture(place.names, settings, identity_id),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.namespace_id = namespace.id
        self.register_outputs({"namespace_id": self.namespace_id})


def _capture(
    names: Names, settings: Stream, identity_id: pulumi.Input[str]
) -> eventhub.CaptureDescriptionArgs:
    return eventhub.CaptureDescriptionArgs(
        enabled=True,
        encoding=eventhub.EncodingCaptureDescription.AVRO,
        interval_in_seconds=settings.capture_minutes * 60,
        size_limit_in_bytes=settings.capture_mb * 1024 * 1024,
        skip_empty_archives=True,
        destination=eventhub.DestinationArgs(
            name="EventHubArchive.AzureBlockBlob",
            storage_account_resource_id=names.lake_id,
            blob_container="landing",
            archive_name_format=ARCHIVE,
            identity=eventhub.CaptureIdentityArgs(
                type=eventhub.CaptureIdentityType.USER_ASSIGNED, user_assigned_identity=identity_id
            ),
        ),
    )
