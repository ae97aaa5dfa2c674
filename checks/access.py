"""Who gains and who loses which access: permissions evaluated before and after, never lists compared.

What a principal may do on a scope is the sum of its assignments there and above. A change is what differs in
that sum. So a role that is given where a wider one gives the same already is no gain, one that is taken away
where another stays is no loss, and a role that is widened is a gain for everybody who has it.

A condition that is not understood neither allows nor is dropped: what is given under one counts apart, and so
does what a principal may only elevate itself to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from checks.access_grants import Given, Holdings
from checks.access_operations import Operation, Operations
from checks.access_principals import Who
from checks.access_scopes import Scopes, words
from checks.access_telling import actions, risks, tell, writes
from checks.permissions import RoleDefinition, covers
from checks.plan import Resource

Lane = tuple[str, bool]  # a condition that is not understood, and whether the right is standing
PLAIN: Lane = ("", True)


@dataclass(frozen=True, kw_only=True)
class AccessChange:
    """What one principal may do on one scope that it might not do before, or the reverse."""

    principal: str
    """In words: `training (id-mlp-dev-weu-training)`, `data-scientists`."""
    gained: bool
    where: str
    """In words: `workspace mlw-mlp-dev-weu`, `container stmlpdevweulake1a2b/curated`."""
    what: str
    """In words: `read blobs, write blobs`."""
    actions: tuple[str, ...]
    """The operations behind the words, as Azure writes them; a wildcard where all of it is meant."""
    data: bool
    """Whether operations of the data plane are among them."""
    by: str
    """Role and URN of the assignment that gives it, or gave it."""
    standing: bool = True
    """False where the principal may only elevate itself to it for a while."""
    stack: str = ""
    """The stack that says so."""
    urn: str = ""
    """The assignment."""
    scope: str = ""
    """The ARM id behind `where`, in lower case."""
    person: bool = False
    """Whether the principal is a group of people."""
    writes: bool = False
    """Whether anything can be changed by it."""
    risks: tuple[str, ...] = ()
    """Privileged kinds of it: `assign roles`, `read secrets`, `write data`."""
    condition: str = ""
    """The condition under which it is given, where nobody here understands it."""
    role_unknown: bool = False
    """Whether a role is behind it that is neither in the catalogue nor declared."""


def access_changes(
    before: Iterable[Resource],
    after: Iterable[Resource],
    *,
    people: Mapping[str, str],
    roles: Mapping[str, RoleDefinition] | None = None,
) -> tuple[AccessChange, ...]:
    """Compare what everybody may do before and after.

    Args:
        before: resources of all stacks that are looked at together: an identity of one may act in another.
        after: the same, with the change.
        people: names of groups by object id.
        roles: built-in roles by GUID; those of the catalogue unless given. Roles that a stack declares are
            read from its resources.
    """
    earlier, later = tuple(before), tuple(after)
    old, new = Holdings(earlier, people, roles), Holdings(later, people, roles)
    comparison = _Comparison(Scopes(earlier, later), old, new)
    changes = [change for who in comparison.everybody() for change in comparison.of(who)]
    return tuple(sorted(changes, key=_order))


def _order(change: AccessChange) -> tuple[object, ...]:
    return (not change.risks, change.principal, change.scope, not change.gained, change.data, change.what)


class _Comparison:
    """Two sides, and the operations that tell them apart."""

    def __init__(self, scopes: Scopes, old: Holdings, new: Holdings) -> None:
        self._scopes = scopes
        self._operations = Operations((*old.given, *new.given), {**old.roles, **new.roles})
        self._changed = {
            guid for guid, role in new.roles.items() if guid in old.roles and old.roles[guid] != role
        }
        self._old, self._new = self._by_principal(old.given), self._by_principal(new.given)

    def everybody(self) -> tuple[Who, ...]:
        """Whoever has anything before or after, once."""
        names = {
            self._key(given): given.who
            for side in (self._old, self._new)
            for held in side.values()
            for given in held
        }
        return tuple(who for _, who in sorted(names.items()))

    def of(self, who: Who) -> Iterable[AccessChange]:
        """What one principal gains and loses."""
        key = self._scopes.pair(who.key)[1]
        old, new = self._old.get(key, ()), self._new.get(key, ())
        pairs = {self._scopes.pair(given.scope) for given in (*old, *new)}
        gained: dict[tuple[Lane, str], int] = {}
        lost: dict[tuple[Lane, str], int] = {}
        for at_old, at_new in pairs:
            was, now = self._masks(old, at_old), self._masks(new, at_new)
            for lane in {*was, *now}:
                gained[lane, at_new] = _beyond(now, was, lane)
                lost[lane, at_old] = _beyond(was, now, lane)
        yield from self._told(who, gained, new, gained_now=True)
        yield from self._told(who, lost, old, gained_now=False)

    def _by_principal(self, given: Iterable[Given]) -> dict[str, list[Given]]:
        found: dict[str, list[Given]] = defaultdict(list)
        for one in given:
            found[self._key(one)].append(one)
        return dict(found)

    def _key(self, given: Given) -> str:
        return self._scopes.pair(given.who.key)[1]

    def _masks(self, held: Iterable[Given], scope: str) -> dict[Lane, int]:
        masks: dict[Lane, int] = {PLAIN: 0}
        for given in held:
            if covers(given.scope, scope):
                lane = (given.open_condition, given.standing)
                masks[lane] = masks.get(lane, 0) | self._operations.mask(given)
        return masks

    def _told(
        self, who: Who, found: Mapping[tuple[Lane, str], int], held: Iterable[Given], *, gained_now: bool
    ) -> Iterable[AccessChange]:
        holding = tuple(held)
        for (lane, scope), mask in found.items():
            for (other_lane, above), more in found.items():
                if other_lane == lane and above != scope and covers(above, scope):
                    mask &= ~more  # noqa: PLW2901 - said once, where it starts
            if not mask:
                continue
            by = [
                given
                for given in holding
                if covers(given.scope, scope)
                and (given.open_condition, given.standing) == lane
                and self._operations.mask(given) & mask
            ]
            change = _change(who, scope, self._operations.named_in(mask), by, gained=gained_now)
            yield replace(change, by="; ".join(map(self._said, by)))

    def _said(self, given: Given) -> str:
        """An assignment in words; where the role itself is another one now, that is the news."""
        changed = ", whose actions change," if given.guid in self._changed else ""
        return f"{given.role_name}{changed} by {given.urn}"


def _beyond(one: Mapping[Lane, int], other: Mapping[Lane, int], lane: Lane) -> int:
    """What one side has in a lane that the other has neither there nor without any condition."""
    more = one.get(lane, 0) & ~other.get(lane, 0)
    return more if lane == PLAIN else more & ~other[PLAIN] & ~one[PLAIN]


def _change(
    who: Who, scope: str, operations: Sequence[Operation], by: Sequence[Given], *, gained: bool
) -> AccessChange:
    # A role for all of storage says nothing more on a container; but what has no place here is not hidden.
    here = [one for one in operations if one.acts_at(scope)] or operations
    return AccessChange(
        principal=who.name,
        gained=gained,
        where=words(scope),
        what=tell(here),
        actions=actions(here),
        data=any(one.data for one in here),
        by="",
        standing=by[0].standing,
        stack=by[0].stack,
        urn=by[0].urn,
        scope=scope,
        person=who.person,
        writes=writes(here),
        risks=risks(here),
        condition=by[0].open_condition,
        role_unknown=any(one.unknown_role for one in here),
    )
