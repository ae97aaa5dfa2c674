"""The cases of logs, Azure ML, access and budgets; the form is in `cases.py`."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

import uuid

from tests.providers.cases import FOUNDATION, SUBSCRIPTION, Case, Inputs, Scene, in_group
from tests.providers.cases_data import DATA
from tests.providers.cases_governance import GOVERNANCE
from tests.providers.cases_kubernetes import KUBERNETES
from tests.providers.cases_network import NETWORKING
from tests.providers.cases_serving import SERVING

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
DATA_SCIENTISTS = "96000000-0000-4000-8000-000000000001"
ML_ENGINEERS = "96000000-0000-4000-8000-000000000002"


def _workspace(scene: Scene, tag: str) -> Inputs:
    identity = scene.id("managedidentity:UserAssignedIdentity")
    return in_group(
        scene,
        {
            "workspaceName": f"mlw-{tag}",
            "sku": {"name": "Basic", "tier": "Basic"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [identity]},
            "primaryUserAssignedIdentity": identity,
            "storageAccount": scene.id("storage:StorageAccount"),
            "keyVault": scene.id("keyvault:Vault"),
            "applicationInsights": scene.id("applicationinsights:Component"),
            "systemDatastoresAuthMode": "Identity",
            "publicNetworkAccess": "Enabled",
            "v1LegacyMode": False,
            "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
            "friendlyName": "workspace",
            "tags": {"environment": "dev"},
        },
    )


def _in_workspace(scene: Scene, more: Inputs) -> Inputs:
    return in_group(scene, {"workspaceName": scene.name("machinelearningservices:Workspace"), **more})


def _compute(scene: Scene, tag: str) -> Inputs:
    return _in_workspace(
        scene,
        {
            "computeName": f"c{tag}",
            "identity": {
                "type": "UserAssigned",
                "userAssignedIdentities": [scene.id("managedidentity:UserAssignedIdentity")],
            },
            "properties": {
                "computeType": "AmlCompute",
                "disableLocalAuth": True,
                "properties": {
                    "vmSize": "Standard_DS3_v2",
                    "vmPriority": "Dedicated",
                    "osType": "Linux",
                    "enableNodePublicIp": True,
                    "remoteLoginPortPublicAccess": "Disabled",
                    "scaleSettings": {
                        "minNodeCount": 0,
                        "maxNodeCount": 2,
                        "nodeIdleTimeBeforeScaleDown": "PT120S",
                    },
                },
            },
        },
    )


PLATFORM = [
    Case(
        "operationalinsights:Workspace",
        lambda scene, tag: in_group(
            scene,
            {
                "workspaceName": f"log-{tag}",
                "sku": {"name": "PerGB2018"},
                "retentionInDays": 30,
                "workspaceCapping": {"dailyQuotaGb": 1.5},
            },
        ),
        {"retentionInDays": 60},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "applicationinsights:Component",
        lambda scene, tag: in_group(
            scene,
            {
                "resourceName": f"appi-{tag}",
                "kind": "web",
                "applicationType": "web",
                "workspaceResourceId": scene.id("operationalinsights:Workspace"),
                "disableLocalAuth": True,
            },
        ),
        {"samplingPercentage": 50},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "monitor:DiagnosticSetting",
        lambda scene, tag: {
            "resourceUri": scene.id("keyvault:Vault"),
            "name": f"diag-{tag}",
            "workspaceId": scene.id("operationalinsights:Workspace"),
            "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        },
        {"logs": [{"categoryGroup": "audit", "enabled": True}]},
        {"name": "diag-other"},
        "name",
    ),
    Case(
        "machinelearningservices:Workspace",
        _workspace,
        {"friendlyName": "renamed", "tags": {"environment": "test"}},
        {"hbiWorkspace": True},
        "hbiWorkspace",
    ),
    Case(
        "machinelearningservices:Compute",
        _compute,
        {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 3}}}},
        {"properties": {"properties": {"vmSize": "Standard_D4ds_v4"}}},
        "properties",
    ),
    Case(
        "machinelearningservices:Datastore",
        lambda scene, tag: _in_workspace(
            scene,
            {
                "name": f"ds_{tag}",
                "properties": {
                    "datastoreType": "AzureBlob",
                    "accountName": scene.name("storage:StorageAccount"),
                    "containerName": scene.name("storage:BlobContainer"),
                    "credentials": {"credentialsType": "None"},
                    "serviceDataAccessAuthIdentity": "WorkspaceUserAssignedIdentity",
                },
            },
        ),
        {"properties": {"description": "curated zone"}},
        {"name": "other"},
        "name",
    ),
    Case(
        "machinelearningservices:ManagedNetworkSettingsRule",
        lambda scene, tag: _in_workspace(
            scene,
            {
                "ruleName": f"rule-{tag}",
                "properties": {
                    "type": "FQDN",
                    "destination": "models.example.org",
                    "category": "UserDefined",
                },
            },
        ),
        {"properties": {"destination": "data.example.org"}},
        {
            "properties": {
                "type": "ServiceTag",
                "destination": {"serviceTag": "AzureMonitor", "protocol": "TCP", "portRanges": "443"},
            }
        },
        "properties",
    ),
    Case(
        "machinelearningservices:Registry",
        lambda scene, tag: in_group(
            scene,
            {
                "registryName": f"mlr-{tag}",
                "identity": {"type": "SystemAssigned"},
                "publicNetworkAccess": "Enabled",
                "regionDetails": [
                    {
                        "location": "westeurope",
                        "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
                        "storageAccountDetails": [
                            {
                                "systemCreatedStorageAccount": {
                                    "storageAccountType": "Standard_LRS",
                                    "storageAccountHnsEnabled": False,
                                }
                            }
                        ],
                    }
                ],
            },
        ),
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "authorization:RoleAssignment",
        lambda scene, tag: {
            "scope": scene.id("storage:StorageAccount"),
            "roleAssignmentName": str(uuid.uuid5(uuid.NAMESPACE_URL, tag)),
            "principalId": DATA_SCIENTISTS,
            "principalType": "Group",
            "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/"
            f"roleDefinitions/{READER}",
            "description": "sees the account",
        },
        {"description": "sees the account's settings"},
        {"principalId": ML_ENGINEERS},
        "principalId",
    ),
    Case(
        "authorization:RoleDefinition",
        lambda scene, tag: {
            "scope": f"/subscriptions/{SUBSCRIPTION}",
            "roleDefinitionId": str(uuid.uuid5(uuid.NAMESPACE_DNS, tag)),
            "roleName": f"Job submitter {tag}",
            "roleType": "CustomRole",
            "description": "submits jobs",
            "permissions": [
                {
                    "actions": ["Microsoft.MachineLearningServices/workspaces/jobs/*"],
                    "notActions": [],
                }
            ],
            "assignableScopes": [f"/subscriptions/{SUBSCRIPTION}"],
        },
        {"description": "submits and reads jobs"},
        {"scope": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other"},
        "scope",
    ),
    Case(
        "authorization:ManagementLockByScope",
        lambda scene, tag: {
            "scope": scene.id("managedidentity:UserAssignedIdentity"),
            "lockName": f"keep-{tag}",
            "level": "CanNotDelete",
            "notes": "in use",
        },
        {"notes": "in use by jobs"},
        {"lockName": "keep-other"},
        "lockName",
    ),
    Case(
        "consumption:Budget",
        lambda scene, tag: {
            "scope": scene.group_id,
            "budgetName": f"monthly-{tag}",
            "amount": 100,
            "category": "Cost",
            "timeGrain": "Monthly",
            "timePeriod": {"startDate": "2026-11-01T00:00:00Z"},
            "notifications": {
                "half": {
                    "enabled": True,
                    "operator": "GreaterThan",
                    "threshold": 50,
                    "contactEmails": ["ml-platform@example.org"],
                }
            },
        },
        {"amount": 150},
        {"budgetName": "other"},
        "budgetName",
    ),
]

CASES = [*FOUNDATION, *NETWORKING, *PLATFORM, *KUBERNETES, *SERVING, *GOVERNANCE, *DATA]
