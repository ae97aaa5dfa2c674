"""Where models answer: the section `endpoints`; deployments and traffic are the outer loop's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from infra.sections.alerting import Severity
from infra.sections.shapes import ClusterName, RuleName, Section, example

Instances = Annotated[int, Field(ge=1, le=100), example(2)]


class ScaledDeployment(Section):
    """A deployment that exists already: from how many instances to how many it scales.

    Azure refuses autoscale and alerts on what does not exist. So a deployment is named here, or by the outer
    loop, after its first roll-out; one that is not named keeps the instances that it was deployed with.
    """

    name: RuleName
    min_instances: Instances
    max_instances: Instances
    weekend_instances: Instances | None = (
        None  # the least on Saturday and Sunday; as in the week unless given
    )

    @model_validator(mode="after")
    def _there_is_room_to_scale(self) -> ScaledDeployment:
        if self.min_instances >= self.max_instances:
            raise ValueError(
                f"maxInstances above minInstances {self.min_instances}: else there is nothing to scale"
            )
        if self.weekend_instances is not None and self.weekend_instances > self.min_instances:
            raise ValueError(f"weekendInstances of at most minInstances {self.min_instances}")
        return self


class OnlineEndpoint(Section):
    """An endpoint that answers requests. Its name and identity cannot change once it exists."""

    name: RuleName
    description: Annotated[str, Field(min_length=10), example("Duration of a taxi trip")]
    collects_data: bool = False  # its deployments write inputs and predictions where monitors read them
    reads_connections: bool = False  # secrets of the workspace's connections are given to the scoring code
    reads_secrets: bool = False  # the scoring code reads the vault by itself
    max_latency_milliseconds: Annotated[int, Field(ge=10, le=90_000), example(500)]  # of 95 in 100 requests
    severity: Severity
    deployments: tuple[ScaledDeployment, ...] = ()

    @model_validator(mode="after")
    def _each_deployment_once(self) -> OnlineEndpoint:
        _each_once((one.name for one in self.deployments), "deployments")
        return self


class BatchEndpoint(Section):
    """An endpoint that scores data in batches. Its name and identity cannot change once it exists."""

    name: RuleName
    description: Annotated[str, Field(min_length=10), example("Scores all trips of a day")]


class Endpoints(Section):
    """The endpoints of an environment, and whether they answer outside of its private network."""

    public_access: Annotated[Literal["Enabled", "Disabled"], example("Disabled")]
    online: tuple[OnlineEndpoint, ...] = ()
    batch: tuple[BatchEndpoint, ...] = ()

    @model_validator(mode="after")
    def _each_name_once(self) -> Endpoints:
        _each_once(self.names, "online and batch")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all endpoints, as the settings have them."""
        return (*(one.name for one in self.online), *(one.name for one in self.batch))


def _each_once(names: Iterable[str], where: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"each name of {where} once; '{name}' is given {times} times")


class Component(Section):
    """A registered component: what a schedule, or an event, runs."""

    source: Annotated[Literal["registry", "workspace"], example("registry")]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$"), example("retrain_taxi")]
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,255}$"), example("1")]
    kind: Annotated[Literal["pipeline", "command"], example("pipeline")] = "pipeline"


class Run(Section):
    """A job of one registered component, on a cluster of this environment."""

    component: Component
    cluster: ClusterName
    experiment: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$"), example("retrain-taxi")]
    inputs: Annotated[dict[str, str], Field(default_factory=dict)]  # literals
