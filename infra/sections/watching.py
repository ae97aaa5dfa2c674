"""What people look at: the section `dashboards` of the settings; off unless given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from infra.sections.shapes import Guid, Section, example


class Grafana(Section):
    """Azure Managed Grafana; an instance is paid for by the hour."""

    sku: Annotated[Literal["Standard", "Essential"], example("Standard")]
    viewers: Annotated[tuple[Guid, ...], Field(max_length=50)] = ()  # Entra groups besides those of `access`


class Dashboards(Section):
    """Prometheus for the cluster's metrics, Grafana, a workbook, and a dashboard of ours."""

    prometheus: bool = False
    grafana: Grafana | None = None
    workbook: bool = False
    dashboard: bool = False

    @model_validator(mode="after")
    def _something_is_asked_for(self) -> Dashboards:
        if not (self.prometheus or self.grafana or self.workbook or self.dashboard):
            raise ValueError("at least one of prometheus, grafana, workbook, dashboard")
        return self
