"""Patches other than apply: JSON merge patch, JSON patch, and Kubernetes' strategic merge patch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from checks.kubernetes.schemas import ANYTHING, Node, child, item, list_keys
from twinloop.localazure.kubernetes.fields import step_of
from twinloop.localazure.kubernetes.status import StatusError, bad_request, not_emulated

APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
JSON: Final = "application/json-patch+json"
TYPES: Final = (JSON, MERGE, STRATEGIC, APPLY)
_ORDER = "$setElementOrder/"


def patched(live: dict[str, Any], patch: Any, content_type: str, schema: Node) -> dict[str, Any]:
    """The object with a patch on it.

    Raises:
        StatusError: 415, a type of patch that is not known; 400, one that does not fit.
    """
    if content_type == JSON:
        return _json_patch(live, patch)
    if content_type not in {MERGE, STRATEGIC}:
        raise StatusError(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
            + ", ".join(TYPES),
        )
    if not isinstance(patch, Mapping):
        raise bad_request("a merge patch must be an object")
    merged: dict[str, Any] = _merge(live, patch) if content_type == MERGE else _strategic(live, patch, schema)
    return merged


def decoded(body: bytes, content_type: str) -> Any:
    """A patch's body: JSON, or YAML where that is what applying sends.

    Raises:
        StatusError: 400, it is neither.
    """
    if content_type == APPLY:
        import yaml

        try:
            return yaml.safe_load(body)
        except yaml.YAMLError as error:
            raise bad_request(f"error decoding YAML: {error}") from error
    try:
        return json.loads(body)
    except ValueError as error:
        raise bad_request(f"error decoding JSON: {error}") from error


def _merge(live: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, Mapping):
        return deepcopy(patch)
    merged = dict(live) if isinstance(live, Mapping) else {}
    for name, one in patch.items():
        if one is None:
            merged.pop(name, None)
        else:
            merged[name] = _merge(merged.get(name), one)
    return merged


def _strategic(live: Any, patch: Any, node: Node) -> Any:
    if isinstance(patch, Mapping):
        if patch.get("$patch") == "replace":
            return {name: deepcopy(one) for name, one in patch.items() if name != "$patch"}
        merged = dict(live) if isinstance(live, Mapping) else {}
        for name, one in patch.items():
            if name.startswith(_ORDER):
                continue
            if name.startswith("$"):
                raise not_emulated(f"the directive {name} of a strategic merge patch")
            if one is None:
                merged.pop(name, None)
            else:
                merged[name] = _strategic(merged.get(name), one, child(node, name) or ANYTHING)
        return merged
    keys = list_keys(node) if isinstance(patch, list) else None
    if keys is None or not isinstance(live, list):
        return deepcopy(patch)
    items = list(live)
    for one in patch:
        items = _with_item(items, one, node, keys)
    return items


def _with_item(items: list[Any], one: Any, node: Node, keys: tuple[str, ...]) -> list[Any]:
    step = step_of(one, keys)
    at = next((index for index, other in enumerate(items) if step_of(other, keys) == step), None)
    if keys and isinstance(one, Mapping) and one.get("$patch") == "delete":
        return [other for index, other in enumerate(items) if index != at]
    if at is None:
        return [*items, deepcopy(one)]
    return [_strategic(other, one, item(node)) if index == at else other for index, other in enumerate(items)]


def _json_patch(live: dict[str, Any], patch: Any) -> dict[str, Any]:
    """RFC 6902."""
    if not isinstance(patch, list):
        raise bad_request("a JSON patch must be a list of operations")
    whole = {"": deepcopy(live)}
    for step in patch:
        try:
            _step(whole, step)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise StatusError(
                422,
                "Invalid",
                f"the server rejected our request due to an error in our request: {step}: {error}",
            ) from error
    return whole[""]


def _step(whole: dict[str, Any], step: Mapping[str, Any]) -> None:
    op, path = step["op"], _pointer(step["path"])
    if op in {"move", "copy"}:
        owner, name = _owner(whole, _pointer(step["from"]))
        value = deepcopy(owner[_at(owner, name)])
        if op == "move":
            del owner[_at(owner, name)]
        _add(whole, path, value)
    elif op == "add":
        _add(whole, path, deepcopy(step["value"]))
    elif op in {"remove", "replace", "test"}:
        owner, name = _owner(whole, path)
        found = owner[_at(owner, name)]
        if op == "remove":
            del owner[_at(owner, name)]
        elif op == "replace":
            owner[_at(owner, name)] = deepcopy(step["value"])
        elif found != step["value"]:
            raise ValueError(f"test failed: it is {found!r}")
    else:
        raise ValueError(f"no such operation: {op}")


def _add(whole: dict[str, Any], path: list[str], value: Any) -> None:
    owner, name = _owner(whole, path)
    if isinstance(owner, list):
        owner.insert(len(owner) if name == "-" else int(name), value)
    else:
        owner[name] = value


def _owner(whole: dict[str, Any], path: list[str]) -> tuple[Any, str]:
    owner: Any = whole
    for step in path[:-1]:
        owner = owner[_at(owner, step)]
    return owner, path[-1]


def _at(owner: Any, name: str) -> Any:
    return int(name) if isinstance(owner, list) else name


def _pointer(text: str) -> list[str]:
    return ["", *(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])]
