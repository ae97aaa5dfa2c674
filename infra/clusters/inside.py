"""What is in the Kubernetes cluster: namespaces with their shares, policies and rights; sizes of pods.

It is made by the Kubernetes API, as whoever runs the program: kubelogin gets a token of Entra, no credential
is in the kubeconfig.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as kubernetes
import yaml
from pulumi_azure_native import containerservice as aks

from infra.clusters import manifests
from infra.sections.inside import Inside, Namespace
from infra.sections.kubernetes_ml import InstanceType

if TYPE_CHECKING:
    from infra.clusters.aks_chapter import Aks
    from infra.environment import Environment
    from infra.sections.core import Groups

_LABEL = re.compile(r"(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
# What an API server never changes, and the provider does not know of: k8s.io/kubernetes 1.34, pkg/apis/
# scheduling/validation, ValidatePriorityClassUpdate.
_FIXED = {"PriorityClass": ["value", "preemptionPolicy"]}
_CLASSES: dict[str, Any] = {
    "Namespace": kubernetes.core.v1.Namespace,
    "ResourceQuota": kubernetes.core.v1.ResourceQuota,
    "LimitRange": kubernetes.core.v1.LimitRange,
    "NetworkPolicy": kubernetes.networking.v1.NetworkPolicy,
    "PriorityClass": kubernetes.scheduling.v1.PriorityClass,
    "RoleBinding": kubernetes.rbac.v1.RoleBinding,
    "ClusterRole": kubernetes.rbac.v1.ClusterRole,
    "ClusterRoleBinding": kubernetes.rbac.v1.ClusterRoleBinding,
}


@dataclass(frozen=True, kw_only=True)
class ClusterInsideArgs:
    """The cluster, and what is to be in it."""

    resource_group: pulumi.Input[str]
    cluster: aks.ManagedCluster
    settings: Inside
    groups: Groups
    azureml_namespace: str  # where jobs of Azure ML run
    pods: str  # addresses of all pods
    sizes: tuple[InstanceType, ...]
    after: Sequence[pulumi.Resource]  # rights in the cluster, and nodes
    tags: dict[str, str]


class ClusterInside(pulumi.ComponentResource):
    """Namespaces per team, priorities, and who sees which sizes of pod there are."""

    namespaces: list[pulumi.Resource]

    def __init__(
        self, name: str, args: ClusterInsideArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("twinloop:infra:ClusterInside", name, None, opts)
        self._name, self._args, self._labels = name, args, labels(args.tags)
        self._provider = kubernetes.Provider(
            f"{name}-provider",
            kubeconfig=self._kubeconfig(),
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self.namespaces = []
        for team in args.settings.namespaces:
            made = self._made(team.name, manifests.namespace(team, self._labels))
            self.namespaces.append(made)
            for suffix, manifest in self._contents(team):
                self._made(f"{team.name}-{suffix}", manifest, made)
        for one in args.settings.priorities:
            self._made(f"priority-{one.name}", manifests.priority(one))
        if everybody := self._everybody():
            reader = self._made("sizes", manifests.instance_type_reader())
            self._made("sizes-for-all", manifests.readers(everybody), reader)
        self.register_outputs({"namespaces": [team.name for team in args.settings.namespaces]})

    def instance_types(self, extension: pulumi.Resource) -> None:
        """Sizes of pods; their kind comes with the extension of Azure ML."""
        for size in self._args.sizes:
            manifest = manifests.instance_type(size)
            kubernetes.apiextensions.CustomResource(
                f"{self._name}-size-{size.name}",
                api_version=manifest["apiVersion"],
                kind=manifest["kind"],
                metadata=self._labelled(manifest),
                spec=manifest["spec"],
                opts=self._options([extension]),
            )

    def _contents(self, team: Namespace) -> Iterator[tuple[str, manifests.Manifest]]:
        yield "share", manifests.quota(team)
        yield "containers", manifests.limits(team)
        azureml = team.name == self._args.azureml_namespace
        for suffix, manifest in manifests.policies(team, azureml=azureml, pods=self._args.pods):
            yield f"policy-{suffix}", manifest
        for access in team.access:
            name = f"{access.who}-{access.role}"
            yield name, manifests.binding(team, group_id(access.who, self._args.groups), access.role, name)

    def _everybody(self) -> list[str]:
        found = {
            group_id(access.who, self._args.groups): None
            for team in self._args.settings.namespaces
            for access in team.access
        }
        return list(found)

    def _made(
        self, name: str, manifest: manifests.Manifest, *after: pulumi.Resource
    ) -> pulumi.CustomResource:
        inputs = {_snake(key): one for key, one in manifest.items() if key not in {"apiVersion", "kind"}}
        inputs["metadata"] = self._labelled(manifest)
        made: pulumi.CustomResource = _CLASSES[manifest["kind"]](
            f"{self._name}-{name}", **inputs, opts=self._options(after, manifest["kind"])
        )
        return made

    def _labelled(self, manifest: manifests.Manifest) -> manifests.Manifest:
        """The object's metadata with our tags as labels: who looks with kubectl sees whose it is."""
        metadata = manifest["metadata"]
        return {**metadata, "labels": {**self._labels, **metadata.get("labels", {})}}

    def _options(self, after: Sequence[pulumi.Resource], kind: str = "") -> pulumi.ResourceOptions:
        fixed = _FIXED.get(kind)
        return pulumi.ResourceOptions(
            parent=self,
            provider=self._provider,
            depends_on=list(after),
            replace_on_changes=fixed,
            delete_before_replace=True if fixed else None,
        )

    def _kubeconfig(self) -> pulumi.Output[str]:
        """Of a cluster that is there: while it is only planned, nobody is asked, and it is not known."""
        cluster, login = self._args.cluster, self._args.settings.login
        there = pulumi.Output.all(cluster.name, cluster.provisioning_state).apply(lambda told: str(told[0]))
        answer = aks.list_managed_cluster_user_credentials_output(
            resource_group_name=self._args.resource_group, resource_name=there, format="exec"
        )
        text = answer.apply(lambda found: signed_in_by(login, (found.kubeconfigs or [])[0].value))
        secret: pulumi.Output[str] = pulumi.Output.secret(text)
        return secret


