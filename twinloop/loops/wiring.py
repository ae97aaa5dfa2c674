"""Holds a pipeline's wires against its components' ports, because the SDK drops a misspelt input silently."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twinloop.loops.document import Document, nearest, read_yaml
from twinloop.problems import BadUsage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPRESSION = re.compile(r"\$\{\{\s*([^}]+?)\s*\}\}")
_ONE_INPUT = re.compile(r"\$\{\{\s*parent\.inputs\.(\w+)\s*\}\}")
_FROM_STEP = re.compile(r"parent\.jobs\.([^.]+)\.outputs\.([^.]+)")
_FROM_PARENT = re.compile(r"parent\.(inputs|outputs)\.(\S+)")
_IN_COMMAND = re.compile(r"(inputs|outputs)\.([\w.]+)")
_REMOTE = ("azureml:", "azureml://")


@dataclass(frozen=True)
class Fault:
    """One wrong wire: where it is, what is wrong, which names there are."""

    where: str
    what: str
    present: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.where}: {self.what}" + (
            f" (there are: {', '.join(self.present)})" if self.present else ""
        )


@dataclass(frozen=True)
class Ports:
    """Inputs and outputs of one step with their declarations."""

    inputs: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]

    @property
    def required(self) -> set[str]:
        """Inputs that a pipeline must wire."""
        return {
            name for name, spec in self.inputs.items() if "default" not in spec and not spec.get("optional")
        }


class WiringRefused(BadUsage):
    """The file's wires do not fit; `faults` lists all of them. Nothing was sent."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(
            f"The wiring of this job does not fit in {len(faults)} place{'s' if len(faults) > 1 else ''}; "
            "nothing was submitted.",
            where=str(path),
            given="\n".join(str(fault) for fault in faults),
            next_step="correct the names and submit again",
        )


def check(document: Document) -> None:
    """Refuse a job whose wires do not join ports that exist.

    Raises:
        WiringRefused: with every fault.
    """
    faults = list(faults_of(document))
    if faults:
        raise WiringRefused(document.path, faults)


def faults_of(document: Document) -> Iterator[Fault]:
    """Every wrong wire of a job's file."""
    body = document.body
    if body.get("type") != "pipeline":
        yield from _command_faults("command", body.get("command"), ports_of_step(body))
        yield from _added_for_nothing(document)
        return
    steps = {name: ports(document, step) for name, step in document.jobs.items()}
    used: set[str] = set()
    for name, step in document.jobs.items():
        yield from _step_faults(name, step, steps[name], body.get("inputs") or {})
        for where, text in _texts(step, f"jobs.{name}"):
            for expression in EXPRESSION.findall(text):
                yield from _wire_faults(where, expression, body, steps)
                if match := _FROM_PARENT.fullmatch(expression):
                    used.add(match[0])
    # a change of a step may leave an input unread; one that was added by a change has no other reader
    rewired = any(change.path[0] == "jobs" for change in document.overrides)
    added = set(_added(document))
    for kind in ("inputs", "outputs"):
        for name in body.get(kind) or {}:
            if f"parent.{kind}.{name}" not in used and (not rewired or (kind, name) in added):
                verb = "reads" if kind == "inputs" else "writes"
                others = [other for other in body[kind] if other != name]
                hint = nearest(name, others) if (kind, name) in added else ""
                yield Fault(f"{kind}.{name}", f"no step {verb} it, so it would have no effect{hint}")


def _added(document: Document) -> Iterator[tuple[str, str]]:
    """Inputs and outputs that the file itself does not have: kind and name."""
    for change in document.overrides:
        if len(change.path) > 1 and change.path[0] in {"inputs", "outputs"}:
            kind, name = change.path[:2]
            if name not in (document.written.get(kind) or {}):
                yield kind, name


def _added_for_nothing(document: Document) -> Iterator[Fault]:
    """Inputs and outputs that a change added to a command job and that its command does not use."""
    for kind, name in _added(document):
        if not re.search(rf"\b{kind}\.{re.escape(name)}\b", str(document.body.get("command") or "")):
            others = list(document.written.get(kind) or {})
            what = f"the command does not use it, so it would have no effect{nearest(name, others)}"
            yield Fault(f"{kind}.{name}", what, tuple(others))


