"""Where data comes from beside the lake: streams, Spark, databases; and a store for features."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from infra.sections.shapes import AS_TEXT, GroupName, Guid, RuleName, Section, example

AutoPause = Annotated[int, Field(ge=5, le=10_080), example(15)]


class Sender(Section):
    """Somebody outside that writes into the stream: a short word, and its service principal's object id."""

    name: RuleName
    object_id: Guid


class Stream(Section):
    """An Event Hubs namespace with one hub, whose events are written into the lake's landing zone.

    Limits: Azure, "Azure Event Hubs quotas and limits" and "Capture events through Azure Event Hubs".
    """

    hub: RuleName
    throughput_units: Annotated[int, Field(ge=1, le=40), example(1)]
    max_throughput_units: Annotated[int, Field(ge=1, le=40), example(4)] | None = (
        None  # grows up to it by itself
    )
    partitions: Annotated[int, Field(ge=1, le=32), example(4)]
    retention_days: Annotated[int, Field(ge=1, le=7), example(1)]
    capture_minutes: Annotated[int, Field(ge=1, le=15), example(5)]
    capture_mb: Annotated[int, Field(ge=10, le=500), example(300)]
    senders: tuple[Sender, ...] = ()

    @model_validator(mode="after")
    def _grows_and_does_not_shrink(self) -> Stream:
        if self.max_throughput_units is not None and self.max_throughput_units <= self.throughput_units:
            raise ValueError(
                "maxThroughputUnits above throughputUnits; or none, and the stream does not grow"
            )
        twice = [name for name, times in Counter(one.name for one in self.senders).items() if times > 1]
        if twice:
            raise ValueError(f"each name of senders once ('{twice[0]}')")
        return self


class Spark(Section):
    """A Synapse workspace with one Spark pool, attached to Azure ML under the name `spark`."""

    node_size: Annotated[Literal["Small", "Medium", "Large"], example("Small")]
    min_nodes: Annotated[int, Field(ge=3, le=200), example(3)]  # Synapse's least for a pool that scales
    max_nodes: Annotated[int, Field(ge=3, le=200), example(5)]
    pause_minutes: AutoPause
    version: Annotated[Literal["3.3", "3.4"], AS_TEXT, example("3.4")]  # as serverless Spark of Azure ML

    @model_validator(mode="after")
    def _most_is_not_below_least(self) -> Spark:
        if self.max_nodes < self.min_nodes:
            raise ValueError("minNodes no larger than maxNodes")
        return self


class Administrators(Section):
    """The Entra group that administers a database: its name is the name of its role there."""

    name: GroupName
    object_id: Guid


class Relational(Section):
    """A PostgreSQL flexible server; nobody has a password, principals of Entra sign in."""

    version: Annotated[Literal["15", "16", "17"], AS_TEXT, example("16")]
    sku: Annotated[str, Field(pattern=r"^Standard_[A-Za-z0-9_]+$"), example("Standard_B1ms")]
    tier: Annotated[Literal["Burstable", "GeneralPurpose", "MemoryOptimized"], example("Burstable")]
    storage_gb: Annotated[int, Field(ge=32, le=32_767), example(32)]
    backup_days: Annotated[int, Field(ge=7, le=35), example(7)]
    zone_redundant: bool = False
    administrators: Administrators

    @model_validator(mode="after")
    def _redundancy_needs_a_tier_that_has_it(self) -> Relational:
        if self.zone_redundant and self.tier == "Burstable":
            raise ValueError("zoneRedundant with tier GeneralPurpose or MemoryOptimized only")
        return self


class Documents(Section):
    """A Cosmos DB account for NoSQL, without keys; it costs by request (serverless)."""

    databases: Annotated[tuple[RuleName, ...], Field(min_length=1), example('["features"]')]
    zone_redundant: bool = False

    @model_validator(mode="after")
    def _each_database_once(self) -> Documents:
        if len(set(self.databases)) < len(self.databases):
            raise ValueError("each name of databases once")
        return self


class Sources(Section):
    """Sources of data beside the lake; each that is given is made."""

    stream: Stream | None = None
    spark: Spark | None = None
    relational: Relational | None = None
    documents: Documents | None = None

    @model_validator(mode="after")
    def _at_least_one(self) -> Sources:
        if not any((self.stream, self.spark, self.relational, self.documents)):
            raise ValueError("at least one of stream, spark, relational, documents; or no sources at all")
        return self


class FeatureStore(Section):
    """A feature store: a workspace of its own for features, with its offline store in the lake."""

    spark_version: Annotated[Literal["3.3", "3.4"], AS_TEXT, example("3.4")]
