"""The cases of trust, guard rails, immutability and exports of costs; the form is in `cases.py`."""

# ruff: noqa: ARG005 - one signature for every case
from __future__ import annotations

from tests.providers.cases import SUBSCRIPTION, Case, in_group

AUDIENCE = "api://AzureADTokenExchange"
DEFINITION = "/providers/Microsoft.Authorization/policyDefinitions/"
PRIVATE, MANAGED = "438c38d2-3772-465a-a9cc-7a6666a275ce", "6ddb1705-c8cf-450e-aa4b-19ad6703c440"

GOVERNANCE = [
    Case(
        "managedidentity:FederatedIdentityCredential",
        lambda scene, tag: in_group(
            scene,
            {
                "resourceName": scene.name("managedidentity:UserAssignedIdentity"),
                "federatedIdentityCredentialResourceName": f"github-{tag}",
                "issuer": "https://token.actions.githubusercontent.com",
                "subject": f"repo:example/{tag}:environment:dev",
                "audiences": [AUDIENCE],
            },
        ),
        {"subject": "repo:example/platform:environment:staging"},
        {"federatedIdentityCredentialResourceName": "github-other"},
        "federatedIdentityCredentialResourceName",
    ),
    Case(
        "authorization:PolicyAssignment",
        lambda scene, tag: {
            "scope": scene.group_id,
            "policyAssignmentName": f"private-{tag}",
            "policyDefinitionId": f"{DEFINITION}{PRIVATE}",
            "displayName": "workspaces are private",
            "parameters": {"effect": {"value": "Audit"}},
        },
        {"displayName": "workspaces answer inside only"},
        {"policyDefinitionId": f"{DEFINITION}{MANAGED}"},
        "policyDefinitionId",
    ),
    Case(
        "storage:BlobContainerImmutabilityPolicy",
        lambda scene, tag: in_group(
            scene,
            {
                "accountName": scene.name("storage:StorageAccount"),
                "containerName": scene.name("storage:BlobContainer"),
                "immutabilityPolicyName": "default",
                "immutabilityPeriodSinceCreationInDays": 30,
            },
        ),
        {"immutabilityPeriodSinceCreationInDays": 60},
    ),
    Case(
        "costmanagement:Export",
        lambda scene, tag: {
            "scope": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{scene.group}",
            "exportName": f"daily-{tag}",
            "definition": {"type": "ActualCost", "timeframe": "MonthToDate"},
            "deliveryInfo": {
                "destination": {
                    "resourceId": scene.id("storage:StorageAccount"),
                    "container": "costs",
                    "rootFolderPath": "group",
                }
            },
            "schedule": {
                "recurrence": "Daily",
                "recurrencePeriod": {"from": "2026-12-01T00:00:00Z", "to": "2036-12-01T00:00:00Z"},
                "status": "Active",
            },
        },
        {"schedule": {"status": "Inactive"}},
        {"exportName": "other-costs"},
        "exportName",
    ),
]
