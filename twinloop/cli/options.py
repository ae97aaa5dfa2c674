"""Options that several commands share, each with one spelling and one help text."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from twinloop.clouds import personas


class CloudName(StrEnum):
    """Which cloud a command acts on."""

    TWIN = "twin"
    AZURE = "azure"


class EngineName(StrEnum):
    """What plans and applies."""

    AUTO = "auto"
    PULUMI = "pulumi"
    EMBEDDED = "embedded"


def _persona(value: str) -> str:
    return personas.check(value) if value else value


Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        help="The stack; else PULUMI_STACK, else the selected one, else dev (on the twin only).",
        show_default=False,
    ),
]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="PERSONA",
        callback=_persona,
        show_default=False,
        help="Who you are on the twin: " + ", ".join(persona.name for persona in personas.PERSONAS) + ".",
    ),
]
Cloud = Annotated[
    CloudName, typer.Option("--cloud", help="Where to act: the local twin, or Azure by the official CLI.")
]
Engine = Annotated[
    EngineName,
    typer.Option("--engine", help="What plans and applies; auto is embedded on the twin, pulumi on Azure."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Parallel = Annotated[int, typer.Option("--parallel", "-p", min=1, max=256, help="Resources at a time.")]
Target = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", metavar="URN", help="Only this resource and what it needs; repeatable."),
]
ExpectNoChanges = Annotated[
    bool, typer.Option("--expect-no-changes", help="Exit with 6 if anything would change.")
]
Refresh = Annotated[bool, typer.Option("--refresh", help="Read what really exists first.")]
Unprotect = Annotated[
    bool, typer.Option("--unprotect", help="Delete protected resources too; on the twin only.")
]
Purge = Annotated[
    bool,
    typer.Option(
        "--purge",
        help="Leave no tombstone of vaults and workspaces, which would hold their names; on the twin only.",
    ),
]
