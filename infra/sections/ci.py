"""Which runs of CI may act as our identities: the section `ci` of a shared stack's settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from infra.sections.shapes import EXAMPLE_GUID, Section, example

# Owner and name as GitHub takes them; `*` would never match: Entra compares subjects as texts.
Repository = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$"),
    example("example/platform"),
]
Word = Annotated[str, Field(pattern=r"^[^/\s*]{1,64}$"), example("example")]


class GitHub(Section):
    """The repository whose workflows get tokens, each from the environment that it runs in."""

    repository: Repository


class AzureDevOps(Section):
    """The project whose service connections get tokens; each has the name of the identity's purpose."""

    # as the service connection shows it: of the organisation's id, or of the tenant
    issuer: Annotated[
        str,
        Field(
            pattern=r"^https://(vstoken\.dev\.azure\.com|login\.microsoftonline\.com)/[0-9a-f-]{36}(/v2\.0)?$"
        ),
        example(f"https://vstoken.dev.azure.com/{EXAMPLE_GUID}"),
    ]
    organization: Word
    project: Word


class Ci(Section):
    """Where CI runs: on GitHub, on Azure DevOps, or on both while a team moves."""

    github: GitHub | None = None
    azure_dev_ops: AzureDevOps | None = None

    @model_validator(mode="after")
    def _runs_somewhere(self) -> Ci:
        if self.github is None and self.azure_dev_ops is None:
            raise ValueError("github or azureDevOps, or both: without either nobody could log in")
        return self
