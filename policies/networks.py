"""Who can reach a service over the network."""

from __future__ import annotations

from collections.abc import Iterator

from checks.exposure_rules import inbound_from_anywhere
from checks.plan import Resource
from policies import kinds
from policies.levels import NOT_IN_REHEARSAL, NOT_SHARED
from policies.reading import is_known, value_at
from policies.rules import Breach, Demand, Planned, Rule, name_of

_CLOSE = "publicAccess: Disabled under twinloop:network of the stack's settings"
_IN_PROGRAM = "publicNetworkAccess Disabled where the program declares it"
_CLOSED = ("Disabled",)


def _closed(type_: str, fix: str, path: str = "publicNetworkAccess") -> Demand:
    return Demand(type=type_, path=path, allowed=_CLOSED, default="Enabled", fix=fix)


def _from_the_internet(resource: Resource) -> Iterator[Breach]:
    for opening in inbound_from_anywhere(resource):
        yield Breach(what=f"{name_of(resource)} lets in {opening.what}: {opening.by}", fix=opening.fix)


def _without_rules(resource: Resource) -> Iterator[Breach]:
    if value_at(resource.inputs, "networkSecurityGroup.id") is None:
        yield Breach(
            what=f"subnet {name_of(resource)} has no network security group",
            fix="give it one where the program declares the subnet (infra/networks/network.py)",
        )


def _answers_all(resource: Resource) -> Iterator[Breach]:
    """An image registry has rules in its Premium tier only, and needs none where it answers nobody."""
    public = value_at(resource.inputs, "publicNetworkAccess") or "Enabled"
    if not is_known(public) or public == "Disabled":
        return
    if str(value_at(resource.inputs, "networkRuleSet.defaultAction")).lower() != "deny":
        sku = value_at(resource.inputs, "sku.name")
        yield Breach(
            what=f"{name_of(resource)} (sku {sku}) answers every network that asks",
            fix=f"sku: Premium under twinloop:images, and allowedNetworks or {_CLOSE}",
        )


def _closed_without_a_way_in(planned: Planned) -> Iterator[Breach]:
    needed = {
        urn for endpoint in planned.of(kinds.PRIVATE_ENDPOINT) for urn in endpoint.depends_on
    }  # the id of what an endpoint leads to is known to the cloud only: what it depends on is not
    targets = " ".join(
        str(value_at(connection, "privateLinkServiceId")).lower()
        for endpoint in planned.of(kinds.PRIVATE_ENDPOINT)
        for connection in endpoint.inputs.get("privateLinkServiceConnections") or ()
    )
    for store in planned.of(kinds.ML_WORKSPACE, kinds.STORAGE, kinds.VAULT, kinds.IMAGES):
        reached = store.urn in needed or (bool(store.id) and store.id.lower() in targets)
        if _is_closed(store) and not reached:
            yield Breach(
                urn=store.urn,
                what=f"{name_of(store)} answers no public network and has no private endpoint: nothing "
                "in the customer's network reaches it",
                fix="turn the private endpoints on in the stack's settings, or open it to named networks",
            )


def _is_closed(store: Resource) -> bool:
    path = "properties.publicNetworkAccess" if store.type == kinds.VAULT else "publicNetworkAccess"
    return bool(value_at(store.inputs, path) == "Disabled")


