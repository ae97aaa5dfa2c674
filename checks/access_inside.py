"""Who gains and who loses which role inside of a Kubernetes cluster: bindings before and after.

A binding names a role, and what the role allows is the cluster's to know: so what is compared is who has
which role where, not the sum of operations as in `checks.access`.

Source of what the user-facing roles allow: Kubernetes documentation, Using RBAC Authorization, "User-facing
roles".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from checks.access import AccessChange
from checks.plan import Resource

BINDINGS: Final = frozenset({"RoleBinding", "ClusterRoleBinding"})
_PREFIX: Final = "kubernetes:rbac.authorization.k8s.io/"
_SECRETS, _ROLES = "read secrets", "assign roles"
_KNOWN: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "view": ("read most objects, but no secrets", ()),
    "edit": ("read secrets, read and write most objects", (_SECRETS,)),
    "admin": ("give roles, read secrets, read and write most objects", (_ROLES, _SECRETS)),
    "cluster-admin": ("do everything", (_ROLES, _SECRETS)),
}
_READ_ONLY: Final = frozenset({"view"})
_Held = tuple[str, str, str, str, str]  # stack, kind and name of the subject, role, namespace


def access_inside(
    before: Iterable[Resource], after: Iterable[Resource], *, people: Mapping[str, str]
) -> tuple[AccessChange, ...]:
    """Compare who has which role inside of clusters.

    Args:
        before: resources of all stacks.
        after: the same, with the change.
        people: names of groups by object id.
    """
    old, new = dict(_held(before)), dict(_held(after))
    gone = [_change(one, old[one], people, gained=False) for one in old if one not in new]
    come = [_change(one, new[one], people, gained=True) for one in new if one not in old]
    return tuple(sorted([*come, *gone], key=lambda one: (one.stack, one.principal, one.where, one.what)))


def _held(resources: Iterable[Resource]) -> Iterator[tuple[_Held, Resource]]:
    for one in resources:
        if not one.type.startswith(_PREFIX) or one.type.rpartition(":")[2] not in BINDINGS:
            continue
        namespace = ""
        if one.type.endswith(":RoleBinding"):
            namespace = _text(_part(one.inputs, "metadata"), "namespace") or "default"
        role = _text(_part(one.inputs, "roleRef"), "name")
        subjects = one.inputs.get("subjects")
        for subject in subjects if isinstance(subjects, list | tuple) else ():
            if isinstance(subject, Mapping):
                yield (one.stack, _text(subject, "kind"), _text(subject, "name"), role, namespace), one


def _part(inputs: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = inputs.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(inputs: Mapping[str, Any], key: str) -> str:
    found = inputs.get(key)
    return found if isinstance(found, str) else ""


def _change(held: _Held, by: Resource, people: Mapping[str, str], *, gained: bool) -> AccessChange:
    stack, kind, name, role, namespace = held
    what, risks = _KNOWN.get(role, (f"do what role {role} allows", ()))
    place = f"namespace {namespace}" if namespace else "all namespaces"
    return AccessChange(
        principal=people.get(name, name) if kind == "Group" else f"{kind} {name}",
        gained=gained,
        where=f"{place} of the Kubernetes cluster of {stack}",
        what=what,
        actions=(role,),
        data=False,
        by=f"{role} by {by.urn}",
        stack=stack,
        urn=by.urn,
        scope=f"{stack}/{namespace}".lower(),
        person=kind == "Group",
        writes=role not in _READ_ONLY,
        risks=risks,
    )
