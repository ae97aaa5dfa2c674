"""Sets of fields, as `managedFields` keep them: which manager has which.

A path is a tuple of steps: `("f", name)` a field or key, `("k", keys as JSON)` an item of a list told by
keys, `("v", value as JSON)` a member of a set. Source: sigs.k8s.io/structured-merge-diff, fieldpath.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.kubernetes.schemas import ANYTHING, Node, child, is_atomic_map, item, list_keys

Step = tuple[str, str]
Path = tuple[Step, ...]
MISSING: Any = object()

# Nobody manages what names the object or is the server's. Source: kube-apiserver, stripmeta.go
_SERVERS: frozenset[Path] = frozenset(
    tuple(("f", step) for step in path.split("."))
    for path in (
        "apiVersion", "kind", "metadata", "metadata.name", "metadata.namespace", "metadata.creationTimestamp",
        "metadata.selfLink", "metadata.uid", "metadata.clusterName", "metadata.generation",
        "metadata.managedFields", "metadata.resourceVersion",
    )
)  # fmt: skip


def fields_of(obj: Mapping[str, Any], schema: Node) -> frozenset[Path]:
    """The fields that an object sets."""
    found = frozenset(_of(obj, schema, ()))
    below = tuple(path for path in _SERVERS if path[-1] == ("f", "managedFields"))
    return frozenset(
        path for path in found if path not in _SERVERS and not any(path[: len(one)] == one for one in below)
    )


def _of(value: Any, node: Node, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping) and value and not (path and is_atomic_map(node)):
        for name, one in value.items():
            yield from _of(one, child(node, name) or ANYTHING, (*path, ("f", name)))
        return
    keys = list_keys(node) if isinstance(value, list) and value else None
    if keys is None:
        yield path
        return
    for one in value:
        step = step_of(one, keys)
        yield (*path, step)
        if keys:
            yield from _of(one, item(node), (*path, step))


def step_of(one: Any, keys: tuple[str, ...]) -> Step:
    """How an item of a list is told from the others."""
    if not keys:
        return ("v", json.dumps(one, sort_keys=True))
    return ("k", json.dumps({key: one[key] for key in keys if key in one}, sort_keys=True))


def value_at(obj: Any, path: Path) -> Any:
    """The value at a path, or MISSING."""
    for kind, name in path:
        if kind == "f":
            obj = obj.get(name, MISSING) if isinstance(obj, Mapping) else MISSING
        elif isinstance(obj, list):
            obj = next((one for one in obj if _is(one, kind, name)), MISSING)
        else:
            return MISSING
        if obj is MISSING:
            return MISSING
    return obj


def remove_at(obj: Any, path: Path) -> None:
    """Take away what is at a path, where there is something."""
    owner = value_at(obj, path[:-1])
    kind, name = path[-1]
    if kind == "f" and isinstance(owner, dict):
        owner.pop(name, None)
    elif isinstance(owner, list):
        owner[:] = [one for one in owner if not _is(one, kind, name)]


def _is(one: Any, kind: str, name: str) -> bool:
    wanted = json.loads(name)
    if kind == "v":
        return bool(one == wanted)
    return isinstance(one, Mapping) and all(one.get(key, MISSING) == value for key, value in wanted.items())


def to_v1(paths: Iterable[Path]) -> dict[str, Any]:
    """A set of fields in the form of `fieldsV1`."""
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        node = tree
        for kind, name in path:
            node = node.setdefault(f"{kind}:{name}", {})
        node["."] = {}
    return _without_lone_dots(tree)


def from_v1(tree: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """The fields of `fieldsV1`."""
    if path and (not tree or "." in tree):
        yield path
    for key, below in tree.items():
        kind, _, name = key.partition(":")
        if name or kind == "f":
            yield from from_v1(below, (*path, (kind, _told(kind, name))))


def words(path: Path) -> str:
    """A path as the API server's messages write it: `.spec.hard.pods`, `.spec.rules[name="a"]`."""
    text = ""
    for kind, name in path:
        if kind == "f":
            text += f".{name}"
        elif kind == "v":
            text += f"[={name}]"
        else:
            text += (
                "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(name).items()) + "]"
            )
    return text


def _told(kind: str, name: str) -> str:
    return name if kind == "f" else json.dumps(json.loads(name), sort_keys=True)


def _without_lone_dots(tree: dict[str, Any]) -> dict[str, Any]:
    return {
        key: {} if below == {".": {}} else _without_lone_dots(below) if below else below
        for key, below in tree.items()
    }
