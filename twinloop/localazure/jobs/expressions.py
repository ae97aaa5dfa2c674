"""`${{...}}` and `$[[...]]`: what the text of a job refers to, and the text with values in place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from twinloop.localazure.jobs.quoting import written

_EXPRESSION = re.compile(r"\$\{\{\s*([^}]*?)\s*\}\}")
_OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
_OWN_PARTS = 2
_STEP_OUTPUT_PARTS = 5
_PARENT_PARTS = 3


@dataclass(frozen=True)
class ParentInput:
    """`${{parent.inputs.NAME}}`."""

    name: str


@dataclass(frozen=True)
class ParentOutput:
    """`${{parent.outputs.NAME}}`."""

    name: str


@dataclass(frozen=True)
class StepOutput:
    """`${{parent.jobs.STEP.outputs.NAME}}`."""

    step: str
    name: str


Wire = ParentInput | ParentOutput | StepOutput


class BadExpression(ValueError):
    """An expression that refers to nothing that exists; the message says what could be meant."""


def wire(text: object) -> Wire | None:
    """What a binding refers to if it is one whole expression; None if it is a plain value.

    Raises:
        BadExpression: it is an expression of a form that a pipeline does not have.
    """
    found = _EXPRESSION.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    parts = found[1].split(".")
    if parts[:2] == ["parent", "inputs"] and len(parts) >= _PARENT_PARTS:
        return ParentInput(".".join(parts[2:]))
    if parts[:2] == ["parent", "outputs"] and len(parts) == _PARENT_PARTS:
        return ParentOutput(parts[2])
    if parts[:2] == ["parent", "jobs"] and len(parts) == _STEP_OUTPUT_PARTS and parts[3] == "outputs":
        return StepOutput(parts[2], parts[4])
    raise BadExpression(
        f"'{text}': a step can be wired to ${{{{parent.inputs.NAME}}}}, ${{{{parent.outputs.NAME}}}} or "
        "${{parent.jobs.STEP.outputs.NAME}}"
    )


def references(text: str) -> list[tuple[str, str]]:
    """All (kind, name) that a command refers to, such as ("inputs", "rate")."""
    found = []
    for match in _EXPRESSION.finditer(text):
        kind, _, name = match[1].partition(".")
        found.append((kind, name))
    return found


def check_command(
    command: str, inputs: Collection[str], outputs: Collection[str], optional: Collection[str]
) -> list[str]:
    """What is wrong with the expressions of a command, in words; empty if nothing is."""
    problems = []
    known: dict[str, Collection[str]] = {"inputs": inputs, "outputs": outputs}
    for kind, name in references(command):
        if kind in {"search_space"}:
            continue
        if kind not in known:
            problems.append(
                f"the command uses '${{{{{kind}.{name}}}}}'; allowed are inputs.NAME and outputs.NAME"
            )
        elif name.split(".")[0] not in known[kind]:
            there = ", ".join(sorted(known[kind])) or "none"
            problems.append(
                f"the command uses '${{{{{kind}.{name}}}}}' but there is no such {kind[:-1]}; "
                f"there are: {there}"
            )
    bare = _OPTIONAL.sub("", command)
    problems += [
        f"the command uses the optional input '{name}' outside $[[ ]]: "
        f"write $[[--{name} ${{{{inputs.{name}}}}}]]"
        for kind, name in references(bare)
        if kind == "inputs" and name in optional
    ]
    return problems


def render(text: str, inputs: Mapping[str, str | None], outputs: Mapping[str, str], folder: str = "") -> str:
    """The text with values in place of expressions; an optional part stays only if its inputs have values.

    Args:
        text: a command or the value of an environment variable.
        inputs: values by name, None for an optional input that was not given.
        outputs: paths by name.
        folder: where the text is a command, the job's own folder, to be quoted where a shell would split it.
    """

    def part(match: re.Match[str]) -> str:
        names = [name for kind, name in references(match[1]) if kind == "inputs"]
        return match[1] if all(inputs.get(name) is not None for name in names) else ""

    def value(match: re.Match[str]) -> str:
        kind, _, name = match[1].partition(".")
        found = inputs.get(name) if kind == "inputs" else outputs.get(name) if kind == "outputs" else None
        if found is None:
            raise BadExpression(
                f"'{match[0]}' has no value here; inputs: {', '.join(sorted(inputs)) or 'none'}; "
                f"outputs: {', '.join(sorted(outputs)) or 'none'}"
            )
        if folder and found.startswith(folder):
            return written(folder, match.string, match.start()) + found.removeprefix(folder)
        return found

    return _EXPRESSION.sub(value, _OPTIONAL.sub(part, text))
