"""Settings of what Azure ML gets of a Kubernetes cluster: the extension in it, and its attachment."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.catalogue.vm_sizes import vm_sizes
from infra.sections.shapes import ClusterName, Section, example

# DNS label of Kubernetes: lower case, digits and hyphens, at most 63.
_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_ONE_SIZE = '[{"name": "cpu-small", "pool": "aml", "cpu": 2, "memoryGib": 4}]'
NAMESPACES_OF_OTHERS = ("default", "kube-system", "kube-public", "kube-node-lease", "azureml")


class Tls(Section):
    """The certificate of the inference router: a secret of the cluster, in the namespace `azureml`.

    It holds `cert.pem` and `key.pem`; keys never pass through the settings.
    """

    secret: Annotated[str, Field(pattern=_LABEL), example("router-tls")]
    host: Annotated[
        str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"), example("models.ml.example.com")
    ]  # sslCname


class Extension(Section):
    """The Azure ML extension (its settings: azure-ai-docs, how-to-deploy-kubernetes-extension.md)."""

    training: bool
    inference: bool
    router: Annotated[Literal["LoadBalancer", "NodePort", "ClusterIP"], example("ClusterIP")] | None = None
    internal: bool = True  # a LoadBalancer in the network, and not one with a public address
    router_ha: bool = False  # three replicas
    insecure: bool = False  # endpoints by http
    tls: Tls | None = None
    nvidia_device_plugin: bool = False  # only where nothing else installs it
    dcgm_exporter: bool = False
    prometheus_operator: bool = True
    volcano: bool = True
    release_train: Annotated[Literal["stable", "preview"], example("stable")] = "stable"

    @model_validator(mode="after")
    def _it_does_something(self) -> Extension:
        if not self.training and not self.inference:
            raise ValueError("training or inference, or both: else the extension does nothing")
        if self.inference and self.router is None:
            raise ValueError("router (LoadBalancer, NodePort or ClusterIP) with inference: true")
        if not self.inference and (self.router or self.tls or self.insecure or self.router_ha):
            raise ValueError("router, routerHa, tls and insecure with inference: true only")
        if self.inference and self.insecure == (self.tls is not None):
            raise ValueError("either tls, or insecure: true for development; endpoints must have one of them")
        return self


class InstanceType(Section):
    """A size of pod that jobs and deployments ask for by name."""

    name: Annotated[str, Field(pattern=_LABEL), example("gpu-one")]
    pool: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,11}$"), example("gpu")]
    cpu: Annotated[float, Field(gt=0, le=416), example(2)]  # cores
    memory_gib: Annotated[float, Field(gt=0, le=12_000), example(8)]
    gpus: Annotated[int, Field(ge=0, le=16), example(1)] = 0

    def misfit(self, vm_size: str) -> str:
        """Why no node of that size can hold it; empty when one can."""
        size = vm_sizes()[vm_size]
        if self.gpus > size.gpus:
            return f"asks for {self.gpus} GPUs, and {vm_size} has {size.gpus}"
        if self.cpu >= size.vcpus:
            return (
                f"asks for {self.cpu:g} cores, and {vm_size} has {size.vcpus}, of which the node keeps some"
            )
        if self.memory_gib >= size.memory_gib:
            return f"asks for {self.memory_gib:g} GiB, and {vm_size} has {size.memory_gib:g}"
        return ""


class Attach(Section):
    """The cluster as a compute of the workspace. Nothing of it can change: a change detaches and attaches."""

    name: Annotated[ClusterName, example("k8s")]
    namespace: Annotated[str, Field(pattern=_LABEL), example("azureml-jobs")]
    default_instance_type: Annotated[str, Field(pattern=_LABEL), example("cpu-small")]
    instance_types: Annotated[tuple[InstanceType, ...], Field(min_length=1), example(_ONE_SIZE)]

    @model_validator(mode="after")
    def _types_are_known(self) -> Attach:
        names = Counter(kind.name for kind in self.instance_types)
        if self.default_instance_type not in names:
            raise ValueError(f"defaultInstanceType as one of instanceTypes: {', '.join(names)}")
        if max(names.values()) > 1:
            raise ValueError("each name of instanceTypes once")
        if self.namespace in NAMESPACES_OF_OTHERS:
            raise ValueError(
                f"a namespace of its own: {', '.join(NAMESPACES_OF_OTHERS)} belong to the cluster"
            )
        return self
