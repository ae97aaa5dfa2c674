"""Reads the body of a submitted job into steps, and refuses it with everything that is wrong, all at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from checks.environments.recipe import BadRecipe, fidelity
from twinloop.localazure.core.errors import InvalidRequest
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs import expressions, serverless, wire
from twinloop.localazure.jobs.literals import LITERALS
from twinloop.localazure.jobs.references import References
from twinloop.localazure.jobs.steps import PATHS, Input, Output, Step

_PORT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_command(twin: Twin, workspace: str, name: str, properties: Mapping[str, Any]) -> Step:
    """The step of a command job.

    Raises:
        InvalidRequest: it cannot run; the message has every reason.
    """
    found = References(twin, workspace)
    inputs = {key: read_input(found, given, f"input '{key}': ") for key, given in _inputs(properties).items()}
    outputs = {
        key: read_output(found, wanted or {}, f"output '{key}': ")
        for key, wanted in wire.mapping(properties.get("outputs"), "outputs").items()
        if key != "default"
    }
    command = str(properties.get("command") or "")
    if not command.strip():
        found.problems.append("command is missing")
    found.problems += expressions.check_command(command, inputs, outputs, ())
    step = Step(
        name=name,
        command=command,
        display_name=str(properties.get("displayName") or name),
        code=found.code(properties.get("codeId"), ""),
        environment=found.environment(properties.get("environmentId"), ""),
        compute=found.compute(properties.get("computeId"), ""),
        inputs={key: value for key, value in inputs.items() if value is not None},
        outputs=outputs,
        variables=wire.texts(properties.get("environmentVariables")),
        timeout=wire.timeout(properties.get("limits"), "", found.problems),
        instances=wire.instances(properties.get("resources"), "", found.problems),
        distribution=wire.distribution(properties.get("distribution"), "", found.problems),
        identity=wire.identity(properties.get("identity")),
        instance_type=wire.instance_type(properties.get("resources")),
        tier=serverless.tier(properties.get("queueSettings"), "", found.problems),
    )
    check_size(found, step, "")
    check_names(found, step, "")
    step = found.serverless(step, "")
    refuse("job", name, found.problems)
    return step


def read_input(found: References, given: Any, where: str) -> Input | None:
    """One input that is not wired to anything; None if it cannot be."""
    if not isinstance(given, Mapping):
        return Input(type="literal", value=_text(given))
    kind = str(wire.one(given, "jobInputType", "job_input_type", "type", default="literal")).lower()
    if kind in LITERALS:
        return Input(type="literal", value=_text(given.get("value")))
    if kind not in PATHS:
        found.problems.append(
            f"{where}type '{kind}' is not emulated; this twin knows: {', '.join(sorted(PATHS))}, literal"
        )
        return None
    uri = str(given.get("uri") or "")
    if not uri:
        found.problems.append(f"{where}has no uri")
        return None
    data = found.data(uri, where)
    if data is None:
        return None
    return Input(type=kind, uri=data.uri, mode=str(given.get("mode") or ""), asset=data.asset)


def read_output(found: References, wanted: Mapping[str, Any], where: str) -> Output:
    """One output that is not wired to a pipeline's."""
    kind = str(wire.one(wanted, "jobOutputType", "job_output_type", "type", default="uri_folder")).lower()
    if kind not in PATHS:
        found.problems.append(
            f"{where}type '{kind}' is not emulated; this twin knows: {', '.join(sorted(PATHS))}"
        )
    uri = str(wanted.get("uri") or "")
    if uri:
        found.data(uri, where)
    return Output(
        type=kind,
        uri=uri,
        mode=str(wanted.get("mode") or ""),
        asset_name=str(wire.one(wanted, "assetName", "asset_name", default="")),
        asset_version=str(wire.one(wanted, "assetVersion", "asset_version", default="")),
    )


def check_size(found: References, step: Step, where: str) -> None:
    """Refuse a run that needs more nodes than its cluster can ever have."""
    limit = found.max_nodes(step.compute)
    if limit and step.instances > limit:
        found.problems.append(
            f"{where}resources.instance_count is {step.instances}, "
            f"but cluster '{step.compute.rpartition('/')[2]}' "
            f"has at most {limit} nodes; ask for fewer or raise its maxNodes"
        )
    if step.instances > 1 and step.distribution is None:
        found.problems.append(
            f"{where}resources.instance_count is {step.instances} without a distribution; "
            "add `distribution: {type: pytorch}` or `{type: mpi}`, or use one node"
        )


def check_names(found: References, step: Step, where: str) -> None:
    """Refuse names that Azure would: a port's becomes a folder of the run, a variable's is its process's."""
    for what, names in (("input", step.inputs), ("output", step.outputs)):
        found.problems += [
            f"{where}{what} '{name}': letters, digits and _ only, and no digit first"
            for name in names
            if not _PORT.fullmatch(name)
        ]
    try:
        fidelity(step.variables)
    except BadRecipe as error:
        found.problems.append(f"{where}{error}")
    found.problems += [
        f"{where}environment variable '{name}': no '=' in its name, and no NUL in name or value"
        for name, value in step.variables.items()
        if not name or "=" in name or "\0" in name + value
    ]


def refuse(what: str, name: str, problems: list[str]) -> None:
    """Raise if there is a reason to.

    Raises:
        InvalidRequest: there are problems; nothing of the job was kept.
    """
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        raise InvalidRequest("UserError", f"The {what} '{name}' was not accepted:\n{listed}")


def _inputs(properties: Mapping[str, Any]) -> dict[str, Any]:
    return wire.mapping(properties.get("inputs"), "inputs")


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