RULES = (
    Rule(
        name="public-access-closed",
        title="Stores, vaults, registries, workspaces and endpoints answer no public network.",
        why="roles alone would stand between it and the internet: a stolen token works from anywhere",
        source="Azure security baseline for Azure Machine Learning, NS-2: Disable Public Network Access; "
        "Azure Policy 438c38d2-3772-465a-a9cc-7a6666a275ce",
        advisory_in=NOT_SHARED,  # laptops read the shared registry in the inner loop
        demands=(
            _closed(kinds.ML_WORKSPACE, _CLOSE),
            _closed(kinds.STORAGE, _CLOSE),
            _closed(kinds.VAULT, _CLOSE, "properties.publicNetworkAccess"),
            _closed(kinds.IMAGES, f"{_CLOSE}; of a shared registry, under its twinloop:images"),
            _closed(kinds.ML_REGISTRY, "publicAccess: Disabled under twinloop:registry"),
            _closed(kinds.ONLINE_ENDPOINT, _CLOSE, "properties.publicNetworkAccess"),
            _closed(kinds.EVENT_HUBS, _IN_PROGRAM),
            _closed(kinds.TOPIC, _IN_PROGRAM),
            _closed(kinds.DOMAIN, _IN_PROGRAM),
            _closed(kinds.COSMOS, _IN_PROGRAM),
            _closed(kinds.SYNAPSE, _IN_PROGRAM),
            _closed(kinds.POSTGRES, _IN_PROGRAM, "network.publicNetworkAccess"),
        ),
    ),
    Rule(
        name="network-default-deny",
        title="A store that answers named networks refuses all others.",
        why="without it the list of networks is only decoration: everybody else is let in too",
        source="Azure security baseline for Storage, NS-2; Azure security baseline for Key Vault, NS-2",
        demands=(
            Demand(
                type=kinds.STORAGE,
                path="networkRuleSet.defaultAction",
                allowed=("Deny",),
                default="Allow",
                fix="defaultAction Deny in infra/estate/storage.py; who may come in is allowedNetworks",
            ),
            Demand(
                type=kinds.VAULT,
                path="properties.networkAcls.defaultAction",
                allowed=("Deny",),
                default="Allow",
                fix="defaultAction Deny in infra/vault.py; who may come in is allowedNetworks",
            ),
        ),
        types=(kinds.IMAGES,),
        check=_answers_all,
    ),
    Rule(
        name="no-inbound-from-the-internet",
        title="No network security group lets the internet in.",
        why="whatever listens behind it is a host on the internet",
        source="Microsoft cloud security benchmark v1, NS-1: Establish network segmentation boundaries",
        types=(kinds.SECURITY_GROUP, kinds.SECURITY_RULE),
        check=_from_the_internet,
        advisory_in=frozenset(),
    ),
    Rule(
        name="subnets-have-rules",
        title="Every subnet has a network security group.",
        why="without one, every machine of the network reaches every port of the subnet",
        source="Microsoft cloud security benchmark v1, NS-1; "
        "Azure Policy e71308d3-144b-4262-b144-efdc3cc90517",
        types=(kinds.SUBNET,),
        check=_without_rules,
    ),
    Rule(
        name="closed-stores-have-private-endpoints",
        title="What answers no public network has a private endpoint.",
        why="it would be safe and useless: a notebook, a runner and a cluster outside find no way to it",
        source="Azure security baseline for Azure Machine Learning, NS-2: Azure Private Link; "
        "Azure Policy 45e05259-1eb5-4f70-9574-baf73e9d219b",
        whole=_closed_without_a_way_in,
    ),
    Rule(
        name="jobs-leave-by-approved-ways",
        title="The workspace's managed network lets out only what is approved.",
        why="a job can send what it reads wherever its network lets it",
        source="Azure Policy 6ddb1705-c8cf-450e-aa4b-19ad6703c440; Azure Machine Learning: Workspace managed "
        "network isolation",
        demands=(
            Demand(
                type=kinds.ML_WORKSPACE,
                path="managedNetwork.isolationMode",
                allowed=("AllowOnlyApprovedOutbound",),
                default="Disabled",
                fix="isolationMode: AllowOnlyApprovedOutbound under twinloop:managedNetwork (one-way)",
            ),
        ),
    ),
    Rule(
        name="kubernetes-api-private",
        title="The API server of a Kubernetes cluster is private.",
        why="it is the door to everything in the cluster, and would answer the internet",
        source="Azure security baseline for Azure Kubernetes Service, NS-2; "
        "Azure Policy 040732e8-d947-40b8-95d6-854c95024bf8",
        advisory_in=NOT_IN_REHEARSAL,
        demands=(
            Demand(
                type=kinds.AKS,
                path="apiServerAccessProfile.enablePrivateCluster",
                allowed=(True,),
                default=False,
                fix="access: private under api of twinloop:kubernetes",
            ),
        ),
    ),
)
