"""Planned resources made by hand, for the rules that read plans."""

from __future__ import annotations

from typing import Any

from checks.catalogue.roles import role_named
from checks.plan import Resource

SUBSCRIPTION = "/subscriptions/3f0c7a52-6d1e-4b8a-9c35-71e2d4b8a002"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-mlp-dev"
STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stlake"
CURATED = f"{STORE}/blobServices/default/containers/curated"
LANDING = f"{STORE}/blobServices/default/containers/landing"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw-mlp-dev"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-mlp-dev"
SCIENTISTS = "0d6b1f7a-52c4-4e0b-8f19-6a3c9d2e7b01"
ENGINEERS = "1e7c2a8b-63d5-4f1c-9a2a-7b4dae3f8c02"
PEOPLE = {SCIENTISTS: "data-scientists", ENGINEERS: "ml-engineers"}


def resource(token: str, name: str, arm_id: str = "", **inputs: Any) -> Resource:
    """A resource of dev; `outputs`, `protect`, `parent` and `stack` are its own, the rest are inputs."""
    own = {
        key: inputs.pop(key)
        for key in ("outputs", "protect", "parent", "depends_on", "stack")
        if key in inputs
    }
    stack = own.pop("stack", "dev")
    kind = f"azure-native:{token}"
    urn = f"urn:pulumi:{stack}::twinloop::{kind}::{name}"
    return Resource(stack=stack, urn=urn, type=kind, name=name, id=arm_id, inputs=inputs, **own)


def grant(who: str, role: str, scope: str, name: str = "", **more: Any) -> Resource:
    """A role assignment; a role is named, or given by GUID."""
    guid = role if "-" in role and len(role) == 36 else role_named(role).guid
    label = name or f"{who[:8]}-{guid[:8]}-{scope.rpartition('/')[2]}"
    return resource(
        "authorization:RoleAssignment",
        label,
        f"{scope}/providers/Microsoft.Authorization/roleAssignments/{label}",
        principalId=who,
        principalType="Group" if who in PEOPLE else "ServicePrincipal",
        roleDefinitionId=f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        scope=scope,
        **more,
    )


def identity(purpose: str, principal_id: str) -> Resource:
    """A user-assigned identity, with the id that stands for the one that Azure will make."""
    parent = "urn:pulumi:dev::twinloop::twinloop:infra:Identities::identity"
    return resource(
        "managedidentity:UserAssignedIdentity",
        f"identity-{purpose}",
        f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-mlp-dev-{purpose}",
        parent=parent,
        resourceName=f"id-mlp-dev-{purpose}",
        outputs={"principalId": principal_id},
    )


def custom_role(guid: str, *actions: str, name: str = "Own Reader") -> Resource:
    """A role that a stack declares."""
    return resource(
        "authorization:RoleDefinition",
        name.lower().replace(" ", "-"),
        roleDefinitionId=guid,
        roleName=name,
        permissions=[{"actions": list(actions)}],
    )


def account(name: str = "stlake", **inputs: Any) -> Resource:
    """A storage account."""
    arm_id = STORE.replace("stlake", name)
    return resource("storage:StorageAccount", "lake-account", arm_id, accountName=name, **inputs)
