"""Reads the body of a pipeline into steps wired to each other, and refuses wires that lead nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import bodies, expressions, serverless, wire
from twinloop.localazure.jobs.expressions import BadExpression, ParentInput, ParentOutput, StepOutput
from twinloop.localazure.jobs.literals import kinds_agree, literal_problem
from twinloop.localazure.jobs.references import References
from twinloop.localazure.jobs.steps import PATHS, Input, Output, Step


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The steps of a pipeline in an order in which they can run."""

    steps: tuple[Step, ...]
    outputs: dict[str, tuple[str, str]] = field(default_factory=dict)  # pipeline's output -> (step, output)
    continue_on_failure: bool = True
    force_rerun: bool = False


def read_pipeline(twin: Twin, workspace: str, name: str, properties: Mapping[str, Any]) -> Pipeline:
    """The plan of a pipeline job.

    Raises:
        InvalidRequest: it cannot run; the message has every reason, with step and port.
    """
    reader = _Reader(twin, workspace, properties)
    pipeline = reader.read()
    bodies.refuse("pipeline", name, reader.found.problems)
    return pipeline


class _Reader:
    """One reading of one body."""

    def __init__(self, twin: Twin, workspace: str, properties: Mapping[str, Any]) -> None:
        self.found = References(twin, workspace)
        self.settings = wire.mapping(properties.get("settings"), "settings")
        self.nodes = {
            name: wire.mapping(node, f"jobs.{name}")
            for name, node in wire.mapping(properties.get("jobs"), "jobs").items()
        }
        self.inputs = {
            name: bodies.read_input(self.found, given, f"pipeline input '{name}': ")
            for name, given in wire.mapping(properties.get("inputs"), "inputs").items()
        }
        self.outputs = {
            name: bodies.read_output(self.found, wanted or {}, f"pipeline output '{name}': ")
            for name, wanted in wire.mapping(properties.get("outputs"), "outputs").items()
        }
        self.bound: dict[str, tuple[str, str]] = {}
        self.specs: dict[str, tuple[str, dict[str, Any]]] = {}
        self.datastore = (
            str(self.settings.get("default_datastore") or "").removeprefix("azureml:").rpartition("/")[2]
        )

    def read(self) -> Pipeline:
        problems = self.found.problems
        if not self.nodes:
            problems.append("jobs: a pipeline needs at least one step")
        if self.datastore:
            self.found.datastore(self.datastore, "settings.default_datastore: ")
        for name, node in self.nodes.items():
            self._specify(name, node)
        steps = {name: self._step(name, self.nodes[name]) for name in self.specs}
        for name in self.outputs:
            if name not in self.bound and len(self.specs) == len(self.nodes):
                problems.append(
                    f"pipeline output '{name}' is bound by no step: "
                    f"wire a step's output to ${{{{parent.outputs.{name}}}}}"
                )
        return Pipeline(
            steps=tuple(steps[name] for name in self._ordered(steps)),
            outputs=self.bound,
            continue_on_failure=bool(self.settings.get("continue_on_step_failure", True)),
            force_rerun=bool(self.settings.get("force_rerun", False)),
        )

    def _specify(self, name: str, node: Mapping[str, Any]) -> None:
        """Find a step's component; a kind of step that is not emulated is a problem by name."""
        kind = str(node.get("type") or "command").lower()
        if kind != "command":
            self.found.problems.append(
                f"step '{name}': not emulated: {kind} step; this twin runs command steps"
            )
            return
        component = self.found.component(wire.one(node, "componentId", "component"), f"step '{name}': ")
        if component is None:
            return
        inner = str(component[1].get("type") or "command").lower()
        if inner != "command":
            self.found.problems.append(
                f"step '{name}': not emulated: component of type {inner}; this twin runs command components"
            )
            return
        self.specs[name] = component

    def _step(self, name: str, node: Mapping[str, Any]) -> Step:
        component, spec = self.specs[name]
        where, problems = f"step '{name}': ", self.found.problems
        declared = wire.mapping(spec.get("inputs"), f"{where}inputs")
        inputs = self._inputs(name, wire.mapping(node.get("inputs"), f"{where}inputs"), declared)
        outputs = self._outputs(
            name, wire.mapping(node.get("outputs"), f"{where}outputs"), spec.get("outputs") or {}
        )
        optional = [key for key, row in declared.items() if row.get("optional")]
        command = str(spec.get("command") or "")
        problems += [
            f"{where}{text}" for text in expressions.check_command(command, declared, outputs, optional)
        ]
        step = Step(
            name=name,
            command=command,
            display_name=str(wire.one(node, "display_name", "displayName", default=name)),
            code=self.found.code(spec.get("code"), where),
            environment=self.found.environment(
                wire.one(node, "environment", default=spec.get("environment")), where
            ),
            compute=self.found.compute(self._compute(name, node), where),
            component=component,
            inputs=inputs,
            outputs=outputs,
            variables=wire.texts(spec.get("environment_variables"))
            | wire.texts(wire.one(node, "environment_variables", "environmentVariables")),
            timeout=wire.timeout(node.get("limits"), where, problems),
            instances=wire.instances(node.get("resources") or spec.get("resources"), where, problems),
            distribution=wire.distribution(
                node.get("distribution") or spec.get("distribution"), where, problems
            ),
            deterministic=bool(spec.get("is_deterministic", True)),
            identity=wire.identity(node.get("identity")),
            instance_type=wire.instance_type(node.get("resources") or spec.get("resources")),
            tier=serverless.tier(wire.one(node, "queue_settings", "queueSettings"), where, problems),
            user_properties=wire.texts(node.get("properties")),
            tags=wire.texts(node.get("tags")),
            datastore=self.datastore or "workspaceblobstore",
        )
        bodies.check_size(self.found, step, where)
        bodies.check_names(self.found, step, where)
        return self.found.serverless(step, where)

    def _compute(self, name: str, node: Mapping[str, Any]) -> str | None:
        given = wire.one(node, "computeId", "compute") or wire.one(
            self.settings, "default_compute", "defaultCompute"
        )
        reference = self._wire(given, f"step '{name}': compute: ")
        if isinstance(reference, ParentInput):
            bound = self._parent_input(reference.name, f"step '{name}': compute: ")
            return bound.value if bound else None
        return str(given) if given else None

    def _inputs(self, step: str, given: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Input]:
        problems, inputs = self.found.problems, {}
        for key in given.keys() - declared.keys():
            there = ", ".join(declared) or "none"
            problems.append(f"step '{step}': its component has no input '{key}'; there are: {there}")
        for key, row in declared.items():
            where = f"step '{step}': input '{key}': "
            value = self._input(given.get(key), row, where) if key in given else None
            if value is None and key not in given:
                value = self._default(row, where)
            if value is not None:
                self._check_type(value, row, where)
                inputs[key] = value
        return inputs

    def _default(self, row: Mapping[str, Any], where: str) -> Input | None:
        kind = str(row.get("type", "string")).lower()
        if row.get("default") is not None:
            default = row["default"]
            return Input(
                type="literal", value=str(default).lower() if isinstance(default, bool) else str(default)
            )
        if row.get("optional"):
            return Input(type="literal", value=None)
        self.found.problems.append(f"{where}required ({kind}), and not given")
        return None

    def _input(self, given: Any, row: Mapping[str, Any], where: str) -> Input | None:
        text = given.get("value") if isinstance(given, Mapping) else given
        mode = str((given.get("mode") if isinstance(given, Mapping) else "") or "")
        reference = self._wire(text, where)
        if isinstance(reference, StepOutput):
            return self._step_output(reference, mode, where)
        if isinstance(reference, ParentInput):
            bound = self._parent_input(reference.name, where)
            return replace(bound, mode=mode or bound.mode) if bound else None
        if isinstance(reference, ParentOutput):
            self.found.problems.append(
                f"{where}'{text}' is an output of the pipeline; wire the step that makes it instead"
            )
            return None
        plain = bodies.read_input(self.found, given, where)
        if plain is not None and not plain.is_data and plain.value is None and not row.get("optional"):
            self.found.problems.append(f"{where}required, and given without a value")
        return plain

    def _wire(self, text: Any, where: str) -> expressions.Wire | None:
        try:
            return expressions.wire(text)
        except BadExpression as error:
            self.found.problems.append(f"{where}{error}")
            return None

    def _parent_input(self, name: str, where: str) -> Input | None:
        if name not in self.inputs:
            there = ", ".join(self.inputs) or "none"
            self.found.problems.append(f"{where}the pipeline has no input '{name}'; there are: {there}")
            return None
        return self.inputs[name]

    def _step_output(self, reference: StepOutput, mode: str, where: str) -> Input | None:
        if reference.step not in self.nodes:
            there = ", ".join(self.nodes)
            self.found.problems.append(
                f"{where}the pipeline has no step '{reference.step}'; there are: {there}"
            )
            return None
        if reference.step not in self.specs:
            return None  # its own problem is on the list already
        outputs = self.specs[reference.step][1].get("outputs") or {}
        if reference.name not in outputs:
            there = ", ".join(outputs) or "none"
            self.found.problems.append(
                f"{where}step '{reference.step}' has no output '{reference.name}'; there are: {there}"
            )
            return None
        kind = str(outputs[reference.name].get("type", "uri_folder")).lower()
        return Input(type=kind, mode=mode, step=reference.step, output=reference.name)

    def _check_type(self, value: Input, row: Mapping[str, Any], where: str) -> None:
        kind = str(row.get("type", "string")).lower()
        if value.is_data and kind not in PATHS:
            self.found.problems.append(f"{where}wants a {kind}, and is given data ({value.type})")
        elif value.is_data and not kinds_agree(value.type, kind):
            self.found.problems.append(f"{where}wants {kind}, and is given {value.type}")
        elif not value.is_data and value.value is not None and kind in PATHS:
            self.found.problems.append(f"{where}wants {kind}, and is given the literal '{value.value}'")
        elif not value.is_data and value.value is not None and (problem := literal_problem(value.value, row)):
            self.found.problems.append(f"{where}{problem}")

    def _outputs(self, step: str, given: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Output]:
        for key in given.keys() - declared.keys():
            there = ", ".join(declared) or "none"
            self.found.problems.append(
                f"step '{step}': its component has no output '{key}'; there are: {there}"
            )
        return {key: self._output(step, key, given.get(key), row) for key, row in declared.items()}

    def _output(self, step: str, key: str, given: Any, row: Mapping[str, Any]) -> Output:
        kind, where = str(row.get("type", "uri_folder")).lower(), f"step '{step}': output '{key}': "
        text = given.get("value") if isinstance(given, Mapping) else given
        reference = self._wire(text, where)
        if isinstance(reference, ParentOutput):
            if reference.name in self.outputs:
                self.bound[reference.name] = (step, key)
                return replace(self.outputs[reference.name], type=kind, parent=reference.name)
            there = ", ".join(self.outputs) or "none"
            self.found.problems.append(
                f"{where}the pipeline has no output '{reference.name}'; there are: {there}"
            )
        elif reference is not None:
            self.found.problems.append(f"{where}'{text}' is no output of the pipeline")
        elif isinstance(given, Mapping):
            return replace(
                bodies.read_output(self.found, {**given, "type": kind, "job_output_type": kind}, where),
                type=kind,
            )
        return Output(type=kind)

    def _ordered(self, steps: Mapping[str, Step]) -> list[str]:
        graph = {name: sorted(step.after & steps.keys()) for name, step in steps.items()}
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = " -> ".join(reversed(error.args[1]))
            self.found.problems.append(f"the steps wait for each other in a circle: {circle}")
            return []
