"""The roles of our own, made beforehand by who may: the deployer assigns them, and cannot redefine them.

Whoever may write a definition and assign the role may do everything, so no deployer does both. The stacks
take these roles by their ids (`twinloop:roles`), under GUIDs apart from those that a stack would make.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from infra.own_roles import OWN_ROLES, made_guid, role_definition_id, word_of
from infra.rights.table import Role
from infra.sections.taken import is_taken
from infra.settings import EnvironmentSettings, Settings, SharedSettings


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """One role, made for the stacks of one place."""

    role: Role
    place: str
    """The resource group that it is for: names of roles are unique in the whole tenant."""
    subscription: str
    guid: str

    @property
    def id(self) -> str:
        """ARM id of the definition."""
        return role_definition_id(self.subscription, self.guid)

    @property
    def key(self) -> str:
        """The setting by which a stack takes it."""
        return f"twinloop:roles.{word_of(self.role)}.existing"

    @property
    def body(self) -> dict[str, Any]:
        """The definition: the actions that the stack's own would have."""
        empty: dict[str, list[str]] = {"notActions": [], "dataActions": [], "notDataActions": []}
        return {
            "properties": {
                "roleName": f"{self.role.value} (prepared, {self.place})",
                "type": "CustomRole",
                "description": "A role of Twinloop's own, defined by an owner; a deployer only assigns it",
                "assignableScopes": [self.subscription],
                "permissions": [{"actions": list(OWN_ROLES[self.role].actions), **empty}],
            }
        }


def prepared(settings: Settings) -> tuple[Prepared, ...]:
    """The roles that a stack would make, unless it takes somebody else's."""
    names = settings.names
    found = []
    for role in _needed(settings):
        seed = f"{made_guid(names, role)}|prepared"
        one = Prepared(
            role=role,
            place=names.resource_group,
            subscription=names.subscription,
            guid=str(uuid5(NAMESPACE_URL, seed)),
        )
        if names.taken.get(f"role/{word_of(role)}", one.id) == one.id:
            found.append(one)
    return tuple(found)


def _needed(settings: Settings) -> Iterator[Role]:
    if isinstance(settings, EnvironmentSettings):
        if settings.events is not None and settings.events.retrain is not None:
            yield Role.RETRAIN_SUBMITTER
        return
    yield Role.REGISTRY_READER
    if not is_taken(settings.dns) and getattr(settings.dns, "mode", "") == "made":
        yield Role.DNS_LINKER
    if settings.network is not None:
        yield Role.NETWORK_PEERER


def lacking(stacks: Mapping[str, Settings]) -> list[tuple[str, str, str]]:
    """Settings by which the stacks take these roles and that are not in their files: stack, key, value.

    The registry's role is of the shared stack, and environments assign it too.
    """
    of_all = [
        one
        for settings in stacks.values()
        if isinstance(settings, SharedSettings)
        for one in prepared(settings)
        if one.role is Role.REGISTRY_READER
    ]
    return [
        (stack, one.key, one.id)
        for stack, settings in stacks.items()
        for one in (*(of_all if isinstance(settings, EnvironmentSettings) else ()), *prepared(settings))
        if f"role/{word_of(one.role)}" not in settings.names.taken
    ]
