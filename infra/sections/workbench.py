"""What people work with in a workspace: instances, serverless nodes, connections, labelling projects."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from checks.catalogue.time_zones import time_zones
from infra.sections.shapes import EXAMPLE_GUID, Guid, Section, VmSize, example
from infra.sections.taken import SubnetId

_SOMEBODY = f'[{{"name": "ada", "objectId": "{EXAMPLE_GUID}"}}]'
# Source: ComputeInstanceProperties.idleTimeBeforeShutdown in pulumi_azure_native 3.29.0.
_IDLE = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,4})M)?")
_LEAST_IDLE, _MOST_IDLE = 15, 3 * 24 * 60  # minutes


def _idle(value: str) -> str:
    found = _IDLE.fullmatch(value)
    minutes = 60 * int(found[1] or 0) + int(found[2] or 0) if found else 0
    if not _LEAST_IDLE <= minutes <= _MOST_IDLE:
        raise ValueError("an ISO 8601 duration of 15 minutes to 3 days in hours and minutes, e.g. PT30M")
    return value


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('a time of day as "HH:MM", quoted, e.g. "19:00"')
    return value


def _zone(value: str) -> str:
    if value not in time_zones():
        raise ValueError(f"a time zone by Windows' name, one of: {', '.join(time_zones())}")
    return value


def _name(words: str, expression: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(expression, value):
            raise ValueError(words)
        return value

    return AfterValidator(check)


PersonName = Annotated[
    str,
    _name("2 to 10 lower-case letters and digits, starting with a letter, e.g. ada", r"[a-z][a-z0-9]{1,9}"),
    example("ada"),
]
ConnectionName = Annotated[
    str,
    _name(
        "3 to 33 lower-case letters, digits and hyphens, starting with a letter, e.g. packages",
        r"[a-z][a-z0-9-]{2,32}",
    ),
    example("packages"),
]
ProjectName = Annotated[
    str,
    _name(
        "3 to 40 lower-case letters, digits and hyphens, starting with a letter, e.g. parts",
        r"[a-z][a-z0-9-]{2,39}",
    ),
    example("parts"),
]
Label = Annotated[
    str,
    _name("1 to 60 letters, digits, blanks, hyphens and underscores, e.g. scratched", r"[\w][\w -]{0,59}"),
    example("scratched"),
]


class Person(Section):
    """Somebody with a compute instance: a short word for them, and who they are in Entra."""

    name: PersonName
    object_id: Guid
    vm_size: VmSize | None = None  # that of `instances` unless given


class Instances(Section):
    """Compute instances: one for each person, which stops when idle and in the evening. The size is fixed."""

    vm_size: VmSize
    idle: Annotated[str, AfterValidator(_idle), example("PT30M")]
    stop_at: Annotated[str, AfterValidator(_clock), example("19:00")]
    time_zone: Annotated[str, AfterValidator(_zone), example("W. Europe Standard Time")]
    people: Annotated[tuple[Person, ...], Field(min_length=1), example(_SOMEBODY)]
    reason: Annotated[str, Field(min_length=10)] | None = None  # why, where people only observe

    @model_validator(mode="after")
    def _one_instance_for_each_person(self) -> Instances:
        for what, values in (
            ("name", [one.name for one in self.people]),
            ("objectId", [one.object_id for one in self.people]),
        ):
            twice = [value for value, times in Counter(values).items() if times > 1]
            if twice:
                raise ValueError(f"each {what} of people once ('{twice[0]}'): one instance for each person")
        return self


class Serverless(Section):
    """Where nodes of jobs without a cluster are: in a subnet, or wherever Azure ML puts them."""

    subnet: SubnetId | None = None


# What a connection can be to, and how one gets in. Without a credential: None, AAD (as whoever asks) and
# ManagedIdentity (as the workspace). Categories and ways of pulumi_azure_native 3.29.0 that jobs use.
Category = Literal[
    "Git",
    "PythonFeed",
    "ContainerRegistry",
    "AzureBlob",
    "ADLSGen2",
    "AzureSqlDb",
    "AzurePostgresDb",
    "CosmosDb",
    "AzureSynapseAnalytics",
    "AzureKeyVault",
    "ApiKey",
    "CustomKeys",
]
WITHOUT_SECRET = ("None", "AAD", "ManagedIdentity")


class Connection(Section):
    """Something outside that jobs and people find by a name. Its secret is encrypted in the stack file."""

    name: ConnectionName
    category: Annotated[Category, example("PythonFeed")]
    target: Annotated[
        str,
        _name("an address without user, password or query, e.g. https://packages.example.com", r"[^\s@?]+"),
        Field(min_length=3, max_length=500),
        example("https://packages.example.com"),
    ]
    auth: Annotated[Literal["None", "AAD", "ManagedIdentity", "PAT", "ApiKey"], example("AAD")]
    secret: Annotated[str, Field(min_length=1)] | None = None  # pulumi config set --secret --path ...
    shared: bool = True  # with everybody in the workspace, or with who made it only

    @model_validator(mode="after")
    def _a_secret_where_one_is_needed(self) -> Connection:
        if self.auth in WITHOUT_SECRET and self.secret is not None:
            raise ValueError(f"no secret with auth {self.auth}: it would be kept and never used")
        if self.auth not in WITHOUT_SECRET and self.secret is None:
            raise ValueError(f"secret with auth {self.auth}; or auth AAD, which needs none")
        return self


class ImageProject(Section):
    """A project in which people label images."""

    name: ProjectName
    media: Literal["image"]
    task: Annotated[
        Literal["classification", "multilabel", "boundingBox", "segmentation"], example("classification")
    ]
    labels: Annotated[tuple[Label, ...], Field(min_length=2), example('["ok", "scratched"]')]
    instructions: Annotated[str, Field(min_length=8)] | None = None  # address of a page for labellers
    assisted_by: str | None = None  # a cluster: models learn from labels and suggest the next ones


class TextProject(Section):
    """A project in which people label texts."""

    name: ProjectName
    media: Literal["text"]
    task: Annotated[Literal["classification", "multilabel", "entities"], example("classification")]
    labels: Annotated[tuple[Label, ...], Field(min_length=2), example('["praise", "complaint"]')]
    instructions: Annotated[str, Field(min_length=8)] | None = None
    assisted_by: str | None = None


Project = Annotated[ImageProject | TextProject, Field(discriminator="media")]


class Labelling(Section):
    """Labelling projects, and the Entra group of those who label."""

    labellers: Guid
    projects: Annotated[tuple[Project, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_project_and_label_once(self) -> Labelling:
        names = [project.name for project in self.projects]
        if len(set(names)) < len(names):
            raise ValueError("each name of projects once")
        for project in self.projects:
            if len({label.lower() for label in project.labels}) < len(project.labels):
                raise ValueError(f"each label of project '{project.name}' once")
        return self
