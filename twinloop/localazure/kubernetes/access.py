"""Who may do what in a cluster: an Entra token, then the cluster's own bindings, then roles in Azure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from checks.kubernetes.kinds import Kind, by_type
from twinloop.localazure.core.principal import Principal
from twinloop.localazure.core.request import Request
from twinloop.localazure.core.tokens import InvalidToken
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.kubernetes.clusters import SERVER_ID, Cluster
from twinloop.localazure.kubernetes.objects import Objects
from twinloop.localazure.kubernetes.status import StatusError

_RBAC: Final = "rbac.authorization.k8s.io/v1"
_READS: Final = frozenset({"get", "list", "watch"})
_AZURE: Final = "Microsoft.ContainerService/managedClusters"


@dataclass(frozen=True)
class Wanted:
    """What a request wants to do."""

    verb: str
    group: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """As rules name it."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def caller(request: Request, twin: Twin) -> Principal:
    """Who calls.

    Raises:
        StatusError: 401, no token, one that does not verify, or one for another service.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("no bearer token was sent")
    try:
        principal, audience = twin.tokens.verify_use(token.strip())
    except InvalidToken as error:
        raise _unauthorized(str(error)) from error
    if audience.removeprefix("spn:").lower() != SERVER_ID:
        raise _unauthorized(f"the token is for '{audience}'; AKS takes tokens for {SERVER_ID}")
    return principal


def user_name(principal: Principal) -> str:
    """What the cluster calls a caller: a person's name, an application's object id."""
    return principal.name if principal.kind == "User" else principal.id


def demand(twin: Twin, cluster: Cluster, principal: Principal, wanted: Wanted) -> None:
    """Let it pass, or refuse as the API server does.

    Raises:
        StatusError: 403.
    """
    if allows(twin, cluster, principal, wanted):
        return
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    resource = f"{wanted.plural}.{wanted.group}" if wanted.group else wanted.plural
    named = f'{resource} "{wanted.name}"' if wanted.name else resource
    azure = (
        ": User does not have access to the resource in Azure. Update role assignment to allow access."
        if cluster.azure_roles
        else ""
    )
    raise StatusError(
        403,
        "Forbidden",
        f'{named} is forbidden: User "{user_name(principal)}" cannot {wanted.verb} resource '
        f'"{wanted.resource}" in API group "{wanted.group}" {where}{azure}',
        details={"name": wanted.name, "group": wanted.group, "kind": wanted.plural},
    )


def allows(twin: Twin, cluster: Cluster, principal: Principal, wanted: Wanted) -> bool:
    """Whether the caller may do it."""
    ids = frozenset(one.lower() for one in twin.authorization.ids_of(principal))
    if ids & cluster.admin_groups:
        return True
    if _bound(Objects(twin.store, cluster.key), ids | {user_name(principal).lower()}, wanted):
        return True
    return cluster.azure_roles and twin.authorization.allows(
        principal, azure_action(wanted), _scope(cluster, wanted), data=True
    )


def azure_action(wanted: Wanted) -> str:
    """The data action that stands for it in role definitions of Azure."""
    verb = "read" if wanted.verb in _READS else "delete" if wanted.verb.startswith("delete") else "write"
    group = f"{wanted.group}/" if wanted.group else ""
    return f"{_AZURE}/{group}{wanted.plural}/{verb}"


def _scope(cluster: Cluster, wanted: Wanted) -> str:
    return f"{cluster.id}/namespaces/{wanted.namespace}" if wanted.namespace else cluster.id


def _bound(objects: Objects, names: frozenset[str], wanted: Wanted) -> bool:
    for binding in _bindings(objects, wanted.namespace):
        if not any(_is(subject, names) for subject in binding.get("subjects") or ()):
            continue
        if any(_covers(rule, wanted) for rule in _rules(objects, binding)):
            return True
    return False


def _bindings(objects: Objects, namespace: str) -> Iterator[Mapping[str, Any]]:
    yield from objects.list(_kind("ClusterRoleBinding"))
    if namespace:
        yield from objects.list(_kind("RoleBinding"), namespace)


def _rules(objects: Objects, binding: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    reference = binding["roleRef"]
    kind = _kind(reference["kind"])
    role = objects.get(kind, binding["metadata"].get("namespace", ""), reference["name"])
    return (role or {}).get("rules") or ()


def _is(subject: Mapping[str, Any], names: frozenset[str]) -> bool:
    if subject.get("kind") == "Group" and subject.get("name") == "system:authenticated":
        return True
    return subject.get("kind") in {"User", "Group"} and str(subject.get("name", "")).lower() in names


def _covers(rule: Mapping[str, Any], wanted: Wanted) -> bool:
    named = rule.get("resourceNames") or ()
    return (
        _has(rule.get("verbs"), wanted.verb)
        and _has(rule.get("apiGroups"), wanted.group)
        and _has(rule.get("resources"), wanted.resource)
        and (not named or wanted.name in named)
    )


def _has(allowed: Any, one: str) -> bool:
    return "*" in (allowed or ()) or one in (allowed or ())


def _kind(name: str) -> Kind:
    return by_type()[_RBAC, name]


def _unauthorized(why: str) -> StatusError:
    return StatusError(401, "Unauthorized", f"Unauthorized: {why}")
