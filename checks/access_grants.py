"""Role assignments and role definitions, read from planned resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from checks.access_principals import ANYBODY, Principals, Who
from checks.catalogue.roles import builtin_roles
from checks.permissions import (
    AssignableRoles,
    Permission,
    RoleDefinition,
    UnsupportedCondition,
    covers,
    guid_of,
    parse_condition,
    scope_key,
)
from checks.plan import UNKNOWN, Resource

ASSIGNMENT = "azure-native:authorization:RoleAssignment"
DEFINITION = "azure-native:authorization:RoleDefinition"
# What makes a principal eligible: it may take the role for a while, and does not have it standing.
ELIGIBLE = frozenset(
    (
        "azure-native:authorization:PimRoleEligibilitySchedule",
        "azure-native:authorization:RoleEligibilityScheduleRequest",
    )
)
_NOWHERE = "unknown:"  # a scope that only the cloud can say
_BORDER = "/providers/microsoft.authorization/"


@dataclass(frozen=True, kw_only=True)
class Given:
    """A role that a principal has on a scope."""

    who: Who
    role: RoleDefinition | None  # None: neither in the catalogue nor declared
    guid: str
    scope: str
    condition: str
    standing: bool
    urn: str
    stack: str

    @property
    def role_name(self) -> str:
        """What the role is called."""
        return self.role.name if self.role else f"role {self.guid}"

    @property
    def limit(self) -> AssignableRoles | None:
        """The condition, where it is of the form that limits which roles may be assigned."""
        return limit_of(self.condition)

    @property
    def open_condition(self) -> str:
        """The condition, where nobody here understands it."""
        return "" if self.limit else self.condition


class Holdings:
    """Who holds which roles where, on one side of a comparison."""

    def __init__(
        self,
        resources: Iterable[Resource],
        people: Mapping[str, str],
        roles: Mapping[str, RoleDefinition] | None = None,
    ) -> None:
        found = tuple(resources)
        self.roles = {**(builtin_roles() if roles is None else roles), **_declared(found)}
        self.principals = Principals(found, people)
        self.given = tuple(given for resource in found if (given := self._given(resource)) is not None)

    def of(self, key: str) -> tuple[Given, ...]:
        """What one principal has."""
        return tuple(given for given in self.given if given.who.key == key)

    def on(self, scope: str, key: str) -> tuple[Given, ...]:
        """What one principal has that reaches a scope."""
        return tuple(given for given in self.of(key) if covers(given.scope, scope))

    def perhaps_on(self, scope: str, key: str) -> tuple[Given, ...]:
        """What may turn out to reach a scope: its principal or its scope is what only the cloud can say.

        A preview of the official CLI knows neither for what it is about to make.
        """
        return tuple(
            given
            for given in self.given
            if (given.who.key.startswith(ANYBODY) or given.who.key == key)
            and (given.scope.startswith(_NOWHERE) or covers(given.scope, scope))
        )

    def _given(self, resource: Resource) -> Given | None:
        if resource.type != ASSIGNMENT and resource.type not in ELIGIBLE:
            return None
        who = self.principals.of(resource)
        if who is None:
            return None
        guid = guid_of(str(resource.inputs.get("roleDefinitionId") or UNKNOWN))
        return Given(
            who=who,
            role=self.roles.get(guid),
            guid=guid,
            scope=_scope(resource),
            condition=str(resource.inputs.get("condition") or ""),
            standing=resource.type == ASSIGNMENT,
            urn=resource.urn,
            stack=resource.stack,
        )


@lru_cache(maxsize=1024)
def limit_of(condition: str) -> AssignableRoles | None:
    """A condition that limits which roles may be assigned; None for any other, and for none."""
    if not condition:
        return None
    try:
        return parse_condition(condition)
    except UnsupportedCondition:
        return None


def _scope(resource: Resource) -> str:
    given = str(resource.inputs.get("scope") or UNKNOWN)
    if given != UNKNOWN:
        return scope_key(given)
    lower = resource.id.lower()
    border = lower.rfind(_BORDER)
    # Without an id there is no telling where: a scope that nothing is below.
    return lower[:border] if border >= 0 else f"{_NOWHERE}{resource.urn}".lower()


def _declared(resources: Iterable[Resource]) -> dict[str, RoleDefinition]:
    roles = {}
    for resource in resources:
        if resource.type == DEFINITION:
            guid = guid_of(str(resource.inputs.get("roleDefinitionId") or resource.id or resource.urn))
            roles[guid] = RoleDefinition(
                guid=guid,
                name=str(resource.inputs.get("roleName") or resource.name),
                permissions=tuple(map(_permission, resource.inputs.get("permissions") or ())),
            )
    return roles


def _permission(given: Mapping[str, Any]) -> Permission:
    def texts(key: str) -> tuple[str, ...]:
        return tuple(str(one) for one in given.get(key) or ())

    return Permission(
        actions=texts("actions"),
        not_actions=texts("notActions"),
        data_actions=texts("dataActions"),
        not_data_actions=texts("notDataActions"),
    )
