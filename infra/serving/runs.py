"""Jobs of registered components, as schedules and the retrain handler submit them."""

from __future__ import annotations

from typing import Any

from infra.naming import Names
from infra.sections.endpoints import Component, Run

COMPONENT = "/components/{name}/versions/{version}"


def component_id(component: Component, names: Names, registry: str) -> str:
    """Id of a registered component: of the workspace by ARM, of the registry as its assets are named.

    Args:
        component: which one.
        names: of the environment.
        registry: name of the shared registry.
    """
    own = COMPONENT.format(name=component.name, version=component.version)
    if component.source == "workspace":
        return f"{names.workspace_id}{own}"
    return f"azureml://registries/{registry}{own}"


def pipeline_body(run: Run, names: Names, registry: str) -> dict[str, Any]:
    """A pipeline job of one step, in the words of the wire; the step is the component, whatever its kind."""
    cluster = f"{names.workspace_id}/computes/{run.cluster}"
    inputs = {name: {"job_input_type": "literal", "value": value} for name, value in run.inputs.items()}
    return {
        "jobType": "Pipeline",
        "displayName": run.component.name,
        "experimentName": run.experiment,
        "settings": {"default_compute": cluster},
        "jobs": {
            "run": {
                "type": run.component.kind,
                "name": "run",
                "componentId": component_id(run.component, names, registry),
                "computeId": cluster,
                "inputs": inputs,
            }
        },
    }
