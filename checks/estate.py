"""How planned resources belong together: a workspace and what it is made of, and who runs as which identity.

Everything is joined by ARM ids in lower case, so that it holds before anything exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.plan import UNKNOWN, Resource

ML = "azure-native:machinelearningservices:"
WORKSPACE, COMPUTE, REGISTRY = f"{ML}Workspace", f"{ML}Compute", f"{ML}Registry"
DATASTORE, OUTBOUND_RULE = f"{ML}Datastore", f"{ML}ManagedNetworkSettingsRule"
ONLINE_ENDPOINT, BATCH_ENDPOINT = f"{ML}OnlineEndpoint", f"{ML}BatchEndpoint"
KUBERNETES = "azure-native:containerservice:ManagedCluster"
STORAGE = "azure-native:storage:StorageAccount"
CONTAINER = "azure-native:storage:BlobContainer"
FEDERATED = "azure-native:managedidentity:FederatedIdentityCredential"
_PARTS = {
    "storage": "storageAccount",
    "vault": "keyVault",
    "images": "containerRegistry",
    "insights": "applicationInsights",
}


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """A workspace and what belongs to it."""

    resource: Resource
    parts: Mapping[str, str]
    """ARM ids in lower case by `storage`, `vault`, `images`, `insights`; what is not known is left out."""
    computes: tuple[Resource, ...] = ()
    endpoints: tuple[Resource, ...] = ()
    datastores: tuple[Resource, ...] = ()
    rules: tuple[Resource, ...] = ()

    @property
    def id(self) -> str:
        """ARM id, in lower case."""
        return key(self.resource.id)

    @property
    def isolation(self) -> str:
        """Isolation mode of the managed network."""
        network = self.resource.inputs.get("managedNetwork")
        mode = network.get("isolationMode") if isinstance(network, Mapping) else None
        return str(mode or "Disabled")

    @property
    def closed(self) -> bool:
        """Whether it refuses the public network."""
        return str(self.resource.inputs.get("publicNetworkAccess") or "Enabled").lower() == "disabled"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Something that acts as an identity."""

    kind: str
    """`workspace`, `cluster`, `build`, `instance`, `endpoint` or `kubelet`."""
    resource: Resource
    identity: str
    """ARM id of the identity in lower case; of the resource itself where the identity is its own."""
    workplace: Workplace | None = None


@dataclass(frozen=True)
class Estate:
    """All that is looked at together."""

    resources: tuple[Resource, ...]
    workplaces: tuple[Workplace, ...]
    by_id: Mapping[str, Resource] = field(repr=False)

    def of(self, token: str) -> tuple[Resource, ...]:
        """Resources of a type."""
        return tuple(one for one in self.resources if one.type == token)

    def holders(self) -> Iterator[Holder]:
        """Whatever runs as an identity that the plan names."""
        for place in self.workplaces:
            primary = place.resource.inputs.get("primaryUserAssignedIdentity")
            names = [primary] if primary else identities(place.resource)
            for name in names:
                if isinstance(name, str) and name != UNKNOWN:
                    yield Holder(
                        kind="workspace", resource=place.resource, identity=key(name), workplace=place
                    )
            for compute in place.computes:
                yield from _compute(compute, place)
            for endpoint in place.endpoints:
                if endpoint.type == ONLINE_ENDPOINT:
                    yield from _each("endpoint", endpoint, place)
        for cluster in self.of(KUBERNETES):
            profile = (cluster.inputs.get("identityProfile") or {}).get("kubeletidentity") or {}
            name = profile.get("resourceId")
            if isinstance(name, str) and name != UNKNOWN:
                yield Holder(kind="kubelet", resource=cluster, identity=key(name))


def estate(resources: Iterable[Resource]) -> Estate:
    """Join resources, of one stack or of several that are looked at together."""
    found = tuple(resources)
    below: dict[str, list[Resource]] = {}
    for one in found:
        if one.type.startswith(ML) and one.id:
            below.setdefault(_workspace_of(one.id), []).append(one)
    places = []
    for one in found:
        if one.type == WORKSPACE:
            mine = below.get(key(one.id), []) if one.id else []
            places.append(
                Workplace(
                    resource=one,
                    parts=dict(_parts(one)),
                    computes=_typed(mine, COMPUTE),
                    endpoints=(*_typed(mine, ONLINE_ENDPOINT), *_typed(mine, BATCH_ENDPOINT)),
                    datastores=_typed(mine, DATASTORE),
                    rules=_typed(mine, OUTBOUND_RULE),
                )
            )
    # What one stack declares and another only reads is known by its declaration.
    by_knowledge = sorted(found, key=lambda one: not one.taken)
    return Estate(found, tuple(places), {key(one.id): one for one in by_knowledge if one.id})


def key(arm_id: str) -> str:
    """An ARM id in the form that ids are compared in."""
    return arm_id.rstrip("/").lower()


def container_of(datastore: Resource, estate_: Estate) -> str:
    """ARM id in lower case of the container behind a datastore; empty where it is not in the plan."""
    properties = datastore.inputs.get("properties") or {}
    account = properties.get("accountName")
    name = properties.get("containerName") or properties.get("filesystem")
    tail = f"/storageaccounts/{account}/blobservices/default/containers/{name}".lower()
    return next((arm_id for arm_id in estate_.by_id if arm_id.endswith(tail)), "")


def attached(place: Workplace) -> tuple[str, ...]:
    """ARM ids in lower case of the Kubernetes clusters that a workspace has as computes."""
    found = []
    for compute in place.computes:
        properties = compute.inputs.get("properties") or {}
        named = properties.get("resourceId")
        if properties.get("computeType") == "Kubernetes" and isinstance(named, str) and named != UNKNOWN:
            found.append(key(named))
    return tuple(found)


def identities(resource: Resource) -> list[str]:
    """ARM ids of the identities that a resource is given."""
    given = resource.inputs.get("identity")
    if not isinstance(given, Mapping):
        return []
    names: Any = given.get("userAssignedIdentities") or ()
    found = [str(name) for name in names if name != UNKNOWN]
    if "systemassigned" in str(given.get("type", "")).lower():
        found.append(resource.id)
    return found


def _compute(compute: Resource, place: Workplace) -> Iterator[Holder]:
    properties = compute.inputs.get("properties") or {}
    kind = {"AmlCompute": "cluster", "ComputeInstance": "instance"}.get(str(properties.get("computeType")))
    if kind is None:
        return
    if kind == "cluster" and compute.inputs.get("computeName") == place.resource.inputs.get(
        "imageBuildCompute"
    ):
        kind = "build"
    yield from _each(kind, compute, place)


def _each(kind: str, resource: Resource, place: Workplace) -> Iterator[Holder]:
    for name in identities(resource):
        yield Holder(kind=kind, resource=resource, identity=key(name), workplace=place)


def _parts(workspace: Resource) -> Iterator[tuple[str, str]]:
    for word, property_ in _PARTS.items():
        value = workspace.inputs.get(property_)
        if isinstance(value, str) and value != UNKNOWN:
            yield word, key(value)


def _typed(resources: Iterable[Resource], token: str) -> tuple[Resource, ...]:
    return tuple(one for one in resources if one.type == token)


def _workspace_of(arm_id: str) -> str:
    parts = key(arm_id).split("/")
    return "/".join(parts[: parts.index("workspaces") + 2]) if "workspaces" in parts else key(arm_id)
