"""Inputs, before anything is sent: a name where none is given, a namespace, and what is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from checks.kubernetes.kinds import kind_of
from checks.kubernetes.manifests import manifest_problems
from twinloop.providers.kubernetes.shape import AUTONAMED, annotation, manifest
from twinloop.providers.values import UNKNOWN, holds_unknown

_SUFFIX = 8  # hexadecimal digits, as the official provider's names have


@dataclass
class Checked:
    """What a check found."""

    inputs: dict[str, Any]
    failures: list[tuple[str, str]] = field(default_factory=list)  # property path, reason


def check(
    given: Mapping[str, Any],
    *,
    old: Mapping[str, Any],
    type_: tuple[str, str],
    logical: str,
    seed: bytes,
    proposed: str,
    namespace: str,
) -> Checked:
    """Fill in what may be left out and refuse what an API server would refuse.

    Args:
        given: the program's inputs.
        old: the inputs now in the state, if any.
        type_: (apiVersion, kind) of the token.
        logical: the resource's name in the program.
        seed: the engine's random seed of this resource.
        proposed: the name that the engine's own naming settings propose, or nothing.
        namespace: the provider's, for kinds that live in one.
    """
    inputs = deepcopy(dict(given))
    inputs["apiVersion"], inputs["kind"] = type_
    result = Checked(inputs)
    meta = inputs.get("metadata") or {}
    if meta is UNKNOWN:
        return result
    inputs["metadata"] = meta = dict(meta)
    if meta.get("generateName") and meta.get("name") is None:
        reason = (
            "is not supported with server-side apply; leave it out, and a name is made from the resource's"
        )
        result.failures.append(("metadata.generateName", reason))
        return result
    if meta.get("name") is None:
        kept = (old.get("metadata") or {}).get("name") if annotation(old, AUTONAMED) == "true" else None
        meta["name"] = kept or proposed or _name(logical, seed)
        meta["annotations"] = {**(meta.get("annotations") or {}), AUTONAMED: "true"}
    kind = kind_of(inputs)
    if namespace and meta.get("namespace") is None and (kind is None or kind.namespaced):
        meta["namespace"] = namespace
    if not holds_unknown(inputs):
        result.failures.extend(
            (one.path.lstrip("."), one.words) for one in manifest_problems(manifest(inputs))
        )
    return result


def _name(logical: str, seed: bytes) -> str:
    return f"{logical}-{hashlib.sha256(seed).hexdigest()[:_SUFFIX]}"
