"""What scopes are called, and which scope before is which one after: a renamed store is still that store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.permissions import scope_key
from checks.plan import Resource

_WORDS = {
    "microsoft.resources/resourcegroups": "resource group",
    "microsoft.storage/storageaccounts": "storage account",
    "microsoft.machinelearningservices/workspaces": "workspace",
    "microsoft.machinelearningservices/registries": "registry",
    "microsoft.machinelearningservices/workspaces/computes": "compute",
    "microsoft.containerregistry/registries": "image registry",
    "microsoft.keyvault/vaults": "vault",
    "microsoft.operationalinsights/workspaces": "log workspace",
    "microsoft.insights/components": "Application Insights",
    "microsoft.managedidentity/userassignedidentities": "identity",
    "microsoft.network/virtualnetworks": "network",
    "microsoft.containerservice/managedclusters": "Kubernetes cluster",
    "microsoft.management/managementgroups": "management group",
}
_CONTAINER = "microsoft.storage/storageaccounts/blobservices/containers"


def words(scope: str) -> str:
    """A scope as people call it, from its ARM id."""
    parts = [part for part in scope.split("/") if part]
    if not parts:
        return "everything in the tenant"
    kinds, names = _provided(scope)
    if not kinds:
        if len(parts) == 4 and parts[2].lower() == "resourcegroups":  # noqa: PLR2004 - the form of a group's id
            return f"resource group {parts[3]}"
        return f"subscription {parts[1]}" if len(parts) == 2 else scope  # noqa: PLR2004
    arm_type = "/".join(kinds)
    if arm_type == _CONTAINER:
        return f"container {names[0]}/{names[-1]}"
    return f"{_WORDS.get(arm_type, arm_type)} {'/'.join(names)}"


def arm_kinds(scope: str) -> tuple[str, ...]:
    """Provider and types of a scope, in lower case; none for a group, a subscription and above."""
    kinds, _ = _provided(scope)
    return () if kinds[:1] == ("microsoft.management",) else kinds


def _provided(scope: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts = [part for part in scope.split("/") if part]
    lower = [part.lower() for part in parts]
    if "providers" not in lower:
        return (), ()
    last = len(lower) - lower[::-1].index("providers")
    return (lower[last], *lower[last + 1 :: 2]), tuple(parts[last + 2 :: 2])


class Scopes:
    """Which scope before is which one after."""

    def __init__(self, before: Iterable[Resource], after: Iterable[Resource]) -> None:
        old, new = _ids(before), _ids(after)
        self._later = {scope_key(one): new[urn] for urn, one in old.items() if urn in new}
        self._earlier = {scope_key(one): old[urn] for urn, one in new.items() if urn in old}
        self._old, self._new = _known(old), _known(new)

    def pair(self, scope: str) -> tuple[str, str]:
        """The scope before and after, from either; the same twice where nothing says otherwise."""
        key = scope_key(scope)
        if key in self._new:
            earlier = key if key in self._old else scope_key(self._earlier.get(key, key))
            return earlier, key
        if key in self._old:
            return key, scope_key(self._later.get(key, key))
        return key, key


def _ids(resources: Iterable[Resource]) -> dict[str, str]:
    return {resource.urn: resource.id for resource in resources if resource.id}


def _known(ids: Mapping[str, str]) -> frozenset[str]:
    return frozenset(scope_key(one) for one in ids.values())
