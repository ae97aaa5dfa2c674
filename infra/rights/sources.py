"""Grants of the data sources beside the lake, and of the feature store.

Those of the store after Microsoft's "Manage access control for managed feature store".
"""

from __future__ import annotations

from infra.rights.table import Grant, Role, in_force, row
from infra.settings import EnvironmentSettings

# Before the hub is made: Event Hubs checks that its identity may write.
CAPTURE = (row("capture", Role.BLOB_CONTRIBUTOR, "lake-landing", "writes events into the landing zone"),)
STREAM = (
    row("training", Role.EVENT_HUBS_RECEIVER, "stream", "jobs read what has just come in"),
    row("ml-engineers", Role.EVENT_HUBS_RECEIVER, "stream", "look at events while they build", "develop"),
)
SPARK = (
    row("spark", Role.BLOB_READER, "lake-landing", "Spark prepares data from what came in"),
    row("spark", Role.BLOB_CONTRIBUTOR, "lake-curated", "Spark writes curated data, and nobody's jobs do"),
)
FEATURES = (
    row("workspace", Role.CONTRIBUTOR, "feature-store", "the service manages what is in the store by it"),
    row("materialisation", Role.AML_DATA_SCIENTIST, "feature-store", "materialisation jobs run in the store"),
    row("materialisation", Role.BLOB_CONTRIBUTOR, "offline-store", "writes materialised features"),
    row("materialisation", Role.BLOB_READER, "lake-curated", "reads what features are made of"),
    row("training", Role.AML_DATA_SCIENTIST, "feature-store", "jobs look feature sets up"),
    row("training", Role.BLOB_READER, "offline-store", "jobs train on materialised features"),
    row(
        "data-scientists", Role.AML_DATA_SCIENTIST, "feature-store", "define and use feature sets", "develop"
    ),
    row("data-scientists", Role.BLOB_READER, "offline-store", "explore features", "develop"),
    row("ml-engineers", Role.AML_DATA_SCIENTIST, "feature-store", "define and use feature sets", "develop"),
    row("ml-engineers", Role.BLOB_READER, "offline-store", "explore features", "develop"),
)


def stream_rows(settings: EnvironmentSettings) -> tuple[Grant, ...]:
    """Who reads and writes the stream."""
    stream = settings.sources.stream if settings.sources else None
    senders = tuple(
        row(f"sender-{one.name}", Role.EVENT_HUBS_SENDER, "stream", "sends its events, and reads none")
        for one in (stream.senders if stream else ())
    )
    return (*in_force(STREAM, settings.access.people_may), *senders)


def source_roles(settings: EnvironmentSettings) -> set[Role]:
    """Every role that sources and a feature store assign: who deploys them may assign those."""
    sources = settings.sources
    rows: tuple[Grant, ...] = FEATURES if settings.feature_store else ()
    if sources and sources.stream:
        rows = (*rows, *CAPTURE, *stream_rows(settings))
    if sources and sources.spark:
        rows = (*rows, *SPARK)
    return {grant.role for grant in rows}
