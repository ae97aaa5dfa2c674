"""What differs between an object and what is wanted of it, and which of that replaces it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from checks.kubernetes.kinds import by_type
from twinloop.providers.kubernetes.shape import DEFAULT_NAMESPACE, same

# provider/pkg/provider/diff.go, metadataForceNewProperties
_ALWAYS_FIXED: Final = ("metadata.name", "metadata.namespace", "apiVersion", "kind")
_SAME_FAMILY: Final = ("apiVersion",)  # a new version of the same group is the same object
_INDEX = re.compile(r"\[[^]]*\]")


@dataclass(frozen=True)
class Change:
    """One property that differs; `path` as Pulumi writes it."""

    path: str
    kind: str  # add, delete, update
    replaces: bool


def changes(old: Mapping[str, Any], new: Mapping[str, Any], *, namespaced: bool) -> list[Change]:
    """Every difference between what stands and what is wanted.

    Args:
        old: the inputs now in the state; a refresh has brought what changed in the cluster into them.
        new: the new inputs.
        namespaced: whether objects of this kind live in a namespace; unnamed means `default`.
    """
    fixed = _fixed(new)
    return [
        Change(path, kind, _covered(path, fixed) and not _moves_on(path, old, new))
        for path, kind in _differences(_placed(old, namespaced), _placed(new, namespaced), "")
    ]


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            below = _below(path, key)
            if new.get(key) is None:
                if old.get(key) is not None:
                    yield below, "delete"
            elif old.get(key) is None:
                yield below, "add"
            else:
                yield from _differences(old[key], new[key], below)
        return
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for at, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{path}[{at}]")
        return
    if not same(old, new):
        yield path, "update"


def _below(path: str, key: str) -> str:
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _placed(obj: Mapping[str, Any], namespaced: bool) -> dict[str, Any]:  # noqa: FBT001
    meta = {key: one for key, one in (obj.get("metadata") or {}).items() if key != "namespace"}
    namespace = (obj.get("metadata") or {}).get("namespace") or DEFAULT_NAMESPACE
    return {**obj, "metadata": {**meta, "namespace": namespace} if namespaced else meta}


def _fixed(obj: Mapping[str, Any]) -> tuple[str, ...]:
    kind = by_type().get((str(obj.get("apiVersion")), str(obj.get("kind"))))
    own: Iterable[str] = kind.fixed if kind else ()
    return (*_ALWAYS_FIXED, *own)


def _covered(path: str, fixed: tuple[str, ...]) -> bool:
    bare = _INDEX.sub("", path)
    return any(bare == one or bare.startswith(one + ".") for one in fixed)


def _moves_on(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether only the version of the same group changes: the object stays the same one."""
    if path not in _SAME_FAMILY:
        return False
    return str(old.get(path)).rpartition("/")[0] == str(new.get(path)).rpartition("/")[0]
