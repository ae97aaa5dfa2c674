"""The least that the deployer must be allowed, read off the tables of resource types and of grants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from checks.catalogue.resource_types import resource_types
from checks.catalogue.roles import role_named
from checks.permissions import limit_assignable_roles
from infra.own_roles import OWN_ROLES, own_role_guid, own_role_guids
from infra.rights.table import CI, ENVIRONMENT, SHARED, SHARED_CI, Role
from infra.rights.tables import environment_roles
from infra.settings import EnvironmentSettings, Settings
from setup.first_deploy.roles import prepared

ROLE = "Twinloop Deployer"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
_GROUPS = "Microsoft.Resources/resourceGroups"
_GROUP_ACTIONS = "Microsoft.Resources/subscriptions/resourceGroups"  # actions spell this one type differently

# Beyond reading, writing and deleting the types of the table. Sources: the actions of built-in roles
# (checks/catalogue/roles.json); Azure Monitor, "Manage access to Log Analytics workspaces" (reading and
# sharedKeys, to name a workspace as a destination of diagnostics); Microsoft, "Azure permissions for
# Networking" (join and peer).
LINKED = (
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/locations/read",
    "Microsoft.Resources/subscriptions/providers/read",
    "Microsoft.Resources/subscriptions/resources/read",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "Microsoft.Network/virtualNetworks/join/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/networkSecurityGroups/join/action",
    "Microsoft.Network/natGateways/join/action",
    "Microsoft.Network/publicIPAddresses/join/action",
    "Microsoft.Network/privateDnsZones/join/action",
    "Microsoft.Network/virtualNetworks/peer/action",
    "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
    "Microsoft.KeyVault/deletedVaults/read",
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
)
# Whoever makes a private endpoint approves it on what it leads to; the built-in role that approves lists how
# each type spells that action.
APPROVER = "Azure AI Enterprise Network Connection Approver"
# What is in a Kubernetes cluster is made by its API server, where roles count by their data actions
# (roles.json, "Azure Kubernetes Service RBAC Cluster Admin").
IN_CLUSTERS = ("Microsoft.ContainerService/managedClusters/*",)


def actions() -> list[str]:
    """Actions of the role: the types of the table, their long-running operations, and what links them."""
    found = {*LINKED, *_approvals(), f"{DEFINITIONS}/read"}
    for row in resource_types().values():
        if row.arm_type in {ASSIGNMENTS, DEFINITIONS}:
            continue  # assigned by a limited role of its own; defined by who may (roles.py)
        base = _GROUP_ACTIONS if row.arm_type == _GROUPS else row.arm_type
        found |= {f"{base}/{verb}" for verb in ("read", "write", "delete")}
        found.add(f"{row.arm_type.partition('/')[0]}/locations/*/read")
    return sorted(found, key=str.lower)


def _approvals() -> set[str]:
    types = {row.arm_type.lower() for row in resource_types().values()}
    ending = "/privateendpointconnectionsapproval/action"
    return {
        action
        for permission in role_named(APPROVER).permissions
        for action in permission.actions
        if action.lower().endswith(ending) and action.lower().removesuffix(ending) in types
    }


def role_guid(subscription: str) -> str:
    """Id of the role definition: the same at every run."""
    return str(uuid5(NAMESPACE_URL, f"/subscriptions/{subscription}|{ROLE}".lower()))


def role_definition(subscription: str) -> dict[str, Any]:
    """Body of the role definition; its name must be its own in the whole tenant."""
    scope = f"/subscriptions/{subscription}"
    return {
        "properties": {
            "roleName": f"{ROLE} ({subscription})",
            "type": "CustomRole",
            "description": "Makes, changes and deletes what the platform declares; assigns no roles",
            "assignableScopes": [scope],
            "permissions": [
                {
                    "actions": actions(),
                    "notActions": [],
                    "dataActions": list(IN_CLUSTERS),
                    "notDataActions": [],
                }
            ],
        }
    }


def assignable(stacks: Iterable[Settings]) -> str:
    """The condition that limits what the deployer may assign to the roles of the table of grants."""
    guids = {
        role_named(grant.role.value).guid
        for grant in (*ENVIRONMENT, *CI, *SHARED, *SHARED_CI)
        if grant.role not in OWN_ROLES
    }
    for settings in stacks:
        shared = settings.shared_names if isinstance(settings, EnvironmentSettings) else settings.names
        guids |= set(own_role_guids(shared).values())
        guids |= {role.guid for role in prepared(settings)}
        if isinstance(settings, EnvironmentSettings):
            guids |= _of_environment(settings)
    return limit_assignable_roles(guids)


def _of_environment(settings: EnvironmentSettings) -> set[str]:
    """Roles that an environment assigns because its settings ask for what needs them."""
    built_in = {role_named(role.value).guid for role in environment_roles(settings) - {*OWN_ROLES}}
    return {*built_in, own_role_guid(settings.names, Role.RETRAIN_SUBMITTER)}
