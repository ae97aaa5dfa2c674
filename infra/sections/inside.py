"""Settings of what is in the Kubernetes cluster: what people write under `kubernetes.inside`."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from infra.sections.kubernetes_ml import NAMESPACES_OF_OTHERS
from infra.sections.shapes import Section, example

# kubernetes, apimachinery/pkg/util/validation: a DNS label
_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
# k8s.io/kubernetes, pkg/apis/scheduling/types.go: what lies above is the system's
HIGHEST_PRIORITY = 1_000_000_000
GROUPS = ("data-scientists", "ml-engineers", "platform-admins", "auditors")  # words for those of `access`


def _network(value: str) -> str:
    try:
        return str(IPv4Network(value))
    except ValueError:
        raise ValueError("an IPv4 network whose host bits are zero, e.g. 10.20.0.0/20") from None


def _who(value: str) -> str:
    try:
        return value if value in GROUPS else str(UUID(value))
    except ValueError:
        raise ValueError(f"{', '.join(GROUPS)}, or an Entra group by its object id, a GUID") from None


Name = Annotated[str, Field(pattern=_LABEL), example("team-vision")]
Network = Annotated[str, AfterValidator(_network), example("10.20.0.0/20")]
Who = Annotated[str, AfterValidator(_who), example("data-scientists")]


class Amounts(Section):
    """Cores, memory and GPUs, of a pod or of a whole namespace."""

    cpu: Annotated[float, Field(gt=0, le=10_000), example(4)]  # cores
    memory_gib: Annotated[float, Field(gt=0, le=100_000), example(16)]


class Quota(Amounts):
    """What all pods of a namespace may ask for together."""

    gpus: Annotated[int, Field(ge=0, le=1000), example(1)] = 0
    pods: Annotated[int, Field(ge=1, le=10_000), example(50)] = 50


class Container(Section):
    """What a container gets that says nothing, and the most that one may ask for."""

    request: Amounts
    limit: Amounts
    most: Amounts

    @model_validator(mode="after")
    def _from_small_to_large(self) -> Container:
        for small, large, words in (
            (self.request, self.limit, "request at most limit"),
            (self.limit, self.most, "limit at most most"),
        ):
            if small.cpu > large.cpu or small.memory_gib > large.memory_gib:
                raise ValueError(f"{words}, in cpu and in memoryGib")
        return self


class Access(Section):
    """A group of Entra, and what it may do in a namespace, as a role that every cluster has."""

    who: Who
    role: Annotated[Literal["view", "edit", "admin"], example("edit")]
    reason: Annotated[str, Field(min_length=10), example("the team debugs jobs of its own")]


class WayOut(Section):
    """Where pods of a namespace may connect to, beside its own pods and name resolution."""

    to: Network
    ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], Field(min_length=1), example([5432])]
    reason: Annotated[str, Field(min_length=10), example("features are read from the warehouse")]


class Namespace(Section):
    """What one team has in the cluster: its name, its share, who comes in, where its pods connect to."""

    name: Name
    owner: Annotated[  # a label's value, as apimachinery/pkg/util/validation has it
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,58}[A-Za-z0-9]$"), example("vision")
    ]
    pod_security: Annotated[Literal["restricted", "baseline", "privileged"], example("baseline")] = "baseline"
    quota: Quota
    container: Container
    access: tuple[Access, ...] = ()
    ways_out: tuple[WayOut, ...] = ()

    @model_validator(mode="after")
    def _names_are_free(self) -> Namespace:
        if self.name in NAMESPACES_OF_OTHERS or self.name.startswith("kube-"):
            raise ValueError(
                f"a name of the team's own: {', '.join(NAMESPACES_OF_OTHERS)}, kube-* belong to the cluster"
            )
        if self.container.most.cpu > self.quota.cpu or self.container.most.memory_gib > self.quota.memory_gib:
            raise ValueError("container.most at most quota: no pod of that size could ever start")
        return self


class Priority(Section):
    """A class of pods, by how long they wait: those of a higher value start first."""

    name: Name
    value: Annotated[int, Field(ge=-HIGHEST_PRIORITY, le=HIGHEST_PRIORITY), example(1000)]
    preempts: bool = False  # pushes out running pods of lower value
    reason: Annotated[str, Field(min_length=10), example("experiments wait for endpoints")]

    @model_validator(mode="after")
    def _names_are_free(self) -> Priority:
        if self.name.startswith("system-"):
            raise ValueError("a name that does not begin with system-: those are Kubernetes' own")
        return self


class Inside(Section):
    """What the program makes in the cluster, by the Kubernetes API."""

    # How kubelogin signs in where the program runs; the twin needs none of them.
    login: Annotated[
        Literal["azurecli", "workloadidentity", "msi", "spn", "devicecode"], example("azurecli")
    ] = "azurecli"
    namespaces: Annotated[tuple[Namespace, ...], Field(min_length=1)]
    priorities: tuple[Priority, ...] = ()

    @model_validator(mode="after")
    def _each_name_once(self) -> Inside:
        for what, names in (
            ("namespaces", Counter(one.name for one in self.namespaces)),
            ("priorities", Counter(one.name for one in self.priorities)),
        ):
            twice = [name for name, times in names.items() if times > 1]
            if twice:
                raise ValueError(f"each name of {what} once, and not {twice[0]} again")
        return self
