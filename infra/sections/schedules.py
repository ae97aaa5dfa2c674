"""What happens by the clock: the sections `schedules` and `monitors` of the settings."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from infra.sections.endpoints import Run
from infra.sections.shapes import AS_TEXT, Email, RuleName, Section, example

MAX_ADDRESSES = 499  # characters of all addresses together (PAN MonitorEmailNotificationSettings.emails)


def _cron(text: str) -> str:
    fields = text.split()
    right = len(fields) == 5 and all(re.fullmatch(r"[0-9*,/-]+", field) for field in fields)  # noqa: PLR2004
    if not right or fields[2:4] != ["*", "*"]:
        raise ValueError(
            'minutes, hours, * * and days of the week, e.g. "0 3 * * 1" for Mondays at three: '
            "Azure ML ignores days of the month and months"
        )
    return text


# DOC machine-learning/how-to-schedule-pipeline-job, section on cron expressions.
Cron = Annotated[str, AfterValidator(_cron), example("0 3 * * 1")]


class Recurrence(Section):
    """Every so many days, weeks and so on, at an hour and minute."""

    frequency: Annotated[Literal["Minute", "Hour", "Day", "Week", "Month"], example("Week")]
    interval: Annotated[int, Field(ge=1, le=1000), example(1)]
    hour: Annotated[int, Field(ge=0, le=23), example(3)] | None = None
    minute: Annotated[int, Field(ge=0, le=59), example(0)] = 0


class Timed(Section):
    """When something happens, and whether it does so here."""

    name: RuleName
    endpoint: RuleName  # the endpoint that it keeps fresh, or watches
    enabled: bool
    cron: Cron | None = None
    recurrence: Recurrence | None = None
    # under the name that Windows has for it
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z0-9 .()+:-]+$"), example("UTC")] = "UTC"

    @model_validator(mode="after")
    def _one_way_to_say_when(self) -> Timed:
        if (self.cron is None) == (self.recurrence is None):
            raise ValueError("either cron or recurrence, not both and not none")
        return self


class Schedule(Timed):
    """A job by the clock: retraining, beside the endpoint that it keeps fresh."""

    run: Run


class Data(Section):
    """Where the rows to compare lie, as a path of a datastore."""

    path: Annotated[
        str,
        Field(pattern=r"^azureml://datastores/[a-z0-9_]+/paths/\S+$"),
        example("azureml://datastores/monitoring/paths/taxi/inputs/"),
    ]
    target_column: Annotated[str, Field(min_length=1), example("duration")] | None = None


class Drift(Section):
    """How far production may be from the reference."""

    metric: Annotated[
        Literal["JensenShannonDistance", "PopulationStabilityIndex"], example("JensenShannonDistance")
    ]
    threshold: Annotated[float, Field(gt=0, le=10), example(0.1)]


class Quality(Section):
    """Which share of the values may be missing, of another type, or out of the range of the reference."""

    null_value_rate: Annotated[float, Field(ge=0, le=1), example(0.05)]
    data_type_error_rate: Annotated[float, Field(ge=0, le=1), example(0.01)]
    out_of_bounds_rate: Annotated[float, Field(ge=0, le=1), example(0.05)]


class Monitor(Timed):
    """A model monitor: compares what an endpoint got and said with what it was trained on."""

    deployment: RuleName | None = None  # the deployment that it watches, once there is one
    task: Annotated[Literal["Classification", "Regression"], example("Regression")]
    instance_type: Annotated[
        Literal[
            "Standard_E4s_v3", "Standard_E8s_v3", "Standard_E16s_v3", "Standard_E32s_v3", "Standard_E64s_v3"
        ],
        example("Standard_E4s_v3"),
    ]
    runtime: Annotated[Literal["3.3", "3.4"], AS_TEXT, example("3.4")] = "3.4"
    emails: Annotated[tuple[Email, ...], Field(min_length=1), example('["ml-platform@example.com"]')]
    production: Data
    reference: Data
    window_days: Annotated[int, Field(ge=1, le=90), example(7)]
    data_drift: Drift | None = None
    prediction_drift: Drift | None = None
    data_quality: Quality | None = None

    @model_validator(mode="after")
    def _it_looks_for_something(self) -> Monitor:
        if not (self.data_drift or self.prediction_drift or self.data_quality):
            raise ValueError("at least one of dataDrift, predictionDrift, dataQuality")
        if len("".join(self.emails)) > MAX_ADDRESSES:
            raise ValueError(f"emails of at most {MAX_ADDRESSES} characters together")
        return self
