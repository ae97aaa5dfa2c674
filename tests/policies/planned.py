"""The shipped stacks as the rules see them, and ways to spoil one of their resources."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import yaml

from checks.plan import Resource
from tests.infra.conftest import ROOT, declared

Change = Callable[[dict[str, Any]], None]


@functools.cache
def config(stack: str) -> dict[str, str]:
    """The settings of a shipped stack as an engine hands them to a pack."""
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {
        key: value if isinstance(value, str) else json.dumps(value, default=str)
        for key, value in document.items()
    }


@functools.cache
def planned(stack: str) -> tuple[Resource, ...]:
    """What a shipped stack declares."""
    engine = declared(stack)
    urns = {request.name: urn(stack, key) for key, request in engine.requests.items()}
    return tuple(
        Resource(
            stack=stack,
            urn=urn(stack, key),
            type=one.typ,
            name=one.name,
            inputs=one.inputs,
            protect=engine.requests[key].protect,
            depends_on=tuple(
                urns.get(each.split("::")[-1], each) for each in engine.requests[key].dependencies
            ),
        )
        for one in engine.declared
        if (key := f"{one.typ}::{one.name}") in engine.requests
    )


def urn(stack: str, key: str) -> str:
    return f"urn:pulumi:{stack}::twinloop::{key}"


def spoiled(stack: str, token: str, change: Change, *, protect: bool = True) -> tuple[Resource, ...]:
    """A stack with the first resource of a type changed."""
    found = next(one for one in planned(stack) if one.type == token)
    inputs = copy.deepcopy(dict(found.inputs))
    change(inputs)
    other = replace(found, inputs=inputs, protect=protect and found.protect)
    return tuple(other if one is found else one for one in planned(stack))


def without(stack: str, *tokens: str) -> tuple[Resource, ...]:
    """A stack without the resources of some types."""
    return tuple(one for one in planned(stack) if one.type not in tokens)


def with_more(stack: str, token: str, name: str, inputs: dict[str, Any]) -> tuple[Resource, ...]:
    """A stack with one resource more."""
    more = Resource(stack=stack, urn=urn(stack, f"{token}::{name}"), type=token, name=name, inputs=inputs)
    return (*planned(stack), more)


def put(path: str, value: Any) -> Change:
    """Sets a value at a dotted path."""

    def change(inputs: dict[str, Any]) -> None:
        *above, last = path.split(".")
        for step in above:
            inputs = inputs.setdefault(step, {})
        inputs[last] = value

    return change
