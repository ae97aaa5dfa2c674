"""One case per resource type: made, changed in place, replaced. Here: from groups to images."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Inputs = dict[str, Any]
SUBSCRIPTION = "5ab50000-0000-4000-8000-000000000001"


@dataclass
class Scene:
    """What a case stands on: a group, and resources by token, made when first asked for."""

    group: str
    tag: str
    make: Callable[..., Any]
    script: Callable[[], Inputs]  # registers an entry script; what a deployment says to use it

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group}"

    def id(self, token: str, **more: Any) -> str:
        """Of the resource of a type; `more`: of another one of it, whose inputs differ by these."""
        return self.make(token, **more).id

    def name(self, token: str) -> str:
        return self.id(token).rsplit("/", 1)[1]


@dataclass(frozen=True)
class Case:
    """One type's life."""

    token: str
    inputs: Callable[[Scene, str], Inputs]  # of the scene and a short unique text
    change: Inputs | Callable[[Scene], Inputs]  # merged over the inputs: an update in place
    replace: Inputs | None = None  # merged over the inputs: a replacement
    replaced_key: str = ""
    gone: bool = True  # whether it is gone after a delete


def in_group(scene: Scene, more: Inputs) -> Inputs:
    return {"resourceGroupName": scene.group, **more}


def _account(scene: Scene, tag: str) -> Inputs:
    return in_group(
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


def merged(inputs: Inputs, change: Inputs) -> Inputs:
    """`change` over `inputs`, objects merged, lists taken whole."""
    result = dict(inputs)
    for key, value in change.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return result


FOUNDATION = [
    Case(
        "resources:ResourceGroup",
        lambda scene, tag: {"resourceGroupName": f"rg-{tag}", "tags": {"environment": "dev"}},
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "managedidentity:UserAssignedIdentity",
        lambda scene, tag: in_group(scene, {"resourceName": f"id-{tag}", "tags": {"purpose": "compute"}}),
        {"tags": {"purpose": "endpoint"}},
        {"location": "northeurope"},
        "location",
    ),
    Case(
        "network:VirtualNetwork",
        lambda scene, tag: in_group(
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
        lambda scene, tag: in_group(
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
        lambda scene, tag: in_group(
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
        "privatedns:PrivateZone",
        lambda scene, tag: in_group(
            scene, {"privateZoneName": f"privatelink.{tag}.example.com", "location": "global"}
        ),
        {"tags": {"environment": "test"}},
        {"privateZoneName": "privatelink.other.example.com"},
        "privateZoneName",
    ),
    Case(
        "privatedns:VirtualNetworkLink",
        lambda scene, tag: in_group(
            scene,
            {
                "privateZoneName": scene.name("privatedns:PrivateZone"),
                "virtualNetworkLinkName": f"link-{tag}",
                "location": "global",
                "registrationEnabled": False,
                "virtualNetwork": {"id": scene.id("network:VirtualNetwork")},
            },
        ),
        {"tags": {"environment": "test"}},
        {"virtualNetworkLinkName": "link-other"},
        "virtualNetworkLinkName",
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
        lambda scene, tag: in_group(
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
        lambda scene, tag: in_group(
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
        lambda scene, tag: in_group(
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
        lambda scene, tag: in_group(
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
        "keyvault:Key",
        lambda scene, tag: in_group(
            scene,
            {
                "vaultName": scene.name("keyvault:Vault"),
                "keyName": f"key-{tag}",
                "properties": {"kty": "RSA", "keySize": 3072},
            },
        ),
        {"tags": {"environment": "test"}},
        {"properties": {"keySize": 4096}},
        "properties",
        gone=False,
    ),
    Case(
        "containerregistry:Registry",
        lambda scene, tag: in_group(
            scene,
            {"registryName": f"cr{tag}", "sku": {"name": "Standard"}, "adminUserEnabled": False},
        ),
        {"tags": {"environment": "test"}},
        {"location": "northeurope"},
        "location",
    ),
]
