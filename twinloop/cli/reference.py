"""The reference pages, written from the code: `make reference`; a test holds that they are up to date."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from twinloop.cli.app import load
from twinloop.cli.commands import COMMANDS

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from typer._click import Command, Parameter

GENERATED = "<!-- Written by `make reference`; change the code, not this page. -->\n"


def commands_page() -> str:
    """Every command with its arguments and options."""
    lines = [
        "# Commands",
        "",
        GENERATED,
        "Every command takes `--json` (one object of one shape) and `--help`.",
    ]
    panel = ""
    for name, entry in COMMANDS.items():
        if entry.panel != panel:
            panel = entry.panel
            lines += ["", f"## {panel}"]
        for path, command in _leaves(f"twinloop {name}", load(name)):
            lines += ["", f"### `{path}`", "", _paragraph(command.help or ""), "", *_parameters(command)]
    return _page(lines)


def _leaves(path: str, command: Command) -> Iterator[tuple[str, Command]]:
    below: Mapping[str, Command] | None = getattr(command, "commands", None)
    if below is None:
        yield path, command
        return
    for name, one in below.items():
        if not one.hidden:
            yield from _leaves(f"{path} {name}", one)


def _paragraph(text: str) -> str:
    first, *rest = inspect.cleandoc(text).split("\n\n")
    words = " ".join(first.split())
    examples = next((part for part in rest if part.lstrip().startswith("twinloop ")), "")
    return words if not examples else f"{words}\n\n```text\n{inspect.cleandoc(examples)}\n```"


def _parameters(command: Command) -> list[str]:
    rows = [_parameter(one) for one in command.params if one.name not in {"help", "_json"}]
    if not rows:
        return ["No options of its own."]
    return ["| option | what it does |", "| --- | --- |", *rows]


def _parameter(one: Parameter) -> str:
    words = getattr(one, "metavar", None) or (one.name or "").upper()
    option = one.param_type_name == "option"
    flag = getattr(one, "is_flag", False)
    spelled = " ".join(f"`{word}`" for word in one.opts) if option else f"`{words}`"
    if option and not flag:
        spelled += f" {one.metavar or _values(one)}"
    plain = isinstance(one.default, str | int | float) and not isinstance(one.default, bool)
    default = f" Default: `{one.default}`." if option and plain and one.default != "" else ""
    needed = " Must be given." if one.required else ""
    return (
        f"| {_cell(spelled)} | {_cell(' '.join((getattr(one, 'help', '') or '').split()))}{needed}{default} |"
    )


def _values(one: Parameter) -> str:
    annotation = getattr(one, "type_descriptor").annotation  # noqa: B009 - Typer's own, unknown to Click's types
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return "|".join(choice.value for choice in annotation)
    return str(annotation.__name__ if annotation in {int, float} else "TEXT").upper()


def settings_page() -> str:
    """Every key of the stack files, by kind of stack."""
    from infra.settings import EnvironmentSettings, SharedSettings

    lines = ["# Settings", "", GENERATED]
    lines += [
        "The keys of `Pulumi.<stack>.yaml`, under `config:`. `twinloop:kind` says which of the two",
        "tables holds. Every key can be set by `pulumi config set --path 'twinloop:KEY' VALUE`;",
        "strings are taken for numbers and booleans.",
    ]
    for kind, model in (("environment", EnvironmentSettings), ("shared", SharedSettings)):
        lines += ["", f"## kind: {kind}", "", "| key | what it may be | default |", "| --- | --- | --- |"]
        for key, allowed, default in _keys(model, "twinloop:"):
            lines.append(f"| `{key}` | {_cell(allowed)} | {_cell(default)} |")
    lines += ["", "## Sections", "", "| section | what it is |", "| --- | --- |"]
    sections = {
        one.__name__: one for model in (EnvironmentSettings, SharedSettings) for one in _sections(model)
    }
    lines += [f"| {name} | {_cell(_first(one))} |" for name, one in sorted(sections.items())]
    return _page(lines)


def _keys(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        key = (
            f"azure-native:{{{', '.join(_aliases(field))}}}"
            if name == "azure"
            else prefix + (field.alias or name)
        )
        if name == "azure":
            yield key, "where resources are made: the provider's own keys", "must be given"
            continue
        default = _default(field)
        inner = list(_models(field.annotation))
        if not inner:
            yield key, _words(field.annotation, field.metadata), default
            continue
        many = "tuple" in str(field.annotation)
        yield key, ("a list of " if many else "") + " or ".join(one.__name__ for one in inner), default
        for one in inner:
            yield from _keys(one, f"{key}[]." if many else f"{key}.")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value or value == 0 else "empty"


def _aliases(field: FieldInfo) -> list[str]:
    return [
        one.alias or name for model in _models(field.annotation) for name, one in model.model_fields.items()
    ]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models(part)


def _sections(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        for one in _models(field.annotation):
            yield one
            yield from _sections(one)


def _words(annotation: Any, metadata: Any = ()) -> str:
    """A type in words: its choices, its bounds, or the example that its refusal shows."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _words(parts[0], parts[1:])
    if origin is typing.Literal:
        return " or ".join(f"`{one}`" for one in parts)
    if origin in {typing.Union, types.UnionType}:
        return " or ".join(_words(one) for one in parts if one is not type(None))
    if origin is tuple:
        return f"a list of {_words(parts[0])}"
    if origin is dict:
        return f"a map of {_words(parts[0])} to {_words(parts[1])}"
    bounds = [words for one in metadata for words in _bounds(one)]
    plain = {
        str: "text",
        int: "a whole number",
        float: "a number",
        bool: "`true` or `false`",
        date: "a day, as `2026-11-01`",
    }.get(annotation)
    kept = [
        words for words in bounds if not (words.startswith("e.g.") and any("e.g. " in w[4:] for w in bounds))
    ]
    return ", ".join([plain or str(getattr(annotation, "__name__", annotation)), *kept])


