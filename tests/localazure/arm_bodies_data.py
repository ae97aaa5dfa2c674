"""Bodies of connections, labelling projects and data sources: one of each type, for the table of types."""

from __future__ import annotations

import uuid
from typing import Any


def data(group: str, ids: dict[str, str], here: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """One of each, in an order in which they can be made."""
    n = uuid.uuid4().hex[:8]
    providers = f"{group}/providers"
    hub = f"{providers}/Microsoft.EventHub/namespaces/evhns-{n}"
    synapse = f"{providers}/Microsoft.Synapse/workspaces/syn-{n}"
    server = f"{providers}/Microsoft.DBforPostgreSQL/flexibleServers/psql-{n}"
    account = f"{providers}/Microsoft.DocumentDB/databaseAccounts/cosmos-{n}"
    category = {"labels": {"displayName": "labels", "classes": {"ok": {"displayName": "ok"}}}}
    return [
        (
            f"{ids['workspace']}/connections/git",
            {
                "properties": {
                    "category": "Git",
                    "authType": "None",
                    "target": "https://git.example.com",
                }
            },
        ),
        (
            f"{ids['workspace']}/labelingJobs/parts",
            {
                "properties": {
                    "jobType": "Labeling",
                    "labelingJobMediaProperties": {
                        "mediaType": "Image",
                        "annotationType": "BoundingBox",
                    },
                    "labelCategories": category,
                }
            },
        ),
        (hub, {**here, "sku": {"name": "Standard"}, "properties": {"disableLocalAuth": True}}),
        (f"{hub}/eventhubs/events", {"properties": {"partitionCount": 2, "messageRetentionInDays": 1}}),
        (
            synapse,
            {
                **here,
                "identity": {"type": "SystemAssigned"},
                "properties": {"publicNetworkAccess": "Disabled"},
            },
        ),
        (
            f"{synapse}/bigDataPools/spark",
            {**here, "properties": {"nodeSize": "Small", "nodeSizeFamily": "MemoryOptimized"}},
        ),
        (server, {**here, "properties": {"version": "16"}}),
        (
            f"{server}/administrators/{uuid.uuid4()}",
            {"properties": {"principalName": "engineers", "principalType": "Group"}},
        ),
        (
            account,
            {
                **here,
                "kind": "GlobalDocumentDB",
                "properties": {
                    "databaseAccountOfferType": "Standard",
                    "locations": [{"locationName": "westeurope", "failoverPriority": 0}],
                },
            },
        ),
        (f"{account}/sqlDatabases/features", {"properties": {"resource": {"id": "features"}}}),
        (
            f"{account}/sqlRoleAssignments/{uuid.uuid4()}",
            {"properties": {"principalId": str(uuid.uuid4()), "scope": account}},
        ),
    ]
