"""Who may do what, decided as Azure decides it: pure rules over role definitions and role assignments.

Rights add up over all assignments of a principal and of its groups; nothing takes a right away. Within one
permission of a role, `not_actions` are subtracted from `actions`. A scope covers everything below it.

A star stands for any run of characters, and a whole segment of it also for no segment: `workspaces/*/delete`
holds `workspaces/delete`. Two built-in roles only make sense so: AzureML Data Scientist, which excludes
`workspaces/delete` from it again and is documented not to create computes (`computes/*/write`), and Managed
Identity Operator, whose one purpose, `userAssignedIdentities/assign/action`, it holds as
`userAssignedIdentities/*/assign/action`.

Of the conditions, only the one that limits which roles may be assigned is known; any other is refused: a
condition that is not understood must neither allow nor be dropped.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

ASSIGN = "microsoft.authorization/roleassignments/write"
UNASSIGN = "microsoft.authorization/roleassignments/delete"
ROLE_ATTRIBUTE = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class UnsupportedCondition(ValueError):
    """A condition of a role assignment that no rule here understands."""


class UnknownRole(LookupError):
    """An assignment names a role definition that is not among the known ones."""


@dataclass(frozen=True)
class Permission:
    """One block of a role definition: what it allows less what it excludes."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleDefinition:
    """A role: its GUID in lower case, its name, and the union of its permissions."""

    guid: str
    name: str
    permissions: tuple[Permission, ...]


@dataclass(frozen=True)
class Assignment:
    """A role given to a principal on a scope."""

    principal: str
    role: str  # GUID in lower case
    scope: str
    condition: str | None = None
    id: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether an action is allowed, and by which assignment."""

    allowed: bool
    by: Assignment | None


@dataclass(frozen=True)
class AssignableRoles:
    """The condition in use: per role-assignment action, the roles that it may be about."""

    roles_of: Mapping[str, frozenset[str]]

    def holds(self, action: str, role_definition: str | None) -> bool:
        """Whether the condition lets `action` pass; actions that it does not name are not its business."""
        limit = self.roles_of.get(action.lower())
        return limit is None or (role_definition is not None and guid_of(role_definition) in limit)


def evaluate(
    action: str,
    scope: str,
    principals: Collection[str],
    assignments: Iterable[Assignment],
    roles: Mapping[str, RoleDefinition],
    *,
    data: bool = False,
    role_definition: str | None = None,
) -> Decision:
    """Decide one action on one scope for a caller: denied unless an assignment allows it.

    Args:
        action: for example `Microsoft.Storage/storageAccounts/read`; compared without case.
        scope: ARM id of what is acted on.
        principals: object ids of the caller and of all its groups.
        assignments: all that may matter; those of other principals and scopes are passed over.
        roles: role definitions by GUID in lower case.
        data: whether `action` is one of the data plane (`dataActions`).
        role_definition: for writing or deleting a role assignment, the role that it is about (GUID or ARM
            id); without it a conditional assignment does not allow these two actions.

    Raises:
        UnknownRole: an assignment that applies names a role which is not in `roles`.
        UnsupportedCondition: an assignment that would allow has a condition of another form.
    """
    wanted, at = action.lower(), scope_key(scope)
    callers = {principal.lower() for principal in principals}
    for assignment in assignments:
        if assignment.principal.lower() not in callers or not covers(assignment.scope, at):
            continue
        role = roles.get(assignment.role)
        if role is None:
            raise UnknownRole(f"{assignment.id or assignment.scope}: role '{assignment.role}' is not defined")
        if not allows(role, wanted, data=data):
            continue
        if assignment.condition and not parse_condition(assignment.condition).holds(wanted, role_definition):
            continue
        return Decision(allowed=True, by=assignment)
    return Decision(allowed=False, by=None)


@lru_cache(maxsize=65_536)
def allows(role: RoleDefinition, action: str, *, data: bool = False) -> bool:
    """Whether a role holds an action, wherever it is assigned."""
    wanted = action.lower()
    for permission in role.permissions:
        given = permission.data_actions if data else permission.actions
        excluded = permission.not_data_actions if data else permission.not_actions
        if _matcher(given).fullmatch(wanted) and not _matcher(excluded).fullmatch(wanted):
            return True
    return False


@lru_cache(maxsize=65_536)
def scope_key(scope: str) -> str:
    """A scope in the form that scopes are compared in: lower case, no slash at the end, the root as ''."""
    return scope.lower().rstrip("/")


def covers(outer: str, inner: str) -> bool:
    """Whether a grant on `outer` reaches `inner`: the same scope, or one below it at a border of segments."""
    above, below = scope_key(outer), scope_key(inner)
    return below == above or below.startswith(f"{above}/")


def guid_of(role_definition: str) -> str:
    """GUID of a role in lower case, from the GUID itself or from the role definition's ARM id."""
    return role_definition.rstrip("/").rsplit("/", 1)[-1].lower()


def limit_assignable_roles(guids: Iterable[str]) -> str:
    """The condition (version 2.0) that lets its holder assign and unassign these roles and no others."""
    listed = ", ".join(sorted({guid_of(guid) for guid in guids}))
    if not listed:
        raise ValueError("a condition that lets nobody assign anything: give no role that can assign instead")
    clauses = (
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})) OR "
        f"(@{source}[{ROLE_ATTRIBUTE}] ForAnyOfAnyValues:GuidEquals {{{listed}}}))"
        for verb, source in (("write", "Request"), ("delete", "Resource"))
    )
    return " AND ".join(clauses)


@lru_cache(maxsize=1024)
def parse_condition(text: str) -> AssignableRoles:
    """Read the condition that `limit_assignable_roles` writes; spaces, line ends and case do not matter.

    Raises:
        UnsupportedCondition: the text has any other form.
    """
    roles_of: dict[str, frozenset[str]] = {}
    for clause in re.split(r"(?<=\))and(?=\()", re.sub(r"\s+", "", text).lower()):
        match = _CLAUSE.fullmatch(clause)
        guids = frozenset(match["guids"].split(",")) if match else frozenset()
        known = bool(match) and all(GUID.fullmatch(guid) for guid in guids)
        if (
            not match
            or not known
            or match["action"] in roles_of
            or match["source"] != _SOURCE_OF[match["action"]]
        ):
            raise UnsupportedCondition(
                f"condition not supported: {text!r}; the one form that is: {limit_assignable_roles(_EXAMPLE)}"
            )
        roles_of[match["action"]] = guids
    return AssignableRoles(roles_of)


_EXAMPLE = ("acdd72a7-3385-48ef-bd42-f606fba81ae7",)
_SOURCE_OF = {ASSIGN: "request", UNASSIGN: "resource"}
_CLAUSE = re.compile(
    r"\(\(!\(actionmatches\{'(?P<action>" + "|".join(map(re.escape, _SOURCE_OF)) + r")'\}\)\)"
    r"or\(@(?P<source>request|resource)\[" + re.escape(ROLE_ATTRIBUTE.lower()) + r"\]"
    r"foranyofanyvalues:guidequals\{(?P<guids>[^{}]*)\}\)\)"
)


@lru_cache(maxsize=4096)
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One regular expression for a list of action patterns; for an empty list, one that matches nothing."""
    if not patterns:
        return re.compile(r"(?!)")
    return re.compile("|".join(map(_expression, patterns)))


def _expression(pattern: str) -> str:
    *heads, last = pattern.lower().split("/")
    before = ("(?:.*/)?" if head == "*" else f"{_star(head)}/" for head in heads)
    return "".join(before) + _star(last)


def _star(segment: str) -> str:
    return re.escape(segment).replace(r"\*", ".*")