def furnish(environment: Environment, cluster: Aks, settings: Inside) -> ClusterInside:
    """Declare what is in the cluster of an environment."""
    whole = environment.settings.kubernetes
    assert whole is not None  # noqa: S101 - a cluster was declared by it
    return ClusterInside(
        "inside",
        ClusterInsideArgs(
            resource_group=environment.group.name,
            cluster=cluster.cluster.cluster,
            settings=settings,
            groups=environment.settings.access.groups,
            azureml_namespace=whole.attach.namespace,
            pods=whole.spaces.pods,
            sizes=whole.attach.instance_types,
            after=[*cluster.ways_in.assignments.values(), *cluster.pools.pools.values()],
            tags=environment.tags,
        ),
    )


def signed_in_by(login: str, encoded: str) -> str:
    """A kubeconfig of Azure, in which kubelogin signs in as the settings say: nobody types a code in CI.

    Args:
        login: kubelogin's word for it, https://azure.github.io/kubelogin/concepts/login-modes.html
        encoded: the kubeconfig in base64, as Azure answers it.
    """
    document = yaml.safe_load(base64.b64decode(encoded))
    for user in document.get("users", ()):
        arguments = (user["user"].get("exec") or {}).get("args") or []
        if "--login" in arguments:
            arguments[arguments.index("--login") + 1] = login
    text: str = yaml.safe_dump(document, sort_keys=False)
    return text


def labels(tags: dict[str, str]) -> dict[str, str]:
    """Tags as labels, as far as labels take them: no addresses of people, no blanks."""
    return {key: value for key, value in tags.items() if _LABEL.fullmatch(key) and _LABEL.fullmatch(value)}


def group_id(who: str, groups: Groups) -> str:
    """The Entra group that a word of the settings means; a GUID is one already."""
    return str(getattr(groups, who.replace("-", "_"), who))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
