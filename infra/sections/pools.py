"""Settings of a pool of nodes, with the taints that Azure ML's pods pass: a wrong one leaves jobs pending."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from checks.catalogue.vm_sizes import vm_sizes
from infra.sections.shapes import AS_TEXT, Section, VmSize, example

# Taints that Azure ML's pods tolerate: who passes each. Source: MicrosoftDocs/azure-ai-docs, articles/
# machine-learning/reference-kubernetes.md, "Supported Azure Machine Learning taints and tolerations".
PREFIX = "ml.azure.com/"
EVERYBODY, SERVICES, WORKLOADS = f"{PREFIX}amlarc", f"{PREFIX}amlarc-system", f"{PREFIX}amlarc-workload"
SCOPED = (f"{PREFIX}resource-group", f"{PREFIX}workspace", f"{PREFIX}compute")  # workloads of one of those
AZURE_ML_KEYS = (EVERYBODY, SERVICES, WORKLOADS, *SCOPED)
# AKS runs the ExtendedResourceToleration controller: pods that ask for GPUs get this toleration (Azure/AKS
# #1449).
GPU_TAINT = "nvidia.com/gpu=present:NoSchedule"
SYSTEM_TAINT = "CriticalAddonsOnly=true:NoSchedule"  # only pods of the cluster itself; set by the program
OF_AKS = "kubernetes.azure.com/"  # labels and taints below it are AKS's own
POOL_LABEL, AZURE_ML_LABEL = "pool", {"workload": "azureml"}  # set by the program

_TAINT = re.compile(
    r"(?P<key>([a-z0-9.-]+/)?[A-Za-z0-9][A-Za-z0-9_.-]*)=(?P<value>[A-Za-z0-9_.-]*)"
    r":(?P<effect>NoSchedule|NoExecute|PreferNoSchedule)"
)

Purpose = Literal["system", "inference", "training", "jobs"]
TaintText = Annotated[
    str, Field(min_length=3, max_length=200), example("ml.azure.com/amlarc-workload=true:NoSchedule")
]


class Spot(Section):
    """Nodes at spot price, which Azure may take away at any time."""

    resumes: Annotated[
        str, Field(min_length=10), example("jobs write a checkpoint every ten minutes and start from it")
    ]
    max_price: Annotated[float, Field(ge=-1), example(-1)] = -1  # US dollars an hour; -1: the list price

    @model_validator(mode="after")
    def _a_price_or_none(self) -> Spot:
        if self.max_price <= 0 and self.max_price != -1:
            raise ValueError("maxPrice above 0 (US dollars an hour), or -1 for up to the list price")
        return self


class Pool(Section):
    """Nodes of one size, for one purpose.

    `system` carries the cluster's own pods, `inference` endpoints and the services of the Azure ML extension,
    `training` jobs of Azure ML, `jobs` what teams start in the cluster themselves.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,11}$"), example("gpu")]  # AKS: 12 for Linux
    purpose: Annotated[Purpose, example("training")]
    gpu: bool = False
    gpu_slice: Annotated[Literal["MIG1g", "MIG2g", "MIG3g", "MIG4g", "MIG7g"], example("MIG1g")] | None = None
    vm_size: VmSize
    min_nodes: Annotated[int, Field(ge=0, le=1000), example(0)]
    max_nodes: Annotated[int, Field(ge=1, le=1000), example(2)]
    surge: Annotated[int, Field(ge=0, le=10), example(1)] = (
        1  # extra nodes during an upgrade; they need quota
    )
    max_pods: Annotated[int, Field(ge=10, le=250), example(110)] = 110
    disk_gb: Annotated[int, Field(ge=30, le=2048), example(128)] = 128
    zones: tuple[Annotated[Literal["1", "2", "3"], AS_TEXT], ...] = ()
    spot: Spot | None = None
    taints: tuple[TaintText, ...] = ()
    labels: dict[
        Annotated[str, Field(pattern=r"^([a-z0-9.-]+/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")],
        Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,63}$")],
    ] = Field(default_factory=dict)

    @property
    def for_azureml(self) -> bool:
        """Whether Azure ML's pods run here."""
        return self.purpose in {"inference", "training"}

    @property
    def mode(self) -> Literal["System", "User"]:
        """AKS's word for who the pool is for."""
        return "System" if self.purpose == "system" else "User"

    @property
    def all_labels(self) -> dict[str, str]:
        """Labels of its nodes: its own, its name, and that Azure ML is at home here."""
        return self.labels | {POOL_LABEL: self.name} | (AZURE_ML_LABEL if self.for_azureml else {})

    @property
    def all_taints(self) -> tuple[str, ...]:
        """Taints that are declared; what AKS adds to spot nodes is not among them."""
        return (SYSTEM_TAINT,) if self.purpose == "system" else self.taints

    @model_validator(mode="after")
    def _sizes_make_sense(self) -> Pool:
        if self.min_nodes > self.max_nodes:
            raise ValueError(f"minNodes at most maxNodes ({self.max_nodes}), and not {self.min_nodes}")
        if self.purpose in {"system", "inference"} and self.min_nodes < 1:
            raise ValueError(f"minNodes 1 at least with purpose {self.purpose}: its pods always run")
        has_gpu = vm_sizes()[self.vm_size].gpus > 0
        if self.gpu != has_gpu:
            said = f"gpu: {str(has_gpu).lower()} with vmSize {self.vm_size}"
            raise ValueError(f"{said}, which has {'a' if has_gpu else 'no'} GPU")
        if self.gpu_slice is not None and "A100" not in vm_sizes()[self.vm_size].gpu:
            raise ValueError("gpuSlice with a vmSize that has A100 GPUs: others cannot be cut into slices")
        if self.purpose == "system" and (self.gpu or self.labels or self.taints):
            raise ValueError("neither gpu, labels nor taints with purpose system: AKS keeps those nodes")
        return self

    @model_validator(mode="after")
    def _spot_is_for_jobs_that_resume(self) -> Pool:
        if self.spot is not None and self.purpose != "jobs":
            raise ValueError(
                "spot with purpose jobs only: AKS taints spot nodes with "
                f"{OF_AKS}scalesetpriority=spot:NoSchedule, and pods of Azure ML do not tolerate it, "
                "so that they would stay pending; for cheap training use priority LowPriority under clusters"
            )
        if self.spot is not None and self.min_nodes > 0:
            raise ValueError("minNodes 0 with spot: no node can be promised")
        return self

    @model_validator(mode="after")
    def _labels_are_free(self) -> Pool:
        kept = {POOL_LABEL, *AZURE_ML_LABEL}
        for key in self.labels:
            if key in kept or key.startswith(OF_AKS):
                raise ValueError(
                    f"labels other than {', '.join(sorted(kept))}, which the program sets, and {OF_AKS}*"
                )
        return self

    @model_validator(mode="after")
    def _pods_tolerate_the_taints(self) -> Pool:
        for text in self.taints:
            taint = _TAINT.fullmatch(text)
            if taint is None:
                raise ValueError(
                    f"taints as key=value:effect, e.g. {WORKLOADS}=true:NoSchedule; not '{text}'"
                )
            self._judge(text, taint["key"], taint["value"])
        return self

    def _judge(self, text: str, key: str, value: str) -> None:
        if key.startswith(OF_AKS):
            raise ValueError(f"no taint below {OF_AKS}: AKS sets those itself; given '{text}'")
        if not self.for_azureml:
            return
        if key not in AZURE_ML_KEYS and not (self.gpu and text == GPU_TAINT):
            allowed = ", ".join(AZURE_ML_KEYS)
            raise ValueError(
                f"taints that pods of Azure ML tolerate: keys {allowed}"
                + (f", or {GPU_TAINT}" if self.gpu else "")
                + f"; with '{text}' jobs would stay pending for ever"
            )
        if key in {EVERYBODY, SERVICES, WORKLOADS} and value != "true":
            raise ValueError(f"{key}=true, which is the value that pods tolerate; given '{text}'")
        if self.purpose == "inference" and key != EVERYBODY:
            raise ValueError(
                f"{EVERYBODY}=true at most with purpose inference: both the extension's services and "
                f"endpoints run there, and only that taint lets both in; given '{text}'"
            )
        if self.purpose == "training" and key == SERVICES:
            raise ValueError(f"no {SERVICES} with purpose training: jobs do not tolerate it; given '{text}'")
