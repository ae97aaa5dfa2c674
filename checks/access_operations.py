"""The operations that access is sampled at: all that any role in play tells apart, and the words for them.

Every pattern of every role is an operation of its own, with a star as a text that only a star matches. So two
sets of permissions that differ anywhere in what roles say differ in a sampled operation, whether the table of
words has it or not. Whoever may assign some roles only has one operation per such role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from checks.access_grants import Given, limit_of
from checks.access_scopes import arm_kinds
from checks.catalogue.access_words import Phrase, phrases
from checks.permissions import RoleDefinition, allows
from checks.role_ranking import AMBIENT

_ANY = "zz-any"  # no operation has it: only a star matches
_GIVING = ("Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete")
# Providers whose resources hang on those of others.
_ANYWHERE = frozenset(
    (
        "microsoft.advisor",
        "microsoft.alertsmanagement",
        "microsoft.authorization",
        "microsoft.consumption",
        "microsoft.costmanagement",
        "microsoft.insights",
        "microsoft.resourcehealth",
        "microsoft.resources",
        "microsoft.support",
    )
)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation."""

    action: str  # as Azure writes it, stars included
    data: bool
    phrase: Phrase | None = None
    role: str = ""  # GUID of the role that is assigned or taken away by it
    role_name: str = ""
    unknown_role: str = ""  # stands for whatever a role of this GUID allows

    @property
    def probe(self) -> str:
        """The operation that is asked for."""
        return self.action.replace("*", _ANY)

    @property
    def writes(self) -> bool:
        """Whether anything may be changed by it."""
        return not self.action.lower().endswith("/read") and not (self.phrase and self.phrase.reads)

    def acts_at(self, scope: str) -> bool:
        """Whether there can be anything at or below a scope that it acts on."""
        kinds = arm_kinds(scope)
        own = [segment for segment in self.action.lower().split("*")[0].split("/") if segment]
        if not kinds or not own or own[0] in _ANYWHERE:
            return True
        return all(one == other for one, other in zip(own, kinds, strict=False)) and (
            "*" in self.action or len(own) > len(kinds)
        )


class Operations:
    """All operations of a comparison, and which of them an assignment allows, as bits of one number."""

    def __init__(self, given: Iterable[Given], roles: Mapping[str, RoleDefinition]) -> None:
        held = tuple(given)
        self.all = (
            *_named(),
            *_of_roles({one.guid: one.role for one in held if one.role}),
            *_of_assignable(held, roles),
            *(
                Operation(action=f"role {guid}", data=False, unknown_role=guid)
                for guid in sorted({one.guid for one in held if one.role is None})
            ),
        )
        self._mask_of: dict[tuple[RoleDefinition | None, str, str], int] = {}

    def mask(self, given: Given) -> int:
        """What an assignment allows where it reaches; a condition that is not understood is left aside."""
        key = (given.role, given.guid, given.condition)
        if key not in self._mask_of:
            self._mask_of[key] = sum(
                1 << index for index, operation in enumerate(self.all) if _allowed(given, operation)
            )
        return self._mask_of[key]

    def named_in(self, mask: int) -> tuple[Operation, ...]:
        """The operations of a number of bits."""
        return tuple(operation for index, operation in enumerate(self.all) if mask >> index & 1)


def _allowed(given: Given, operation: Operation) -> bool:
    if given.role is None:
        return operation.unknown_role == given.guid
    if operation.unknown_role or not allows(given.role, operation.probe, data=operation.data):
        return False
    limit = limit_of(given.condition)
    return limit is None or limit.holds(operation.probe, operation.role or None)


@lru_cache(maxsize=1)
def _named() -> tuple[Operation, ...]:
    return tuple(Operation(action=row.action, data=row.data, phrase=row) for row in phrases())


def _of_roles(roles: Mapping[str, RoleDefinition]) -> tuple[Operation, ...]:
    seen = {(operation.action.lower(), operation.data) for operation in _named()}
    found = {}
    for role in roles.values():
        for permission in role.permissions:
            for data, patterns in (
                (False, (*permission.actions, *permission.not_actions)),
                (True, (*permission.data_actions, *permission.not_data_actions)),
            ):
                for pattern in patterns:
                    key = (pattern.lower(), data)
                    if key not in seen:
                        found[key] = Operation(action=pattern, data=data)
    return tuple(found[key] for key in sorted(found))


def _of_assignable(given: Iterable[Given], roles: Mapping[str, RoleDefinition]) -> tuple[Operation, ...]:
    guids = {
        guid for one in given if one.limit for limited in one.limit.roles_of.values() for guid in limited
    }
    return tuple(
        Operation(action=action, data=False, role=guid, role_name=roles[guid].name if guid in roles else guid)
        for guid in sorted(guids)
        for action in _GIVING
    )


def is_ambient(operation: Operation) -> bool:
    """Whether nearly every role carries it, so that it says nothing of what somebody gains."""
    return not operation.data and operation.action.lower() in AMBIENT
