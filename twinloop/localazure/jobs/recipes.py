"""What an environment is made of that a job names: looked up in the twin, read by the rules of `checks`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from checks.environments import curated
from checks.environments.build_contexts import BadContext
from checks.environments.images import UnknownImage
from checks.environments.recipe import BadRecipe, Recipe, of_build, of_conda, of_curated, of_image
from checks.environments.requirements import BadCondaFile
from twinloop.localazure.core.ids import ArmId
from twinloop.localazure.core.twin import Twin
from twinloop.localazure.jobs.asset_lookup import asset_properties
from twinloop.localazure.jobs.data import DataFailed, JobData

NOTE = "twinloop.environmentNote"  # property of a run: JSON list of sentences, where it is not the cloud's
_OF_A_FILE = "CliV2AnonymousEnvironment"  # the client's name for one that a file declares in place


def recipe(twin: Twin, reference: str) -> Recipe:
    """What an environment is made of.

    Args:
        twin: the twin.
        reference: ARM id of a version in a workspace or registry, or address of a curated one.

    Raises:
        BadRecipe: it cannot be had here, or is gone.
    """
    if found := curated.asked(reference):
        return of_curated(found)
    properties = asset_properties(twin, reference)
    if properties is None:
        raise BadRecipe(f"environment '{reference}' was deleted")
    arm_id = ArmId(reference)
    asset = arm_id.parent.name if arm_id.parent else ""
    name = "of the job's own file" if asset == _OF_A_FILE else f"{asset}:{arm_id.name}"
    try:
        return _declared(twin, arm_id, name, properties)
    except (BadCondaFile, BadContext, UnknownImage, DataFailed) as error:
        raise BadRecipe(f"environment {name}: {error}") from error


def _declared(twin: Twin, arm_id: ArmId, name: str, properties: Mapping[str, Any]) -> Recipe:
    """An environment of a workspace."""
    if str(properties.get("osType") or "Linux").lower() != "linux":
        raise UnknownImage(f"os_type {properties['osType']} is not emulated; only linux is")
    image = str(properties.get("image") or "")
    if build := properties.get("build"):
        workspace = "/".join(("", *arm_id.segments[:-4]))
        texts = JobData(twin, workspace).texts(str(build.get("contextUri") or ""))
        made = of_build(name, texts, str(build.get("dockerfilePath") or "Dockerfile"))
    elif conda := properties.get("condaFile"):
        made = of_conda(name, image, conda)
    else:
        made = of_image(name, image)
    if properties.get("inferenceConfig"):
        ignored = "inference_config is for endpoints; a job does not look at it."
        made = replace(made, notes=(*made.notes, ignored))
    return made
