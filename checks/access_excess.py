"""What identities may do beyond what the things that run as them need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checks.access_grants import Given, Holdings
from checks.access_scopes import arm_kinds, words
from checks.catalogue.access_needs import enough, needs
from checks.catalogue.roles import role_named
from checks.estate import CONTAINER, REGISTRY, Estate, Holder, attached, container_of
from checks.findings import Finding
from checks.permissions import Permission, RoleDefinition, allows
from checks.role_ranking import AMBIENT

_ROWS = "infra/rights/table.py"
_LEAST = "https://learn.microsoft.com/azure/role-based-access-control/best-practices"
_REGISTRIES = "microsoft.machinelearningservices/registries"


def findings(estate_: Estate, holdings: Holdings, holders: Iterable[Holder]) -> Iterator[Finding]:
    """Roles with operations that nothing which runs as their holder needs where they are given."""
    by_identity: dict[str, list[Holder]] = {}
    for holder in holders:
        by_identity.setdefault(holder.identity, []).append(holder)
    for identity, mine in by_identity.items():
        for given in holdings.of(identity):
            if given.role is None:
                continue  # told as a role that nobody knows
            suited = _suited(given, mine, estate_)
            extra = _extra(given.role, suited)
            if extra:
                yield _more(given, mine, suited, extra)


def _suited(given: Given, holders: Iterable[Holder], estate_: Estate) -> list[str]:
    """Names of the roles that are enough where a role is given."""
    found = []
    for holder in holders:
        kinds = set(_kinds_at(given.scope, holder, estate_))
        found += [one.role for one in needs() if one.who == holder.kind and one.on in kinds]
        also = (one for one in enough() if one.who == holder.kind and one.on in kinds)
        found += [name for one in also for name in one.roles]
    return list(dict.fromkeys(found))


def _kinds_at(scope: str, holder: Holder, estate_: Estate) -> Iterator[str]:
    place = holder.workplace
    if place is None:
        for one in estate_.workplaces:
            yield from (word for word, arm_id in one.parts.items() if arm_id == scope)
        return
    if scope == place.id:
        yield "workspace"
    if scope in attached(place):
        yield "attached"
    yield from (word for word, arm_id in place.parts.items() if arm_id == scope)
    if scope == place.id.partition("/providers/")[0]:
        yield "group"
    stored = {container_of(store, estate_) for store in place.datastores}
    known = estate_.by_id.get(scope)
    if scope in stored or (known is not None and known.type == CONTAINER):
        yield "container"
    if (known is not None and known.type == REGISTRY) or "/".join(arm_kinds(scope)) == _REGISTRIES:
        yield "registry"


def _extra(role: RoleDefinition, suited: Iterable[str]) -> list[str]:
    """Operations of a role that none of the suited roles has, as Azure writes them."""
    fitting = [role_named(name) for name in suited]
    extra = []
    for permission in role.permissions:
        for data, patterns in ((False, permission.actions), (True, permission.data_actions)):
            extra += [
                one
                for one in patterns
                if one.lower() not in AMBIENT
                and not any(allows(_plain(fit), one, data=data) for fit in fitting)
            ]
    return extra


def _plain(role: RoleDefinition) -> RoleDefinition:
    """A role without what it excludes: a pattern that another role shares is not more than it has."""
    return RoleDefinition(
        guid=role.guid,
        name=role.name,
        permissions=tuple(
            Permission(actions=one.actions, data_actions=one.data_actions) for one in role.permissions
        ),
    )


def _more(given: Given, holders: list[Holder], suited: list[str], extra: list[str]) -> Finding:
    runs = ", ".join(
        dict.fromkeys(one.resource.id.rpartition("/")[2] or one.resource.name for one in holders)
    )
    fitting = f"{' or '.join(suited)} is enough there" if suited else "nothing that it runs needs any there"
    shown = ", ".join(extra[:3]) + (f" and {len(extra) - 3} more" if len(extra) > 3 else "")  # noqa: PLR2004
    return Finding(
        severity="warn",
        rule="access-more-than-needed",
        stack=given.stack,
        resource=given.urn,
        what=f"{given.who.name}, which runs {runs}, has {given.role_name} on {words(given.scope)}, "
        f"with {shown}; {fitting}",
        why="whatever runs as it may be turned to all that it is given",
        fix=f"give the smaller role in {_ROWS}; if the wider one is meant, add it with its source to "
        "checks/catalogue/access_needs.toml",
        source=_LEAST,
    )