def ports(document: Document, step: dict[str, Any]) -> Ports | None:
    """Ports of a step; None where its component lies in a workspace or registry.

    Raises:
        NotFound: the component's file does not exist.
        BadUsage: it is no YAML mapping.
    """
    component = step.get("component")
    if component is None:
        return ports_of_step(step)
    if isinstance(component, dict):
        return ports_of_step(component)
    text = str(component).removeprefix("file:")
    if text.startswith(_REMOTE):
        return None
    return ports_of_step(read_yaml(document.path.parent / text))


def ports_of_step(body: dict[str, Any]) -> Ports:
    """Ports that a component's file, or an inline command, declares."""

    def declared(kind: str) -> dict[str, dict[str, Any]]:
        found = body.get(kind) or {}
        return {name: spec if isinstance(spec, dict) else {"default": spec} for name, spec in found.items()}

    return Ports(declared("inputs"), declared("outputs"))


def _step_faults(
    name: str, step: dict[str, Any], ports: Ports | None, given: dict[str, Any]
) -> Iterator[Fault]:
    if ports is None:
        return
    wired = step.get("inputs") or {}
    for kind, names, present in (
        ("input", wired, list(ports.inputs)),
        ("output", step.get("outputs") or {}, list(ports.outputs)),
    ):
        for port in names:
            if port not in present:
                what = f"the step has no {kind} '{port}'" + nearest(port, present)
                yield Fault(f"jobs.{name}.{kind}s.{port}", what, tuple(present))
    for port in sorted(ports.required - set(wired)):
        yield Fault(f"jobs.{name}.inputs", f"the required input '{port}' is left open", tuple(ports.inputs))
    for port, value in wired.items():
        if port in ports.inputs:
            yield from _value_faults(f"jobs.{name}.inputs.{port}", value, ports.inputs[port], given)


def _wire_faults(
    where: str, expression: str, body: dict[str, Any], steps: dict[str, Ports | None]
) -> Iterator[Fault]:
    if match := _FROM_STEP.fullmatch(expression):
        upstream, port = match.groups()
        if upstream not in steps:
            what = f"there is no step '{upstream}'" + nearest(upstream, list(steps))
            yield Fault(where, what, tuple(steps))
            return
        known = steps[upstream]
        if known is not None and port not in known.outputs:
            what = f"step '{upstream}' has no output '{port}'" + nearest(port, list(known.outputs))
            yield Fault(where, what, tuple(known.outputs))
    elif match := _FROM_PARENT.fullmatch(expression):
        kind, port = match.groups()
        present = list(body.get(kind) or {})
        if port.split(".")[0] not in present:
            what = f"the pipeline has no {kind[:-1]} '{port}'" + nearest(port, present)
            yield Fault(where, what, tuple(present))
    elif expression.startswith("parent."):
        forms = ("parent.inputs.NAME", "parent.outputs.NAME", "parent.jobs.STEP.outputs.NAME")
        yield Fault(where, f"'{expression}' joins nothing", forms)


def _command_faults(where: str, command: object, ports: Ports) -> Iterator[Fault]:
    for expression in EXPRESSION.findall(str(command or "")):
        match = _IN_COMMAND.fullmatch(expression)
        present = [
            *(f"inputs.{name}" for name in ports.inputs),
            *(f"outputs.{name}" for name in ports.outputs),
        ]
        if match and ".".join(match[0].split(".")[:2]) not in present:
            what = f"the command uses '{expression}', which is not declared" + nearest(expression, present)
            yield Fault(where, what, tuple(present))


def _value_faults(where: str, value: object, spec: dict[str, Any], given: dict[str, Any]) -> Iterator[Fault]:
    """A literal of the wrong kind or outside its limits, given here or as the pipeline's own input."""
    kind = spec.get("type")
    if match := _ONE_INPUT.fullmatch(str(value)):
        where, value = f"inputs.{match[1]}", given.get(match[1], value)
    if kind not in {"number", "integer"} or isinstance(value, dict) or EXPRESSION.search(str(value)):
        return
    try:
        number = int(str(value)) if kind == "integer" else float(str(value))
    except ValueError:
        yield Fault(where, f"{value!r} is not {'a whole number' if kind == 'integer' else 'a number'}")
        return
    low, high = float(spec.get("min", "-inf")), float(spec.get("max", "inf"))
    if not low <= number <= high:
        yield Fault(where, f"{number} is outside {low:g} to {high:g}")


def _texts(value: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{where}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{where}[{number}]")
    elif isinstance(value, str):
        yield where, value
