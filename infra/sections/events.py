"""What follows from what happens in the workspace: the section `events` of the settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from infra.sections.endpoints import Run
from infra.sections.shapes import Section, example

Kind = Literal["ModelRegistered", "ModelDeployed", "RunCompleted", "RunStatusChanged"]


class Retrain(Section):
    """What is run when a monitor finds that the world has changed."""

    run: Run
    every_minutes: Annotated[int, Field(ge=1, le=1440), example(15)]  # how often the handler looks


class Events(Section):
    """Which events of the workspace are kept, for how long, and whether drift starts a training."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1), example('["ModelRegistered"]')]
    keep_days: Annotated[int, Field(ge=1, le=30), example(7)]  # in the queue, for whoever reads it later
    retrain: Retrain | None = None

    @model_validator(mode="after")
    def _each_kind_once(self) -> Events:
        if len(set(self.kinds)) < len(self.kinds):
            raise ValueError("each of kinds once")
        return self
