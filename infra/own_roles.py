"""Roles of our own: what each may do and is called, and its GUID, which all stacks compute offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from infra.naming import Names
from infra.rights.table import Role


@dataclass(frozen=True, kw_only=True)
class OwnRole:
    """One role: what it is about, and what it may do."""

    about: Literal["registry", "resource_group", "workspace"]
    """A word of the naming table: the role's name and GUID are made of that thing's."""
    description: str
    actions: tuple[str, ...]


_ML = "Microsoft.MachineLearningServices/workspaces"
OWN_ROLES = {
    # Read what is in a registry, and nothing else; built-in roles either read everything or also write.
    Role.REGISTRY_READER: OwnRole(
        about="registry",
        description="Read the registry and its models, components and environments",
        actions=(
            "Microsoft.MachineLearningServices/registries/read",
            "Microsoft.MachineLearningServices/registries/assets/read",
        ),
    ),
    # Link networks to zones, let private endpoints write their own records (join), and nothing else: the
    # built-in Private DNS Zone Contributor also writes any record and deletes zones, so that the identity of
    # dev's CI could point the names of prod elsewhere.
    Role.DNS_LINKER: OwnRole(
        about="resource_group",
        description="Link virtual networks to private DNS zones, and change nothing else of a zone",
        actions=(
            "Microsoft.Network/privateDnsZones/read",
            "Microsoft.Network/privateDnsZones/join/action",
            "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read",
            "Microsoft.Network/privateDnsZones/virtualNetworkLinks/write",
            "Microsoft.Network/privateDnsZones/virtualNetworkLinks/delete",
            "Microsoft.Network/privateDnsOperationResults/read",
            "Microsoft.Network/privateDnsOperationStatuses/read",
        ),
    ),
    # Both sides of a peering with the shared network, and nothing else: the built-in Network Contributor also
    # deletes the network that every environment meets.
    Role.NETWORK_PEERER: OwnRole(
        about="resource_group",
        description="Peer virtual networks with a network, and change nothing else of it",
        actions=(
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/peer/action",
            "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/read",
            "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
            "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
            "Microsoft.Network/locations/operations/read",
            "Microsoft.Network/locations/operationResults/read",
        ),
    ),
    # Submit a job of registered components, and look at it: AzureML Data Scientist also deletes endpoints.
    # Source: Microsoft, "Manage access to Azure Machine Learning workspaces": the sample role MLOps, and what
    # "submitting any type of run (V2)" needs, less what uploads code and builds environments: the component
    # is registered, with its environment. Inferred: that Azure asks for no more was not tried.
    Role.RETRAIN_SUBMITTER: OwnRole(
        about="workspace",
        description="Submit jobs of registered components in the workspace, and look at them",
        actions=(
            f"{_ML}/read",
            f"{_ML}/computes/read",
            f"{_ML}/datastores/read",
            f"{_ML}/components/read",
            f"{_ML}/components/versions/read",
            f"{_ML}/environments/read",
            f"{_ML}/environments/versions/read",
            f"{_ML}/experiments/read",
            f"{_ML}/experiments/write",
            f"{_ML}/experiments/runs/read",
            f"{_ML}/experiments/runs/write",
            f"{_ML}/experiments/runs/submit/action",
            f"{_ML}/jobs/read",
            f"{_ML}/jobs/write",
        ),
    ),
}
OF_SHARED = (Role.REGISTRY_READER, Role.DNS_LINKER, Role.NETWORK_PEERER)


def word_of(role: Role) -> str:
    """What a role is called in settings and logical names."""
    return role.name.lower().replace("_", "-")


def own_role(word: str) -> Role:
    """The role of a word.

    Raises:
        KeyError: it is none of ours.
    """
    return {word_of(role): role for role in OWN_ROLES}[word]


def made_guid(names: Names, role: Role) -> str:
    """Id of one of these roles as a stack makes it, computed from what the role is about."""
    on = getattr(names, f"{OWN_ROLES[role].about}_id")
    return str(uuid5(NAMESPACE_URL, f"{on}|{role.name}".lower()))


def own_role_guid(names: Names, role: Role) -> str:
    """Id of one of these roles: the stack's own, or the one that is taken."""
    taken = names.taken.get(f"role/{word_of(role)}")
    return taken.rsplit("/", 1)[-1] if taken else made_guid(names, role)


def own_role_guids(shared: Names) -> dict[Role, str]:
    """Ids of the roles that the shared stack makes or takes."""
    return {role: own_role_guid(shared, role) for role in OF_SHARED}


def own_role_name(names: Names, role: Role) -> str:
    """What one of these roles is called where a stack makes it: unique in the whole tenant."""
    return f"{role.value} ({getattr(names, OWN_ROLES[role].about)})"


def role_definition_id(scope: str, guid: str) -> str:
    """ARM id of a role definition, in the subscription of the scope, as Azure reports it."""
    subscription = "/".join(scope.split("/")[:3])
    return f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