def _bounds(one: Any) -> Iterator[str]:
    signs = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for inner in getattr(one, "metadata", [one]):
        for name, sign in signs.items():
            if (bound := getattr(inner, name, None)) is not None:
                yield f"{sign} {bound}"
        if examples := getattr(inner, "examples", None):
            yield f"e.g. `{examples[0]}`"
        if (check := getattr(inner, "func", None)) and (words := _refusal(check)):
            yield words
    if examples := getattr(one, "examples", None):
        yield f"e.g. `{examples[0]}`"


def _refusal(check: Any) -> str:
    """What a validator says is allowed, by asking it to refuse something."""
    try:
        check("\0")
    except ValueError as refused:
        return str(refused)
    except (TypeError, AttributeError):  # a rule over another type than text
        return ""
    return ""


def emulated_page(operations: list[dict[str, Any]]) -> str:
    """What the local Azure answers; anything else is refused by name."""
    lines = ["# What the local Azure emulates", "", GENERATED]
    lines += ["Anything else is answered with `501 NotEmulated`, which names what was asked."]
    by_provider: dict[str, list[str]] = {}
    for one in operations:
        words = [part for part in one["path"].split("/") if part.startswith(("Microsoft.", "microsoft."))]
        provider = words[-1] if words else "Resource groups, tokens, storage and pages"
        by_provider.setdefault(provider, []).append(f"{one['method']:6} {one['path']}")
    for provider, found in sorted(by_provider.items()):
        lines += ["", f"## {provider}", "", "```text", *sorted(found), "```"]
    return _page(lines)


def _first(model: type[BaseModel]) -> str:
    return " ".join((inspect.getdoc(model) or "").split("\n\n")[0].split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _page(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def pages(operations: list[dict[str, Any]]) -> dict[str, str]:
    """Every reference page by its file's name."""
    return {
        "commands.md": commands_page(),
        "settings.md": settings_page(),
        "emulated.md": emulated_page(operations),
    }


def _write() -> None:
    import tempfile

    from twinloop.clouds import twin
    from twinloop.clouds.home import Home, find_checkout
    from twinloop.clouds.session import open_twin

    checkout = find_checkout()
    folder = checkout / "docs/reference"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:  # one that runs already may be of yesterday's code
        home = Home(Path(empty) / "home", checkout)
        found, _ = open_twin(home)
        try:
            operations = found.call("GET", "/_twin/emulates")["operations"]
        finally:
            twin.stop(home)
    for name, text in pages(operations).items():
        (folder / name).write_text(text)
        sys.stderr.write(f"wrote {folder / name}\n")


if __name__ == "__main__":
    _write()
