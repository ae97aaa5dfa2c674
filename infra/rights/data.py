"""Grants on the zones of the lake beyond those of the core table, and of those who label.

Each zone has who writes it and who reads it: landing is written by those who bring data in, curated by jobs
that prepare data, monitoring by what scores. Nobody writes the zone that it reads its own proof from.
"""

from __future__ import annotations

from infra.rights.table import Role, row

ZONES = (
    row(
        "training",
        Role.BLOB_READER,
        "lake-monitoring",
        "retraining compares itself with what production was asked, and answered",
    ),
    row(
        "data-scientists",
        Role.BLOB_READER,
        "lake-monitoring",
        "analyse drift and errors of trials",
        "develop",
    ),
    row(
        "ml-engineers",
        Role.BLOB_READER,
        "lake-landing",
        "see what came in where the jobs that curate it fail",
        "develop",
    ),
    row("ml-engineers", Role.BLOB_READER, "lake-monitoring", "find out why a model has become worse"),
)
LABELLERS = (
    row(
        "labellers",
        Role.DATA_LABELER,
        "workspace",
        "label what projects show them, and see nothing else of the workspace",
        "labelling",
    ),
)
