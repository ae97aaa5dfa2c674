"""Every type of the table on the twin: made, read, changed, deleted; seen alike by another client."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import ManagedIdentityCredential

from checks.catalogue.resource_types import resource_types
from tests.localazure.conftest import TwinServer
from tests.localazure.scoring_assets import code_and_environment
from tests.providers.cases import SUBSCRIPTION, Case, Scene, merged
from tests.providers.cases_platform import CASES
from tests.providers.conftest import Engine, Resource
from twinloop.providers.values import UNKNOWN

SOME, NONE = 2, 1


@pytest.fixture(scope="module")
def scene(engine: Engine, group: str, twin_environment: TwinServer) -> Scene:
    """What the cases stand on; each is made once, when the first case asks for it."""
    by_token = {case.token: case for case in CASES}
    made: dict[str, Resource] = {}

    def make(token: str, **more: Any) -> Resource:
        key = f"{token} {more}"
        if key not in made:
            tag = f"{scene.tag}base{len(made) if more else ''}"
            made[key] = engine.create(token, tag, merged(by_token[token].inputs(scene, tag), more))
        return made[key]

    def script() -> dict[str, Any]:
        workspace = scene.id("machinelearningservices:Workspace")
        return code_and_environment(twin_environment, workspace, scene.name("storage:StorageAccount"))

    scene = Scene(group, uuid.uuid4().hex[:5], make, script)
    return scene


@pytest.fixture(scope="module")
def official(twin_environment: TwinServer) -> Callable[[Resource], dict[str, Any]]:
    """Microsoft's own generic client: a body, or ResourceNotFoundError."""
    from azure.mgmt.resource.resources import ResourceManagementClient

    base = twin_environment.base
    client = ResourceManagementClient(
        ManagedIdentityCredential(),
        twin_environment.subscription,
        base_url=base,
        credential_scopes=[f"{base}/.default"],
    )

    def get(resource: Resource) -> dict[str, Any]:
        token = resource.urn.split("::")[2]
        version = resource_types()[token].api_version
        return client.resources.get_by_id(resource.id.strip("/"), api_version=version).as_dict()

    return get


def test_every_type_of_the_table_has_a_case() -> None:
    assert {f"azure-native:{case.token}" for case in CASES} == set(resource_types())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.token)
def test_a_resource_lives_from_create_to_delete(
    case: Case, engine: Engine, scene: Scene, official: Callable[[Resource], dict[str, Any]]
) -> None:
    inputs = case.inputs(scene, scene.tag)

    planned = engine.preview(case.token, "one", inputs)
    made = engine.create(case.token, "one", inputs)
    assert made.id.lower() == planned.id.lower(), "the preview knew the id"

    assert planned.outputs["name"] in {made.outputs["name"], UNKNOWN}
    assert made.outputs["type"] == planned.outputs["type"]

    seen = official(made)
    assert seen["id"].lower() == made.id.lower(), "another client sees it under the same id"

    refreshed = engine.read(made)
    assert refreshed is not None
    assert refreshed.inputs == made.inputs, "a refresh after up finds no drift"
    assert refreshed.outputs == made.outputs, "nor other outputs"
    assert engine.diff(refreshed, inputs).changes == NONE, "a second up changes nothing"

    changed = merged(inputs, case.change(scene) if callable(case.change) else case.change)
    difference = engine.diff(made, changed)
    assert difference.changes == SOME
    assert list(difference.replaces) == [], f"changed in place: {difference}"
    updated = engine.update(made, changed)
    again = engine.read(updated)
    assert again is not None
    assert again.inputs == updated.inputs, "a refresh after the change finds no drift"
    assert engine.diff(again, changed).changes == NONE

    if case.replace is not None:
        replacing = engine.diff(updated, merged(changed, case.replace))
        assert case.replaced_key in replacing.replaces
    imported = engine.read_id(made.urn, made.id)
    assert imported is not None
    for name in inputs:
        assert name in imported.inputs, f"an import gives {name}"

    engine.delete(updated)
    if case.gone:
        assert engine.read(updated) is None, "gone for the provider"
        with pytest.raises(ResourceNotFoundError):
            official(made)
    engine.delete(updated)  # a second delete is as good


def test_the_subscription_of_the_cases_is_the_twins(twin_environment: TwinServer) -> None:
    assert twin_environment.subscription == SUBSCRIPTION
