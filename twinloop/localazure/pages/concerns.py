"""To which concern of a platform a resource type belongs, and what it is called in a word or two."""

from __future__ import annotations

import re

_CONCERNS = {
    "microsoft.resources/resourcegroups": ("Group", "resource group"),
    "microsoft.network/virtualnetworks": ("Network", "virtual network"),
    "microsoft.network/virtualnetworks/subnets": ("Network", "subnet"),
    "microsoft.network/networksecuritygroups": ("Network", "security group"),
    "microsoft.managedidentity/userassignedidentities": ("Identities", "identity"),
    "microsoft.storage/storageaccounts": ("Storage", "storage account"),
    "microsoft.storage/storageaccounts/blobservices": ("Storage", "blob service"),
    "microsoft.storage/storageaccounts/blobservices/containers": ("Storage", "container"),
    "microsoft.storage/storageaccounts/managementpolicies": ("Storage", "lifecycle rules"),
    "microsoft.keyvault/vaults": ("Vault and images", "key vault"),
    "microsoft.containerregistry/registries": ("Vault and images", "image registry"),
    "microsoft.operationalinsights/workspaces": ("Observability", "log workspace"),
    "microsoft.insights/components": ("Observability", "traces"),
    "microsoft.insights/diagnosticsettings": ("Observability", "diagnostics"),
    "microsoft.machinelearningservices/workspaces": ("Machine learning", "ML workspace"),
    "microsoft.machinelearningservices/workspaces/computes": ("Machine learning", "cluster"),
    "microsoft.machinelearningservices/workspaces/datastores": ("Machine learning", "datastore"),
    "microsoft.machinelearningservices/workspaces/outboundrules": ("Machine learning", "outbound rule"),
    "microsoft.machinelearningservices/registries": ("Machine learning", "ML registry"),
    "microsoft.authorization/roleassignments": ("Access", "grant"),
    "microsoft.authorization/roledefinitions": ("Access", "role"),
    "microsoft.authorization/locks": ("Locks and spending", "lock"),
    "microsoft.consumption/budgets": ("Locks and spending", "budget"),
}
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def concern(arm_type: str) -> str:
    """The heading under which a type stands; its namespace where the table does not know it."""
    known = _CONCERNS.get(arm_type.lower())
    return known[0] if known else arm_type.partition("/")[0].removeprefix("Microsoft.")


def called(arm_type: str) -> str:
    """A type in a word or two."""
    known = _CONCERNS.get(arm_type.lower())
    return known[1] if known else _WORD.sub(" ", arm_type.rpartition("/")[2]).lower()
