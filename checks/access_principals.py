"""Who a principal id stands for: groups by the settings' name, identities by what they are for.

An id that the cloud will make is a placeholder before it is made; joining by the resource it belongs to makes
a principal the same before and after, whatever its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.plan import UNKNOWN, Resource

IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
OWN = "(its own identity)"
"""How the name ends of a resource that acts as itself."""
ANYBODY = "anybody:"
"""What the key starts with of a principal of which a plan says neither its id nor what it waits for."""
_KINDS = {
    "azure-native:machinelearningservices:Workspace": "workspace",
    "azure-native:machinelearningservices:Registry": "registry",
    "azure-native:machinelearningservices:Compute": "cluster",
    "azure-native:containerregistry:Registry": "image registry",
    "azure-native:storage:StorageAccount": "storage account",
    "azure-native:containerservice:ManagedCluster": "Kubernetes cluster",
}


@dataclass(frozen=True, kw_only=True)
class Who:
    """A principal, as it is told apart and as it is called."""

    key: str
    name: str
    person: bool = False  # a group of people
    stack: str = ""  # that it is made in; empty for one that is in none


class Principals:
    """The principals of one set of resources, by their id."""

    def __init__(self, resources: Iterable[Resource], people: Mapping[str, str]) -> None:
        self._by_id = {
            object_id.lower(): Who(key=object_id.lower(), name=name, person=True)
            for object_id, name in people.items()
        }
        self._by_urn: dict[str, Who] = {}
        for resource in resources:
            self._add(resource)

    def of(self, assignment: Resource) -> Who | None:
        """Who an assignment is for; None where it says nothing of it."""
        given = assignment.inputs.get("principalId")
        if given is None:
            return None
        principal_id = str(given)
        if principal_id == UNKNOWN:
            return self._behind(assignment)
        known = self._by_id.get(principal_id.lower())
        if known:
            return known
        kind = str(assignment.inputs.get("principalType") or "principal")
        words = {"Group": "group", "ServicePrincipal": "service principal", "User": "user"}.get(kind, kind)
        return Who(key=principal_id.lower(), name=f"{words} {principal_id}", person=kind in ("Group", "User"))

    def named(self, word: str) -> tuple[Who, ...]:
        """Principals that a word means: an object id, a name, a part of it, or that with its stack before it.

        Several where stacks have a principal of the same purpose: `prod/training` is one of them.
        """
        wanted = word.lower()
        found = {}
        # One whose id the cloud has not made yet is known by its name all the same.
        known = (*self._by_id.items(), *(("", who) for who in self._by_urn.values()))
        for principal_id, who in known:
            names = (who.name.lower(), *_parts(who.name.lower()))
            if wanted in (principal_id, who.key, *names, *(f"{who.stack}/{name}" for name in names)):
                found[who.key] = who
        return tuple(found.values())

    def all(self) -> tuple[Who, ...]:
        """Every principal that is known by name."""
        known = (*self._by_id.values(), *self._by_urn.values())
        return tuple({who.key: who for who in known}.values())

    def _behind(self, assignment: Resource) -> Who:
        """The one identity that an assignment waits for, where its id is not known yet."""
        waited = [self._by_urn[urn] for urn in assignment.depends_on if urn in self._by_urn]
        if len(waited) == 1:
            return waited[0]
        word = "unknown:" if assignment.depends_on else ANYBODY
        return Who(key=f"{word}{assignment.urn}", name=f"a principal not known yet (of {assignment.name})")

    def _add(self, resource: Resource) -> None:
        if resource.type == IDENTITY:
            name = str(resource.inputs.get("resourceName") or _last(resource.id) or resource.name)
            purpose = resource.name.removeprefix(_component(resource))
            purpose = purpose.removesuffix("-taken") if resource.taken else purpose
            self._know(resource, resource.outputs.get("principalId"), f"{purpose} ({name})")
        elif _has_own_identity(resource.inputs) or _has_own_identity(resource.outputs):
            kind = _KINDS.get(resource.type, resource.type.rpartition(":")[2])
            identity: Mapping[str, Any] = resource.outputs.get("identity") or {}
            name = f"{kind} {_last(resource.id) or resource.name} {OWN}"
            self._know(resource, identity.get("principalId"), name)

    def _know(self, resource: Resource, principal_id: object, name: str) -> None:
        key = (resource.id or resource.urn).lower()
        who = Who(key=key, name=name, stack=resource.stack)
        self._by_urn[resource.urn] = who
        if isinstance(principal_id, str) and principal_id != UNKNOWN:
            self._by_id[principal_id.lower()] = who


def _parts(name: str) -> tuple[str, ...]:
    head, bracket, rest = name.partition(" (")
    return (head, rest.rstrip(")")) if bracket else ()


def _has_own_identity(properties: Mapping[str, Any]) -> bool:
    identity = properties.get("identity")
    return isinstance(identity, Mapping) and "systemassigned" in str(identity.get("type", "")).lower()


def _component(resource: Resource) -> str:
    """What a component puts before its children's names: `identity-`."""
    name = resource.parent.rpartition("::")[2]
    return f"{name}-" if name else ""


def _last(arm_id: str) -> str:
    return arm_id.rstrip("/").rpartition("/")[2]
