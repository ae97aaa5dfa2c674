"""Grants of the batch clusters' identity: it scores with what was made elsewhere, and makes nothing itself.

Rows after Microsoft's "Set up service authentication" of Azure ML. It is no AzureML Data Scientist, as the
training identity is: a batch deployment neither registers models nor submits jobs.
"""

from __future__ import annotations

from infra.rights.table import Role, row

BATCH_IDENTITY = (
    row("batch", Role.ACR_PULL, "images", "a node pulls the deployment's image before it scores", "batch"),
    row(
        "batch",
        Role.BLOB_CONTRIBUTOR,
        "storage",
        "batch jobs read the model and write their logs and predictions",
        "batch",
    ),
    row(
        "batch",
        Role.FILE_CONTRIBUTOR,
        "storage",
        "batch jobs read code from the file store by identity",
        "batch",
    ),
    row("batch", Role.QUEUE_CONTRIBUTOR, "storage", "nodes take mini-batches from a queue, no keys", "batch"),
    row("batch", Role.TABLE_CONTRIBUTOR, "storage", "nodes keep what is done in a table, no keys", "batch"),
    row("batch", Role.BLOB_READER, "lake-landing", "what is to be scored comes in there", "batch"),
    row(
        "batch", Role.BLOB_READER, "lake-curated", "scoring joins curated data, and cannot change it", "batch"
    ),
    row(
        "batch",
        Role.BLOB_CONTRIBUTOR,
        "lake-monitoring",
        "inputs and predictions are kept where monitors read them",
        "batch",
    ),
    row(
        "batch", Role.REGISTRY_READER, "registry", "deployments use promoted models and environments", "batch"
    ),
)
