"""One case per resource type: how it is made, changed in place, and changed so that it must be replaced."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SUBSCRIPTION = "5ab50000-0000-4000-8000-000000000001"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
DATA_SCIENTISTS = "96000000-0000-4000-8000-000000000001"
ML_ENGINEERS = "96000000-0000-4000-8000-000000000002"


@dataclass
class Scene:
    """What a case stands on: a group, and resources by token, made when first asked for."""

    group: str
    tag: str
    make: Callable[[str], Any]

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group}"

    def id(self, token: str) -> str:
        return self.make(token).id

    def name(self, token: str) -> str:
        return self.id(token).rsplit("/", 1)[1]


Inputs = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One type's life."""

    token: str
    inputs: Callable[[Scene, str], Inputs]  # of the scene and a short unique text
    change: Inputs  # merged over the inputs: an update in place
    replace: Inputs | None = None  # merged over the inputs: a replacement
    replaced_key: str = ""
    gone: bool = True  # whether it is gone after a delete


def _group(scene: Scene, more: Inputs) -> Inputs:
    return {"resourceGroupName": scene.group, **more}


def _account(scene: Scene, tag: str) -> Inputs:
    return _group(
        scene,
        {
            "accountName": f"st{tag}",
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS"},
            "isHnsEnabled": False,
            "allowSharedKeyAccess": False,
            "minimumTlsVersion": "TLS1_2",
            "enableHttpsTrafficOnly": True,
            "networkRuleSet": {
                "defaultAction": "Deny",
                "bypass": "AzureServices",
                "ipRules": [{"iPAddressOrRange": "203.0.113.7", "action": "Allow"}],
            },
            "tags": {"environment": "dev"},
        },
    )


def _workspace(scene: Scene, tag: str) -> Inputs:
    identity = scene.id("managedidentity:UserAssignedIdentity")
    return _group(
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
    return _group(scene, {"workspaceName": scene.name("machinelearningservices:Workspace"), **more})


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


def _merged(inputs: Inputs, change: Inputs) -> Inputs:
    """`change` over `inputs`, objects merged, lists taken whole."""
    result = dict(inputs)
    for key, value in change.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return result


merged = _merged

CASES = [
    Case(
        "resources:ResourceGroup",
        lambda scene, tag: {"resourceGroupName": f"rg-{tag}", "tags": {"environment": "dev"}},
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "managedidentity:UserAssignedIdentity",
        lambda scene, tag: _group(scene, {"resourceName": f"id-{tag}", "tags": {"purpose": "compute"}}),
        {"tags": {"purpose": "endpoint"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "network:VirtualNetwork",
        lambda scene, tag: _group(
            scene,
            {
                "virtualNetworkName": f"vnet-{tag}",
                "addressSpace": {"addressPrefixes": ["10.20.0.0/16"]},
                "tags": {"environment": "dev"},
            },
        ),
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "network:NetworkSecurityGroup",
        lambda scene, tag: _group(
            scene,
            {
                "networkSecurityGroupName": f"nsg-{tag}",
                "securityRules": [
                    {
                        "name": "deny-inbound",
                        "priority": 4000,
                        "direction": "Inbound",
                        "access": "Deny",
                        "protocol": "*",
                        "sourceAddressPrefix": "Internet",
                        "sourcePortRange": "*",
                        "destinationAddressPrefix": "*",
                        "destinationPortRange": "*",
                    }
                ],
            },
        ),
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "network:Subnet",
        lambda scene, tag: _group(
            scene,
            {
                "virtualNetworkName": scene.name("network:VirtualNetwork"),
                "subnetName": f"snet-{tag}",
                "addressPrefix": "10.20.1.0/24",
                "networkSecurityGroup": {"id": scene.id("network:NetworkSecurityGroup")},
                "serviceEndpoints": [{"service": "Microsoft.Storage"}],
                "delegations": [
                    {"name": "aml", "serviceName": "Microsoft.MachineLearningServices/workspaces"}
                ],
            },
        ),
        {"privateEndpointNetworkPolicies": "Enabled"},
        {"subnetName": "snet-other"},
        "subnetName",
    ),
    Case(
        "storage:StorageAccount",
        _account,
        {"networkRuleSet": {"ipRules": []}, "tags": {"environment": "test"}},
        {"isHnsEnabled": True},
        "isHnsEnabled",
    ),
    Case(
        "storage:BlobServiceProperties",
        lambda scene, tag: _group(
            scene,
            {
                "accountName": scene.name("storage:StorageAccount"),
                "deleteRetentionPolicy": {"enabled": True, "days": 7},
                "cors": {
                    "corsRules": [
                        {
                            "allowedHeaders": ["*"],
                            "allowedMethods": ["GET", "HEAD"],
                            "allowedOrigins": ["https://ml.azure.com"],
                            "exposedHeaders": ["*"],
                            "maxAgeInSeconds": 1800,
                        }
                    ]
                },
            },
        ),
        {"deleteRetentionPolicy": {"enabled": True, "days": 30}},
        gone=False,
    ),
    Case(
        "storage:BlobContainer",
        lambda scene, tag: _group(
            scene,
            {
                "accountName": scene.name("storage:StorageAccount"),
                "containerName": f"c-{tag}",
                "publicAccess": "None",
                "metadata": {"zone": "curated"},
            },
        ),
        {"metadata": {"zone": "landing"}},
        {"immutableStorageWithVersioning": {"enabled": True}},
        "immutableStorageWithVersioning",
    ),
    Case(
        "storage:ManagementPolicy",
        lambda scene, tag: _group(
            scene,
            {
                "accountName": scene.name("storage:StorageAccount"),
                "policy": {
                    "rules": [
                        {
                            "name": "cool",
                            "enabled": True,
                            "type": "Lifecycle",
                            "definition": {
                                "actions": {
                                    "baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 30}}
                                },
                                "filters": {"blobTypes": ["blockBlob"]},
                            },
                        }
                    ]
                },
            },
        ),
        {
            "policy": {
                "rules": [
                    {
                        "name": "cool",
                        "enabled": True,
                        "type": "Lifecycle",
                        "definition": {
                            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 365}}},
                            "filters": {"blobTypes": ["blockBlob"]},
                        },
                    }
                ]
            }
        },
    ),
    Case(
        "keyvault:Vault",
        lambda scene, tag: _group(
            scene,
            {
                "vaultName": f"kv-{tag}",
                "properties": {
                    "tenantId": "7a1e0000-0000-4000-8000-00000000aaaa",
                    "sku": {"family": "A", "name": "standard"},
                    "enableRbacAuthorization": True,
                    "softDeleteRetentionInDays": 7,
                },
            },
        ),
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "containerregistry:Registry",
        lambda scene, tag: _group(
            scene,
            {"registryName": f"cr{tag}", "sku": {"name": "Standard"}, "adminUserEnabled": False},
        ),
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "operationalinsights:Workspace",
        lambda scene, tag: _group(
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
        lambda scene, tag: _group(
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
                "properties": {"type": "FQDN", "destination": "models.example.org", "category": "UserDefined"},
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
        lambda scene, tag: _group(
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
