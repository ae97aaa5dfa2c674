"""GUIDs of the roles of our own: computed, so that all stacks know them offline, or those of roles taken."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from infra.naming import Names
from infra.rights.table import Role


def word_of(role: Role) -> str:
    """What a role is called in settings and logical names."""
    return role.name.lower().replace("_", "-")


def made_guid(names: Names, word: str) -> str:
    """Id of one of these roles as a stack makes it, computed from what the role is about."""
    on = {
        "registry-reader": lambda: names.registry_id,
        "retrain-submitter": lambda: names.workspace_id,
    }.get(word, lambda: names.resource_group_id)()
    return str(uuid5(NAMESPACE_URL, f"{on}|{word.upper().replace('-', '_')}".lower()))


def _guid(names: Names, role: Role) -> str:
    taken = names.taken.get(f"role/{word_of(role)}")
    return taken.rsplit("/", 1)[-1] if taken else made_guid(names, word_of(role))


def dns_linker_guid(shared: Names) -> str:
    """Id of the zones' own role, computed from where the zones are."""
    return _guid(shared, Role.DNS_LINKER)


def network_peerer_guid(shared: Names) -> str:
    """Id of the network's own role, computed from where the network is."""
    return _guid(shared, Role.NETWORK_PEERER)


def registry_reader_guid(shared: Names) -> str:
    """Id of the registry's own role, computed from where the registry is."""
    return _guid(shared, Role.REGISTRY_READER)


def submitter_guid(names: Names) -> str:
    """Id of the role that submits trainings, computed from where the workspace is."""
    return _guid(names, Role.RETRAIN_SUBMITTER)


def own_role_guids(shared: Names) -> dict[Role, str]:
    """Ids of the roles that the shared stack makes or takes."""
    return {
        Role.REGISTRY_READER: registry_reader_guid(shared),
        Role.DNS_LINKER: dns_linker_guid(shared),
        Role.NETWORK_PEERER: network_peerer_guid(shared),
    }


def role_definition_id(scope: str, guid: str) -> str:
    """ARM id of a role definition, in the subscription of the scope, as Azure reports it."""
    subscription = "/".join(scope.split("/")[:3])
    return f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
