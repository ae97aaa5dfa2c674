"""Grants of the batch clusters' identity: it scores with what was made elsewhere, and makes nothing itself.

Rows after Microsoft's "Set up service authentication" of Azure ML. It is no AzureML Data Scientist, as the
training identity is: a batch deployment neither registers models nor submits jobs.
"""

from __future__ import annotations

from infra.rights.table import Grant, Role

BATCH_IDENTITY = (
    Grant(
        who="batch",
        role=Role.ACR_PULL,
        on="images",
        reason="a node pulls the deployment's image before it scores",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.BLOB_CONTRIBUTOR,
        on="storage",
        reason="batch jobs read the model and write their logs and predictions",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.FILE_CONTRIBUTOR,
        on="storage",
        reason="batch jobs read code from the file store by identity",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.QUEUE_CONTRIBUTOR,
        on="storage",
        reason="nodes take mini-batches from a queue, no keys",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.TABLE_CONTRIBUTOR,
        on="storage",
        reason="nodes keep what is done in a table, no keys",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.BLOB_READER,
        on="lake-landing",
        reason="what is to be scored comes in there",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.BLOB_READER,
        on="lake-curated",
        reason="scoring joins curated data, and cannot change it",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.BLOB_CONTRIBUTOR,
        on="lake-monitoring",
        reason="inputs and predictions are kept where monitors read them",
        when="batch",
    ),
    Grant(
        who="batch",
        role=Role.REGISTRY_READER,
        on="registry",
        reason="deployments use promoted models and environments",
        when="batch",
    ),
)
