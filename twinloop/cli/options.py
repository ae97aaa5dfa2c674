"""Options that several commands share, each with one spelling and one help text, and bundles of them."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from twinloop.clouds import personas

if TYPE_CHECKING:
    from collections.abc import Callable


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
    typer.Option(
        "--target",
        "-t",
        metavar="URN",
        help="Only this resource; what it needs is there already or a target too; repeatable.",
    ),
]
ExpectNoChanges = Annotated[
    bool, typer.Option("--expect-no-changes", help="Exit with 6 if anything would change.")
]
Refresh = Annotated[bool, typer.Option("--refresh", help="Read what really exists first.")]
Unprotect = Annotated[
    bool, typer.Option("--unprotect", help="Delete protected resources too; on the twin only.")
]
PolicyPack = Annotated[
    list[Path] | None,
    typer.Option(
        "--policy-pack",
        metavar="PATH",
        help="Ask this policy pack too, beside the checkout's own in policies/; repeatable.",
        show_default=False,
    ),
]
Purge = Annotated[
    bool,
    typer.Option(
        "--purge",
        help="Leave no tombstone of vaults and workspaces, which would hold their names; on the twin only.",
    ),
]


def bundled(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take a dataclass of options as one argument.

    A parameter whose annotation is a dataclass gives way to the dataclass's fields: Typer sees one option per
    field, the command gets one object. So the options of a noun are written down once.
    """
    signature = inspect.signature(command, eval_str=True)
    bundles: dict[str, type[Any]] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            parameters.append(parameter)
            continue
        bundles[parameter.name] = kind
        hints = get_type_hints(kind, include_extras=True)
        parameters += [
            inspect.Parameter(
                one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name]
            )
            for one in dataclasses.fields(kind)
        ]

    @functools.wraps(command)
    def called(**values: Any) -> None:
        made = {
            name: kind(**{one.name: values.pop(one.name) for one in dataclasses.fields(kind)})
            for name, kind in bundles.items()
        }
        command(**values, **made)

    called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called
