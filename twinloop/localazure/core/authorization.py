"""What a caller may do: the declared role assignments, evaluated as Azure does, deny by default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checks.catalogue.roles import builtin_roles
from checks.permissions import Assignment, Decision, Permission, RoleDefinition, evaluate
from checks.role_ranking import roles_allowing
from twinloop.localazure.core.errors import AuthorizationFailed
from twinloop.localazure.core.ids import ArmId

if TYPE_CHECKING:
    from twinloop.localazure.core.principal import Principal
    from twinloop.localazure.core.twin import Twin

ARM = "arm"
ASSIGNMENTS = "microsoft.authorization/roleassignments"
DEFINITIONS = "microsoft.authorization/roledefinitions"
_CACHE_SIZE = 8192


@dataclass(frozen=True)
class _Known:
    """What is declared at one version of the store, and what followed from it.

    Decisions lie with what they were made from: one that a thread still makes from an older version, while
    a role is revoked, is not found again. A lock would stand against the store's own.
    """

    version: int
    roles: Mapping[str, RoleDefinition]
    assignments: Mapping[str, list[Assignment]]
    decisions: dict[tuple[str, str, str, bool, str], Decision] = field(default_factory=dict)


class Authorization:
    """Decisions, remembered until an assignment, a role definition or the seed changes."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._known = _Known(-1, {}, {})

    def forget(self) -> None:
        """Read assignments and roles again at the next question."""
        self._known = _Known(-1, {}, {})

    def allows(self, principal: Principal, action: str, scope: str, *, data: bool = False) -> bool:
        """Whether the principal may do it."""
        return self.decide(principal, action, scope, data=data).allowed

    def demand(
        self,
        principal: Principal,
        action: str,
        scope: str,
        *,
        data: bool = False,
        role_definition: str | None = None,
    ) -> None:
        """Let it pass, or raise with the roles that would allow it.

        Raises:
            AuthorizationFailed: no assignment allows it.
        """
        if self.decide(principal, action, scope, data=data, role_definition=role_definition).allowed:
            return
        names = [role.name for role in roles_allowing(action, self.roles(), data=data)]
        raise AuthorizationFailed(principal.name, action, scope, names, oid=principal.id)

    def decide(
        self,
        principal: Principal,
        action: str,
        scope: str,
        *,
        data: bool = False,
        role_definition: str | None = None,
    ) -> Decision:
        """The decision and the assignment that made it; `role_definition` is what a condition looks at."""
        known = self._current()
        question = (principal.id, action.lower(), scope.lower(), data, (role_definition or "").lower())
        decided = known.decisions.get(question)
        if decided is not None:
            return decided
        ids = self.ids_of(principal)
        mine = [assignment for one in ids for assignment in known.assignments.get(one, ())]
        decision = evaluate(action, scope, ids, mine, known.roles, data=data, role_definition=role_definition)
        if len(known.decisions) >= _CACHE_SIZE:
            known.decisions.clear()
        known.decisions[question] = decision
        return decision

    def ids_of(self, principal: Principal) -> tuple[str, ...]:
        """The ids that an assignment may name for this caller; groups as the directory knows them now."""
        current = self._twin.directory.find(principal.id)
        return current.ids if current is not None else (principal.id,)

    def assignments(self) -> Iterable[Assignment]:
        """All assignments: those of the seed and those that were deployed."""
        return [assignment for some in self._current().assignments.values() for assignment in some]

    def roles(self) -> Mapping[str, RoleDefinition]:
        """All role definitions by GUID: Azure's and the custom ones."""
        return self._current().roles

    def _current(self) -> _Known:
        version = self._twin.store.version(f"{ARM}/{ASSIGNMENTS}") + self._twin.store.version(
            f"{ARM}/{DEFINITIONS}"
        )
        known = self._known
        if version == known.version:
            return known
        roles = dict(builtin_roles())
        for _, doc in self._twin.store.list(f"{ARM}/{DEFINITIONS}"):
            role = _definition(doc)
            roles[role.guid] = role
        found: dict[str, list[Assignment]] = {}
        for assignment in (*self._seeded(roles), *self._deployed()):
            if (
                assignment.role in roles
            ):  # a custom role can go with its scope; what is left of it gives nothing
                found.setdefault(assignment.principal, []).append(assignment)
        self._known = _Known(version, roles, found)
        return self._known

    def _seeded(self, roles: Mapping[str, RoleDefinition]) -> Iterable[Assignment]:
        by_name = {role.name.lower(): role.guid for role in roles.values()}
        for principal, role, scope in self._twin.seed.assignments:
            guid = by_name.get(role.lower())
            if guid is None:
                raise ValueError(
                    f"seed: assignments: role {role!r} is not known; give the name of a built-in role"
                )
            yield Assignment(principal=principal, role=guid, scope=scope)

    def _deployed(self) -> Iterable[Assignment]:
        for _, doc in self._twin.store.list(f"{ARM}/{ASSIGNMENTS}"):
            properties: dict[str, Any] = doc["body"]["properties"]
            scope = ArmId(doc["id"]).parent
            yield Assignment(
                principal=properties["principalId"].lower(),
                role=properties["roleDefinitionId"].rpartition("/")[2].lower(),
                scope=scope.text if scope else "/",
                condition=properties.get("condition"),
                id=doc["id"],
            )


def _definition(doc: dict[str, Any]) -> RoleDefinition:
    properties = doc["body"]["properties"]
    permissions = tuple(
        Permission(
            actions=tuple(p.get("actions") or ()),
            not_actions=tuple(p.get("notActions") or ()),
            data_actions=tuple(p.get("dataActions") or ()),
            not_data_actions=tuple(p.get("notDataActions") or ()),
        )
        for p in properties.get("permissions", ())
    )
    return RoleDefinition(
        guid=ArmId(doc["id"]).name.lower(), name=properties["roleName"], permissions=permissions
    )
