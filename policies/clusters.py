"""Kubernetes clusters and what is declared in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.plan import UNKNOWN, Resource
from policies import kinds
from policies.levels import NOT_IN_REHEARSAL
from policies.reading import is_known, said, value_at
from policies.rules import Breach, Demand, Planned, Rule, name_of

_WHERE = "under twinloop:kubernetes, or where the cluster is declared"
# Keys that pods of Azure ML pass, those of AKS itself, and the GPU taint that AKS answers by a toleration:
# machine-learning/reference-kubernetes.md, "Supported Azure Machine Learning taints and tolerations".
_TOLERATED = ("ml.azure.com/", "kubernetes.azure.com/", "CriticalAddonsOnly", "nvidia.com/gpu")
_BASELINE = "Azure security baseline for Azure Kubernetes Service"
_SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def _pools(resource: Resource) -> Iterator[tuple[str, dict[str, Any]]]:
    if resource.type == kinds.POOL:
        yield name_of(resource), dict(resource.inputs)
    for pool in resource.inputs.get("agentPoolProfiles") or () if resource.type == kinds.AKS else ():
        if isinstance(pool, dict):
            yield f"pool '{pool.get('name')}' of {name_of(resource)}", pool


def _fixed_size(resource: Resource) -> Iterator[Breach]:
    for name, pool in _pools(resource):
        if (
            pool.get("mode") != "System"
            and is_known(pool.get("enableAutoScaling"))
            and not pool.get("enableAutoScaling")
        ):
            yield Breach(
                what=f"{name}: enableAutoScaling is {said(pool.get('enableAutoScaling'))}, so that its nodes "
                "stay whether there is work or not",
                fix=f"minNodes below maxNodes for the pool {_WHERE}",
            )


def _not_tolerated(resource: Resource) -> Iterator[Breach]:
    for name, pool in _pools(resource):
        for taint in pool.get("nodeTaints") or ():
            if is_known(taint) and not str(taint).startswith(_TOLERATED):
                yield Breach(
                    what=f"{name} has the taint {taint}, which no pod of Azure ML tolerates: jobs wait",
                    fix=f"a taint like ml.azure.com/amlarc-workload=true:NoSchedule {_WHERE}",
                )


def _names(objects: Iterable[Resource]) -> set[str]:
    return {
        str(value_at(one.inputs, "metadata.namespace") or "")
        if isinstance(one.inputs.get("metadata"), Mapping)
        else UNKNOWN
        for one in objects
    }


def _namespaces(planned: Planned) -> Iterator[tuple[Resource, str]]:
    for resource in planned.of(kinds.NAMESPACE):
        if not isinstance(resource.inputs.get("metadata"), Mapping):
            continue  # a preview of the official CLI knows nothing of what the cluster will say
        name = str(value_at(resource.inputs, "metadata.name") or resource.name)
        if is_known(name) and name not in _SYSTEM_NAMESPACES:
            yield resource, name


def _without_quota(planned: Planned) -> Iterator[Breach]:
    limited = _names(planned.of(kinds.QUOTA))
    for resource, name in _namespaces(planned):
        if not limited & {name, UNKNOWN}:
            yield Breach(
                urn=resource.urn,
                what=f"namespace '{name}' has no ResourceQuota: its pods may take every node of the cluster",
                fix="declare a ResourceQuota for it where the team's namespace is declared",
            )


def _without_deny(planned: Planned) -> Iterator[Breach]:
    closed = _names(one for one in planned.of(kinds.NETWORK_POLICY) if _denies_by_default(one))
    for resource, name in _namespaces(planned):
        if not closed & {name, UNKNOWN}:
            yield Breach(
                urn=resource.urn,
                what=f"namespace '{name}' has no NetworkPolicy that denies by default: every pod of the "
                "cluster reaches its pods",
                fix="declare one with an empty podSelector and policyTypes Ingress (and Egress) for it",
            )


def _denies_by_default(policy: Resource) -> bool:
    """It chooses every pod, speaks of what comes in, and lets nothing in."""
    spec = policy.inputs.get("spec") or {}
    if not isinstance(spec, Mapping):
        return True  # only the cluster can say, and it may
    chosen = spec.get("podSelector") or {}
    everyone = not chosen.get("matchLabels") and not chosen.get("matchExpressions")
    return everyone and "Ingress" in (spec.get("policyTypes") or ()) and not spec.get("ingress")


RULES = (
    Rule(
        name="kubernetes-has-no-local-accounts",
        title="A Kubernetes cluster has no local accounts.",
        why="the administrator's certificate of such an account is nobody's, and cannot be taken back",
        source=f"{_BASELINE}, IM-1; Azure Policy 993c2fcd-2b29-49d2-9eb0-df2c3a730c32",
        demands=(
            Demand(
                type=kinds.AKS,
                path="disableLocalAccounts",
                allowed=(True,),
                default=False,
                fix="disableLocalAccounts True where the cluster is declared; Azure ML comes in by a trusted "
                "access binding",
            ),
        ),
    ),
    Rule(
        name="kubernetes-asks-entra",
        title="Who may do what in a cluster is decided by Entra and Azure's roles.",
        why="people who left would keep their access, and no review of roles shows it",
        source=f"{_BASELINE}, IM-1 and PA-7; Azure Policy ac4a19c2-fa67-49b4-8ae5-0b2e78c49457",
        demands=(
            *(
                Demand(
                    type=kinds.AKS,
                    path=path,
                    allowed=(True,),
                    default=False,
                    fix=f"{path} True where the cluster is declared",
                )
                for path in ("aadProfile.managed", "aadProfile.enableAzureRBAC")
            ),
            Demand(
                type=kinds.AKS,
                path="enableRBAC",
                allowed=(True,),
                default=True,
                fix="enableRBAC True where the cluster is declared; it cannot change later",
            ),
        ),
    ),
    Rule(
        name="kubernetes-tier",
        title="Production's cluster has a control plane that Azure answers for.",
        why="the free tier promises nothing, and an API server that is away takes endpoints' scaling with it",
        source="Azure Kubernetes Service: Free, Standard and Premium pricing tiers for cluster management",
        advisory_in=NOT_IN_REHEARSAL,
        demands=(
            Demand(
                type=kinds.AKS,
                path="sku.tier",
                allowed=("Standard", "Premium"),
                default="Free",
                fix=f"tier: Standard {_WHERE}",
            ),
        ),
    ),
    Rule(
        name="kubernetes-is-patched",
        title="A cluster takes new versions and node images by itself.",
        why="a version that nobody moved is out of support after a year, and its holes are public",
        source=f"{_BASELINE}, PV-3 and PV-6; Azure Kubernetes Service: Automatically upgrade a cluster",
        demands=(
            Demand(
                type=kinds.AKS,
                path="autoUpgradeProfile.upgradeChannel",
                allowed=("stable", "patch", "rapid", "node-image"),
                default="none",
                fix=f"an upgrade channel {_WHERE}",
            ),
            Demand(
                type=kinds.AKS,
                path="autoUpgradeProfile.nodeOSUpgradeChannel",
                allowed=("NodeImage", "SecurityPatch"),
                default="NodeImage",
                fix=f"node images by the channel NodeImage {_WHERE}",
            ),
        ),
    ),
    Rule(
        name="pools-follow-the-work",
        title="Pools of nodes for work grow and shrink with it.",
        why="nodes of a pool that cannot shrink cost whether jobs run or not",
        source="Azure Kubernetes Service: Use the cluster autoscaler",
        types=(kinds.AKS, kinds.POOL),
        check=_fixed_size,
    ),
    Rule(
        name="taints-that-jobs-tolerate",
        title="Taints of pools are such that pods of Azure ML pass them.",
        why="any other taint leaves every job and endpoint of the pool pending, and nothing says why",
        source="Azure Machine Learning: Reference for configuring Kubernetes clusters, supported taints and "
        "tolerations",
        types=(kinds.AKS, kinds.POOL),
        check=_not_tolerated,
        advisory_in=frozenset(),
    ),
    Rule(
        name="namespaces-have-quotas",
        title="Every namespace has a quota.",
        why="one team's sweep would leave the other teams' endpoints without nodes",
        source=f"{_BASELINE}, NS-1; Kubernetes: Resource Quotas",
        whole=_without_quota,
    ),
    Rule(
        name="namespaces-deny-by-default",
        title="Every namespace lets nothing in that it does not name.",
        why="one broken pod would reach every other one of the cluster",
        source=f"{_BASELINE}, NS-1; Kubernetes: Network Policies, default deny all ingress traffic",
        whole=_without_deny,
    ),
)
