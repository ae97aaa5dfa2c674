"""What makes a Kubernetes cluster a compute of the workspace: the way in, the extension, the attachment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native import kubernetesconfiguration
from pulumi_azure_native import machinelearningservices as ml

from infra.sections.kubernetes_ml import Attach, Extension, InstanceType
from infra.sections.pools import AZURE_ML_LABEL, POOL_LABEL

EXTENSION = "azureml"  # its name; the extension's own namespace is called so, too
# What Azure ML may do in a cluster without local accounts. Source: Azure/AML-Kubernetes #261 and #275.
TRUSTED_ROLE = "Microsoft.MachineLearningServices/workspaces/mlworkload"


@dataclass(frozen=True, kw_only=True)
class MachineLearningArgs:
    """The cluster, the workspace, and what the one gets of the other."""

    resource_group: pulumi.Input[str]
    location: str
    provider: str  # of the cluster: Microsoft.ContainerService or Microsoft.Kubernetes
    kind: str  # managedClusters or connectedClusters
    cluster_name: pulumi.Input[str]
    cluster_id: pulumi.Input[str]
    workspace_name: pulumi.Input[str]
    workspace_id: pulumi.Input[str]
    extension: Extension
    attach: Attach
    trusted: bool  # whether Azure ML comes in by a trusted access binding
    identity_id: pulumi.Input[str] | None  # of jobs on the cluster
    node_selector: Mapping[str, str]  # where the pods of Azure ML go
    after: Sequence[pulumi.Resource]
    tags: dict[str, str]


class MachineLearning(pulumi.ComponentResource):
    """The extension in the cluster, and the cluster as a compute of the workspace."""

    extension: kubernetesconfiguration.Extension
    compute: ml.Compute

    def __init__(
        self, name: str, args: MachineLearningArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("twinloop:infra:MachineLearning", name, None, opts)
        first: list[pulumi.Resource] = list(args.after)
        if args.trusted:
            first.append(
                aks.TrustedAccessRoleBinding(
                    f"{name}-trusted",
                    trusted_access_role_binding_name="azureml",
                    resource_name_=args.cluster_name,
                    resource_group_name=args.resource_group,
                    source_resource_id=args.workspace_id,
                    roles=[TRUSTED_ROLE],
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        self.extension = kubernetesconfiguration.Extension(
            f"{name}-extension",
            extension_name=EXTENSION,
            extension_type="Microsoft.AzureML.Kubernetes",
            cluster_rp=args.provider,
            cluster_resource_name=args.kind,
            cluster_name=args.cluster_name,
            resource_group_name=args.resource_group,
            auto_upgrade_minor_version=True,
            release_train=args.extension.release_train.capitalize(),
            scope=kubernetesconfiguration.ScopeArgs(
                cluster=kubernetesconfiguration.ScopeClusterArgs(release_namespace=EXTENSION)
            ),
            identity=kubernetesconfiguration.IdentityArgs(
                type=kubernetesconfiguration.ResourceIdentityType.SYSTEM_ASSIGNED
            ),
            configuration_settings=extension_settings(args.extension, args.node_selector),
            opts=pulumi.ResourceOptions(parent=self, depends_on=first),
        )
        self.compute = self._attached(name, args, first)
        self.register_outputs({"compute_name": self.compute.name})

    def _attached(self, name: str, args: MachineLearningArgs, after: Sequence[pulumi.Resource]) -> ml.Compute:
        attach = args.attach
        return ml.Compute(
            f"{name}-{attach.name}",
            compute_name=attach.name,
            workspace_name=args.workspace_name,
            resource_group_name=args.resource_group,
            location=args.location,
            identity=None
            if args.identity_id is None
            else ml.ManagedServiceIdentityArgs(
                type=ml.ManagedServiceIdentityType.USER_ASSIGNED,
                user_assigned_identities=[args.identity_id],
            ),
            properties=ml.KubernetesArgs(
                compute_type="Kubernetes",
                resource_id=args.cluster_id,
                disable_local_auth=True,
                properties=ml.KubernetesPropertiesArgs(
                    namespace=attach.namespace,
                    default_instance_type=attach.default_instance_type,
                    instance_types={kind.name: instance_type(kind) for kind in attach.instance_types},
                ),
            ),
            tags=args.tags | {"purpose": "kubernetes"},
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*after, self.extension],
                # Azure ML cannot update an attachment: detach, then attach under the same name.
                replace_on_changes=["properties"],
                delete_before_replace=True,
            ),
        )


def extension_settings(extension: Extension, node_selector: Mapping[str, str]) -> dict[str, str]:
    """The extension's settings as it takes them: all are texts."""
    found = {
        "enableTraining": extension.training,
        "enableInference": extension.inference,
        "installNvidiaDevicePlugin": extension.nvidia_device_plugin,
        "installDcgmExporter": extension.dcgm_exporter,
        "installPromOp": extension.prometheus_operator,
        "installVolcano": extension.volcano,
    }
    texts = {key: str(value) for key, value in found.items()}
    texts |= {f"nodeSelector.{key}": value for key, value in node_selector.items()}
    if not extension.inference:
        return texts
    texts |= {
        "inferenceRouterServiceType": str(extension.router),
        "inferenceRouterHA": str(extension.router_ha),
        "allowInsecureConnections": str(extension.insecure),
    }
    if extension.router == "LoadBalancer" and extension.internal:
        texts["internalLoadBalancerProvider"] = "azure"
    if extension.tls is not None:
        texts |= {"sslSecret": extension.tls.secret, "sslCname": extension.tls.host}
    return texts


def instance_type(kind: InstanceType) -> ml.InstanceTypeSchemaArgs:
    """A size of pod: what it asks for is what it may use, so that nodes are never overbooked."""
    amounts = {"cpu": f"{kind.cpu:g}", "memory": f"{kind.memory_gib:g}Gi"}
    amounts |= {"nvidia.com/gpu": str(kind.gpus)} if kind.gpus else {}
    return ml.InstanceTypeSchemaArgs(
        node_selector={POOL_LABEL: kind.pool},
        resources=ml.InstanceTypeSchemaResourcesArgs(requests=amounts, limits=amounts),
    )


def node_selector() -> dict[str, str]:
    """Labels of the nodes that Azure ML may use.

    An instance type's own selector comes on top of it, so that it must be one that all those pools have.
    """
    return dict(AZURE_ML_LABEL)
