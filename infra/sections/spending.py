"""Copies of the bill: the section `costExport` of the settings."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from infra.sections.shapes import Section, example


class CostExport(Section):
    """A regular export of what the stack's group cost, to a container of its lake."""

    type: Annotated[Literal["ActualCost", "AmortizedCost"], example("ActualCost")] = "ActualCost"
    recurrence: Annotated[Literal["Daily", "Weekly", "Monthly"], example("Daily")]
    since: Annotated[date, example("2026-12-01")]
    until: Annotated[date, example("2036-12-01")]
    folder: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$"), example("costs")] = "costs"
