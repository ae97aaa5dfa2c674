"""The cases of connections, labelling projects and data sources; the form is in `cases.py`."""

from __future__ import annotations

import uuid

from tests.providers.cases import Case, Inputs, Scene, in_group

TENANT = "7a1e0000-0000-4000-8000-00000000aaaa"
READER, WRITER = (f"00000000-0000-0000-0000-{n:012}" for n in (1, 2))
WORKSPACE = "machinelearningservices:Workspace"


def _in_workspace(scene: Scene, more: Inputs) -> Inputs:
    return in_group(scene, {"workspaceName": scene.name(WORKSPACE), **more})


def _identity(scene: Scene) -> Inputs:
    return {
        "type": "UserAssigned",
        "userAssignedIdentities": [scene.id("managedidentity:UserAssignedIdentity")],
    }


def _project(task: str) -> Inputs:
    return {
        "jobType": "Labeling",
        "displayName": "parts",
        "experimentName": "Default",
        "isArchived": False,
        "labelCategories": {
            "labels": {
                "displayName": "labels",
                "multiSelect": "Disabled",
                "classes": {"ok": {"displayName": "ok"}},
            }
        },
        "labelingJobMediaProperties": {"mediaType": "Image", "annotationType": task},
    }


def _account(scene: Scene, tag: str) -> Inputs:
    return in_group(
        scene,
        {
            "accountName": f"cosmos-{tag}",
            "kind": "GlobalDocumentDB",
            "databaseAccountOfferType": "Standard",
            "locations": [{"locationName": "westeurope", "failoverPriority": 0}],
            "disableLocalAuth": True,
            "publicNetworkAccess": "Disabled",
            "tags": {"environment": "dev"},
        },
    )


def _in_account(scene: Scene, more: Inputs) -> Inputs:
    return in_group(scene, {"accountName": scene.name("cosmosdb:DatabaseAccount"), **more})


DATA = [
    Case(
        "machinelearningservices:WorkspaceConnection",
        lambda scene, tag: _in_workspace(
            scene,
            {
                "connectionName": f"git-{tag}",
                "properties": {
                    "authType": "PAT",
                    "category": "Git",
                    "target": "https://git.example.com/models",
                    "credentials": {"pat": "nobody-sees-it"},
                    "isSharedToAll": True,
                    "metadata": {},
                },
            },
        ),
        {"properties": {"target": "https://git.example.com/pipelines"}},
        {"connectionName": "git-other"},
        "connectionName",
    ),
    Case(
        "machinelearningservices:LabelingJob",
        lambda scene, tag: _in_workspace(
            scene, {"id": f"parts-{tag}", "labelingJobProperties": _project("Classification")}
        ),
        {"labelingJobProperties": {"displayName": "parts of last week"}},
        {"id": "other"},
        "id",
    ),
    Case(
        "eventhub:Namespace",
        lambda scene, tag: in_group(
            scene,
            {
                "namespaceName": f"evhns-{tag}",
                "sku": {"name": "Standard", "tier": "Standard", "capacity": 1},
                "disableLocalAuth": True,
                "minimumTlsVersion": "1.2",
                "publicNetworkAccess": "Disabled",
                "tags": {"environment": "dev"},
            },
        ),
        {"sku": {"capacity": 2}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "eventhub:EventHub",
        lambda scene, tag: in_group(
            scene,
            {
                "namespaceName": scene.name("eventhub:Namespace"),
                "eventHubName": f"events-{tag}",
                "partitionCount": 2,
                "messageRetentionInDays": 1,
            },
        ),
        {"messageRetentionInDays": 3},
        {"eventHubName": "other"},
        "eventHubName",
    ),
    Case(
        "synapse:Workspace",
        lambda scene, tag: in_group(
            scene,
            {
                "workspaceName": f"syn-{tag}",
                "identity": {"type": "SystemAssigned"},
                "azureADOnlyAuthentication": True,
                "managedVirtualNetwork": "default",
                "publicNetworkAccess": "Disabled",
                "defaultDataLakeStorage": {
                    "accountUrl": "https://lake.dfs.core.windows.net",
                    "filesystem": "curated",
                },
                "tags": {"environment": "dev"},
            },
        ),
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "synapse:BigDataPool",
        lambda scene, tag: in_group(
            scene,
            {
                "workspaceName": scene.name("synapse:Workspace"),
                "bigDataPoolName": f"s{tag}"[:15],
                "nodeSize": "Small",
                "nodeSizeFamily": "MemoryOptimized",
                "sparkVersion": "3.4",
                "autoPause": {"enabled": True, "delayInMinutes": 15},
                "autoScale": {"enabled": True, "minNodeCount": 3, "maxNodeCount": 5},
            },
        ),
        {"autoScale": {"maxNodeCount": 8}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "dbforpostgresql:Server",
        lambda scene, tag: in_group(
            scene,
            {
                "serverName": f"psql-{tag}",
                "version": "16",
                "sku": {"name": "Standard_B1ms", "tier": "Burstable"},
                "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled"},
                "network": {"publicNetworkAccess": "Disabled"},
                "storage": {"storageSizeGB": 32},
                "tags": {"environment": "dev"},
            },
        ),
        {"storage": {"storageSizeGB": 64}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "dbforpostgresql:Administrator",
        lambda scene, tag: in_group(
            scene,
            {
                "serverName": scene.name("dbforpostgresql:Server"),
                "objectId": str(uuid.uuid5(uuid.NAMESPACE_URL, tag)),
                "principalName": "ml-engineers",
                "principalType": "Group",
                "tenantId": TENANT,
            },
        ),
        {"principalName": "others"},
        {"objectId": str(uuid.uuid5(uuid.NAMESPACE_URL, "others"))},
        "objectId",
    ),
    Case(
        "cosmosdb:DatabaseAccount",
        _account,
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "cosmosdb:SqlResourceSqlDatabase",
        lambda scene, tag: _in_account(scene, {"databaseName": f"db{tag}", "resource": {"id": f"db{tag}"}}),
        {"tags": {"environment": "test"}},
        {"databaseName": "other", "resource": {"id": "other"}},
        "databaseName",
    ),
    Case(
        "cosmosdb:SqlResourceSqlRoleAssignment",
        lambda scene, tag: _in_account(
            scene,
            {
                "roleAssignmentId": str(uuid.uuid5(uuid.NAMESPACE_DNS, tag)),
                "principalId": str(uuid.uuid5(uuid.NAMESPACE_URL, tag)),
                "roleDefinitionId": f"{scene.id('cosmosdb:DatabaseAccount')}/sqlRoleDefinitions/{READER}",
                "scope": scene.id("cosmosdb:DatabaseAccount"),
            },
        ),
        lambda scene: {
            "roleDefinitionId": f"{scene.id('cosmosdb:DatabaseAccount')}/sqlRoleDefinitions/{WRITER}"
        },
        {"principalId": str(uuid.uuid5(uuid.NAMESPACE_URL, "other"))},
        "principalId",
    ),
]
