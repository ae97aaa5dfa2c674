"""Who may do what where, asked of planned resources: before anything is deployed, without a cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.access_grants import Given, Holdings
from checks.access_principals import OWN, Who
from checks.nearest import UnknownWord
from checks.permissions import RoleDefinition, allows, covers, scope_key
from checks.plan import Resource


class UnknownPrincipal(UnknownWord):
    """Nobody in the plan is called so, or several are."""


@dataclass(frozen=True, kw_only=True)
class Right:
    """That a principal may do something, and by which assignment."""

    principal: str
    role: str
    scope: str
    """Where the role is given: the scope that was asked for, or one above it."""
    urn: str
    condition: str = ""
    """What else must hold, where the assignment says so in a way that is not understood here."""
    standing: bool = True
    """False where the principal must elevate itself first."""


class Rights:
    """Questions to the assignments of planned resources."""

    def __init__(
        self,
        resources: Iterable[Resource],
        *,
        people: Mapping[str, str],
        roles: Mapping[str, RoleDefinition] | None = None,
    ) -> None:
        self._holdings = Holdings(resources, people, roles)

    def who_can(
        self, action: str, scope: str, *, data: bool = False, role: str | None = None
    ) -> tuple[Right, ...]:
        """Everybody who may do something, each with the first assignment that lets them, in order of names.

        Args:
            action: such as `Microsoft.MachineLearningServices/workspaces/jobs/write`.
            scope: the ARM id of what is acted on.
            data: whether the action is one of the data plane.
            role: for assigning a role, which one (GUID).
        """
        found = self._lets(action, scope, data=data, role=role).values()
        return tuple(sorted(map(_right, found), key=lambda right: right.principal))

    def can(
        self, principal: str, action: str, scope: str, *, data: bool = False, role: str | None = None
    ) -> Right | None:
        """Whether a principal may do something: by what, or None.

        Args:
            principal: an object id, a group's name, an identity's name or purpose.
            action: as in `who_can`.
            scope: as in `who_can`.
            data: as in `who_can`.
            role: as in `who_can`.

        Raises:
            UnknownPrincipal: nobody is called so, or several are.
        """
        given = self._lets(action, scope, data=data, role=role).get(self._one(principal).key)
        return _right(given) if given else None

    @property
    def roles(self) -> Mapping[str, RoleDefinition]:
        """Every role that is known: built in, or declared."""
        return self._holdings.roles

    def name_of(self, principal: str) -> str:
        """What a principal is called in full.

        Raises:
            UnknownPrincipal: nobody is called so, or several are.
        """
        return self._one(principal).name

    def _one(self, principal: str) -> Who:
        meant = self._holdings.principals.named(principal)
        if len(meant) > 1:
            each = sorted(f"{who.stack}/{_short(who)}" if who.stack else who.name for who in meant)
            raise UnknownPrincipal(
                f"'{principal}' is several principals: {', '.join(each)}; name one of them"
            )
        if not meant:
            every = self._holdings.principals.all()
            known = sorted({_short(who) for who in every if not who.name.endswith(OWN)})
            raise UnknownPrincipal(
                f"'{principal}' is no principal of the plan: {', '.join(known)}, the name of a resource "
                "with an identity of its own, or an object id",
                given=principal,
                known=known,
            )
        return meant[0]

    def _lets(self, action: str, scope: str, *, data: bool, role: str | None) -> dict[str, Given]:
        """By principal, the assignment that lets it: a standing one without an open condition if there is."""
        found: dict[str, Given] = {}
        for given in sorted(
            self._holdings.given, key=lambda one: (bool(one.open_condition), not one.standing)
        ):
            if given.who.key not in found and _lets(given, action, scope, data=data, role=role):
                found[given.who.key] = given
        return found


def _short(who: Who) -> str:
    """What a principal is called in a question: an identity by its purpose."""
    return who.name.partition(" (")[0]


def _lets(given: Given, action: str, scope: str, *, data: bool, role: str | None) -> bool:
    if given.role is None or not covers(given.scope, scope_key(scope)):
        return False
    if not allows(given.role, action, data=data):
        return False
    return given.limit is None or given.limit.holds(action, role)


def _right(given: Given) -> Right:
    return Right(
        principal=given.who.name,
        role=given.role_name,
        scope=given.scope,
        urn=given.urn,
        condition=given.open_condition,
        standing=given.standing,
    )
