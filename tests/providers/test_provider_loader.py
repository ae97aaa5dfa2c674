"""The program of every stack against the provider: each type has a row, each resource passes its check."""

from __future__ import annotations

from typing import Any

import pytest

from checks.catalogue.resource_types import resource_types
from tests.infra.conftest import STACKS, declared
from tests.providers.conftest import Engine
from twinloop.providers.values import UNKNOWN


@pytest.mark.parametrize("stack", STACKS)
def test_every_type_that_the_program_declares_has_a_row(stack: str) -> None:
    types = {each.typ for each in declared(stack).declared if each.typ.startswith("azure-native:")}
    assert types
    assert types - resource_types().keys() == set()


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_that_the_program_declares_passes_the_check(stack: str, offline: Engine) -> None:
    resources = [each for each in declared(stack).declared if each.typ.startswith("azure-native:")]
    made = {f"{each.name}-id" for each in resources}
    for each in resources:
        inputs = without_ids(each.inputs, made)
        offline.check(each.typ.removeprefix("azure-native:"), each.name, inputs)


def without_ids(value: Any, made: set[str]) -> Any:
    """What the recorder made up as an id is not known before an up."""
    if isinstance(value, dict):
        return {key: without_ids(item, made) for key, item in value.items()}
    if isinstance(value, list):
        return [without_ids(item, made) for item in value]
    return UNKNOWN if isinstance(value, str) and value in made else value
